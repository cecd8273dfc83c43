package dns

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"syscall"
)

// Error says why a name has no address. [errors.Is] with [os.ErrDeadlineExceeded] tells a deadline that passed.
type Error struct {
	NotFound bool             // every family was answered for, and there is no address: asking again is no use
	Reason   string           // "no such host", "SERVFAIL", "timed out after 5s"
	Asked    []netip.AddrPort // the server that gave the reason, or those that were silent
	Err      error            // the deadline or the system's error behind Reason, or nil
}

// Error returns the reason and the servers: "SERVFAIL (asked 127.0.0.1:53)".
func (e *Error) Error() string {
	if len(e.Asked) == 0 {
		return e.Reason
	}
	asked := make([]string, len(e.Asked))
	for i, server := range e.Asked {
		asked[i] = server.String()
	}
	return e.Reason + " (asked " + strings.Join(asked, ", ") + ")"
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed.
func (e *Error) Timeout() bool { return errors.Is(e.Err, os.ErrDeadlineExceeded) }

// isShortage reports whether the system lacks what others are about to give back.
func isShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM) ||
		errors.Is(err, syscall.EAGAIN) // no port is left
}

// systemError is an error of package net without its own words for what was attempted.
func systemError(err error) *Error {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return &Error{Reason: errno.Error(), Err: errno}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Reason: "connection closed", Err: io.ErrUnexpectedEOF}
	}
	return &Error{Reason: err.Error(), Err: err}
}

// overTCP has the reason say that the server was asked by TCP, which may be shut where UDP is not.
func (e *Error) overTCP() *Error {
	e.Reason += " over TCP"
	return e
}

// noAddress is the reason for a name that exists.
func noAddress(family int) string {
	switch family {
	case 4:
		return "no IPv4 address"
	case 6:
		return "no IPv6 address"
	}
	return "no address"
}
