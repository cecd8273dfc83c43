package fetch

import (
	"net/netip"
	"time"
)

// Trace tells of a request what its reply does not.
type Trace struct {
	Tried   []Attempt // at connecting, in the order in which they were over
	Request []byte    // the request's lines in HTTP/1's form, fields with credentials among them; the path is masked as in URL
}

// Attempt is one attempt to connect.
type Attempt struct {
	To    string        // address and port, or the path of a Unix socket
	After time.Duration // from the start of the hop, as Times are
	Err   error         // nil for the connection that was used
}

// noteAttempt keeps an attempt at connecting, if that is asked for.
func (t *trip) noteAttempt(addr netip.AddrPort, err error) {
	if trace := t.reply.Trace; trace != nil {
		if err != nil {
			err = rootCause(t.step.reword(err))
		}
		to := t.v.f.options.UnixSocket
		if to == "" {
			to = addr.String()
		}
		trace.Tried = append(trace.Tried, Attempt{to, t.v.elapsed(), err})
	}
}

// noteRequest keeps the request, if that is asked for.
func (t *trip) noteRequest() {
	if trace := t.reply.Trace; trace != nil {
		shown := *t.target
		shown.Path = MaskUsers(shown.Path)
		trace.Request = t.v.request.appendTo(nil, t.protocol.version, &shown, t.forwarder())
	}
}
