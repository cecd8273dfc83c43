package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"syscall"

	"wget/internal/fetch/dns"
)

// Stage is the step at which a host failed.
type Stage string

// The stages, in the order in which a host passes them.
const (
	StageTarget  Stage = "target"  // the input could not be read as a target
	StageDNS     Stage = "dns"     // finding the addresses of a name
	StageProxy   Stage = "proxy"   // reaching the proxy, and having it connect
	StageConnect Stage = "connect" // opening the TCP connection
	StageTLS     Stage = "tls"     // the handshake and the certificate
	StageWrite   Stage = "write"   // sending the request
	StageRead    Stage = "read"    // waiting for the first byte of the reply
	StageHead    Stage = "head"    // inside the header section

	StageRedirect Stage = "redirect" // going where an answer leads
)

// Kind is the reason why a host failed.
type Kind string

// The kinds. Scripts rely on these words.
const (
	KindBadTarget   Kind = "bad_target"
	KindNotFound    Kind = "not_found"   // the name, or an address of the family asked for, does not exist
	KindDNSFailure  Kind = "dns_failure" // the resolver failed or could not be asked
	KindTimeout     Kind = "timeout"
	KindRefused     Kind = "refused"
	KindUnreachable Kind = "unreachable"
	KindReset       Kind = "reset"
	KindClosed      Kind = "closed" // the server ended the stream too early
	KindCertificate Kind = "certificate"
	KindHandshake   Kind = "handshake" // TLS alone is to blame, in the handshake or after it
	KindMalformed   Kind = "malformed" // not an HTTP reply, or a Location that is no address
	KindTooLarge    Kind = "too_large" // a header section over Options.MaxHeader
	KindCanceled    Kind = "canceled"
	KindLimit       Kind = "limit"    // a bound of this program or of this system
	KindTooMany     Kind = "too_many" // redirects, or a loop of them
	KindBlocked     Kind = "blocked"  // a redirect from a public address to one that is not

	KindProxyAuth    Kind = "proxy_auth"    // the proxy wants credentials (407)
	KindProxyRefused Kind = "proxy_refused" // another status for CONNECT, or a SOCKS refusal
)

// Error says where and why a host failed. Its text can hold bytes as a server
// sent them, which must be escaped before a terminal sees them.
type Error struct {
	Stage Stage
	Kind  Kind
	Err   error  // the cause; its text does not repeat Stage and Kind
	Hint  string // what the user could do about it, or ""
}

// Error returns "STAGE: CAUSE".
func (e *Error) Error() string { return string(e.Stage) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// isTransient reports whether another try could fare better than one that ended
// with e. retryRefused is whether a refused connection is such an end; nil is none.
func (e *Error) isTransient(retryRefused bool) bool {
	if e == nil {
		return false
	}
	switch e.Kind {
	case KindTimeout, KindClosed, KindDNSFailure:
		return true
	case KindReset:
		var reset *resetError
		return !errors.As(e, &reset) || reset.unprocessed
	case KindLimit:
		return isShortage(e) // and no bound of ours
	case KindRefused:
		return retryRefused
	}
	return false
}

// newError wraps err for the stage that met it. An *Error passes unchanged: the
// line that made it knew more.
func newError(stage Stage, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{Stage: stage, Kind: kindOf(stage, err), Err: rootCause(err)}
}

// kindOf works out the reason from the error's identity, never from its text.
func kindOf(stage Stage, err error) Kind {
	var (
		cert   *tls.CertificateVerificationError
		lookup *dns.Error
		errno  syscall.Errno
	)
	switch {
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case isShortage(err):
		return KindLimit
	case errors.As(err, &lookup) && lookup.NotFound:
		return KindNotFound
	case errors.As(err, &lookup) && !lookup.Timeout():
		return KindDNSFailure
	case isErrno(err, refusals()):
		return KindRefused
	case isErrno(err, resets()):
		return KindReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return KindClosed
	case errors.As(err, &cert):
		return KindCertificate
	case isTimeout(err):
		return KindTimeout
	case stage == StageTarget:
		return KindBadTarget
	case stage == StageTLS && !errors.As(err, &errno): // the system's errors are the network's
		return KindHandshake
	case stage == StageConnect:
		return KindUnreachable
	}
	return KindReset
}

// isShortage reports whether the system lacks what another host, or another
// program, could be holding. The host that meets this is not to blame for it.
func isShortage(err error) bool {
	switch {
	case err == nil:
		return false
	case isErrno(err, shortages()):
		return true
	case !errors.Is(err, syscall.EADDRNOTAVAIL):
		return false
	}
	var lookup *dns.Error // which has no address to ask the server from
	return !errors.As(err, &lookup)
}

// isErrno reports whether err is one of some errors of the system.
func isErrno(err error, list []syscall.Errno) bool {
	return slices.ContainsFunc(list, func(errno syscall.Errno) bool { return errors.Is(err, errno) })
}

// rootCause reduces an error to what the stage and the target do not already say:
// net's "dial tcp 192.0.2.1:80: connect: connection refused" to its last part.
func rootCause(err error) error {
	var (
		errno  syscall.Errno
		lookup *dns.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return interrupted{}
	case errors.As(err, &lookup):
		return lookup
	case errors.As(err, &errno):
		return errno
	}
	return err
}

// reworded reads as its words and is its cause.
type reworded struct{ words, cause error }

func (e *reworded) Error() string { return e.words.Error() }
func (e *reworded) Unwrap() error { return e.cause }

// interrupted is the word for people for a canceled context.
type interrupted struct{}

func (interrupted) Error() string { return "interrupted" }
func (interrupted) Unwrap() error { return context.Canceled }

// describeEOF puts words in place of the end of the stream, which says nothing to
// a person.
func describeEOF(err, words error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &reworded{words, err}
	}
	return err
}

// describeHandshakeEOF is for the end of the stream in a handshake.
func describeHandshakeEOF(err error) error {
	return describeEOF(err, errors.New("closed during the handshake"))
}
