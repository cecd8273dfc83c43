package wget

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"wget/internal/fetch"
	"wget/internal/report"
)

// The exit codes are GNU wget's.
const (
	exitOK       = 0
	exitOther    = 1
	exitUsage    = 2
	exitFile     = 3
	exitNetwork  = 4
	exitTLS      = 5
	exitAuth     = 6
	exitProtocol = 7
	exitStatus   = 8
	exitCheck    = 9
	exitAgain    = 75  // EX_TEMPFAIL of sysexits.h
	exitSignal   = 128 // plus the number of the signal
)

// exitMeaning says when the command ends with one of the codes.
type exitMeaning struct {
	codes   []int
	meaning string
}

// list is the codes as text: "130, 143".
func (e exitMeaning) list() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(e.codes), " ", ", "), "[]")
}

// exitCodes lists every exit code.
func exitCodes() []exitMeaning {
	return []exitMeaning{
		{[]int{exitOK}, "every target answered"},
		{[]int{exitOther}, "something else"},
		{[]int{exitUsage}, "usage: a wrong flag or target; also a wrong line in an input file"},
		{[]int{exitFile}, "a file could not be read or written, stdout included"},
		{[]int{exitNetwork}, "network"},
		{[]int{exitTLS}, "a certificate cannot be trusted"},
		{[]int{exitAuth}, "a status of 401 or 407, with --fail; a proxy that wants credentials"},
		{[]int{exitProtocol}, "a reply that is not HTTP/1, or past a limit; a redirect that leads nowhere"},
		{[]int{exitStatus}, "a status of 400 or more, with --fail"},
		{[]int{exitCheck}, "a check did not hold (--expect, --fail-if), or something changed (--baseline)"},
		{[]int{exitAgain}, "told to stop, with --out: the same command goes on"},
		{[]int{exitSignal + int(syscall.SIGINT), exitSignal + int(syscall.SIGTERM)}, "SIGINT, SIGTERM"},
	}
}

// Interrupted is the cause of a context that a signal has canceled.
type Interrupted struct{ Signal syscall.Signal }

func (i Interrupted) Error() string { return i.Signal.String() }

// outcome is everything that a command can end with. The zero value is success.
type outcome struct {
	signal  syscall.Signal // the signal that ended the run; 0 for none
	again   bool           // after a signal the same command is to be tried again
	err     error          // why the command could not do all that was asked, not yet said
	records int            // the exit code that the records call for; they have been shown
}

// code is the exit code. A signal goes before everything else, and an error
// whose code is not among the ordered ones goes before the records.
func (o outcome) code() int {
	var coded codedError
	switch {
	case o.signal != 0 && o.again:
		return exitAgain
	case o.signal != 0:
		return exitSignal + int(o.signal)
	case errors.As(o.err, &coded):
		return lower(coded.code, o.records)
	case o.err != nil:
		return exitOther
	}
	return o.records
}

// message is the error as it is shown. The name of a file that cannot be opened may be a
// target that stands in the wrong place, and is shown without credentials.
func (o outcome) message() string {
	message := o.err.Error()
	file := new(fs.PathError)
	if !errors.As(o.err, &file) {
		return message
	}
	user, _, _ := strings.Cut(file.Path, "@")
	if strings.Contains(user, "://") || strings.Contains(user, ":") && !strings.ContainsAny(user, `/\`) {
		message = strings.ReplaceAll(message, file.Path, fetch.WithoutUser(file.Path))
	}
	return message
}

// lower is the lower of two exit codes, of which exitOK does not count.
func lower(a, b int) int {
	if a == exitOK || b != exitOK && b < a {
		return b
	}
	return a
}

// codedError is an error that calls for an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e codedError) Error() string { return e.err.Error() }
func (e codedError) Unwrap() error { return e.err }

// usage is the error of a command line that cannot be obeyed.
func usage(format string, args ...any) error {
	return codedError{exitUsage, fmt.Errorf(format, args...)}
}

// fileError is the error of a file that cannot be read or written.
func fileError(err error) error { return codedError{exitFile, err} }

// recordsCode is the lowest exit code from 2 to 9 that a record calls for. With
// fail, a status of 400 or more calls for one.
func recordsCode(s *report.Summary, fail bool) int {
	code := exitOK
	for kind := range s.Kinds {
		code = lower(code, kindCode(kind))
	}
	for status, n := range s.Statuses {
		if n > 0 && fail {
			code = lower(code, statusCode(status))
		}
	}
	if s.Checks.Failed > 0 {
		code = lower(code, exitCheck)
	}
	return code
}

// changesCode is the exit code beside a baseline: the records count only by what
// is not as it was, and a line of an input that is no target.
func changesCode(s *report.Summary) (code int) {
	if s.Kinds[fetch.KindBadTarget] > 0 {
		code = exitUsage
	}
	if s.Changes > 0 || s.Checks.Failed > 0 {
		code = lower(code, exitCheck)
	}
	return code
}

// judge is the exit code that the records call for.
func (c *config) judge(s *report.Summary) int {
	switch {
	case c.exitZero:
		return exitOK
	case c.report.Baseline != nil:
		return changesCode(s)
	}
	return recordsCode(s, c.fail)
}

func kindCode(k fetch.Kind) int {
	switch k {
	case fetch.KindBadTarget:
		return exitUsage
	case fetch.KindCertificate:
		return exitTLS
	case fetch.KindProxyAuth:
		return exitAuth
	case fetch.KindMalformed, fetch.KindTooLarge, fetch.KindLimit, fetch.KindTooMany, fetch.KindBlocked:
		return exitProtocol
	}
	return exitNetwork
}

func statusCode(status int) int {
	switch {
	case status < 400:
		return exitOK
	case status == 401, status == 407:
		return exitAuth
	}
	return exitStatus
}

// signalOf is the signal that canceled ctx, or 0.
func signalOf(ctx context.Context) syscall.Signal {
	var i Interrupted
	errors.As(context.Cause(ctx), &i)
	return i.Signal
}
