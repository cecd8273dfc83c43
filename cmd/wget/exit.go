package wget

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"wget/internal/fetch"
	"wget/internal/report"
)

// The exit codes, which are GNU wget's.
const (
	exitOK       = 0
	exitOther    = 1
	exitUsage    = 2
	exitFile     = 3 // a failed write to stdout too
	exitNetwork  = 4
	exitTLS      = 5 // a certificate that cannot be trusted
	exitAuth     = 6 // 401 or 407, under --fail
	exitProtocol = 7
	exitStatus   = 8 // a status of 400 or more, under --fail
)

// Interrupted is why a run ended early: the cause of its context.
type Interrupted struct{ Signal syscall.Signal }

func (i Interrupted) Error() string { return i.Signal.String() }

// usageError is a command line that cannot be obeyed.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// fileError is a file that cannot be read or written.
type fileError struct {
	err     error
	records verdict // on the records that there are all the same
}

func (e fileError) Error() string { return e.err.Error() }
func (e fileError) Unwrap() error { return e.err }

// verdict is the exit code that the records call for. They have been shown, so
// there is nothing left to say.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// exitCode turns the end of a command into its code, and says why if nobody
// has yet.
func exitCode(err error, stderr io.Writer) int {
	var (
		interrupted Interrupted
		misused     usageError
		file        fileError
		records     verdict
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &interrupted):
		return 128 + int(interrupted.Signal)
	case errors.As(err, &records):
		return int(records)
	}
	fmt.Fprintf(stderr, "wget: %s\n", report.Escape(err.Error()))
	switch {
	case errors.As(err, &misused):
		return exitUsage
	case errors.As(err, &file):
		if exitOK < file.records && file.records < exitFile {
			return int(file.records)
		}
		return exitFile
	}
	return exitOther
}

// judge gives the verdict on the records: the lowest code from 2 to 8 that one
// of them calls for.
func judge(s *report.Summary, c *Config) verdict {
	if c.ExitZero {
		return exitOK
	}
	lowest := verdict(exitOK)
	add := func(code verdict) {
		if lowest == exitOK || code < lowest {
			lowest = code
		}
	}
	for kind := range s.Kinds {
		add(kindCode(kind))
	}
	for status, n := range s.Statuses {
		switch {
		case n == 0 || status < 400 || !c.Fail:
		case status == 401, status == 407:
			add(exitAuth)
		default:
			add(exitStatus)
		}
	}
	return lowest
}

func kindCode(k fetch.Kind) verdict {
	switch k {
	case fetch.KindBadTarget:
		return exitUsage
	case fetch.KindCertificate:
		return exitTLS
	case fetch.KindMalformed, fetch.KindTooLarge, fetch.KindLimit:
		return exitProtocol
	}
	return exitNetwork
}
