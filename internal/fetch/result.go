package fetch

import (
	"iter"
	"net/netip"
	"time"
)

// Result is the record of one target, reached or not.
type Result struct {
	Target Target    // as it was typed
	Begun  time.Time // when the first try began
	Hops   []Reply   // the answers that redirected, in order
	Reply            // to the last request; its Target is as it was asked
	Edge   *Edge     // the address that was asked, if each is; else nil
	Tries  int       // attempts made at the last request; Reply is of the last
	Err    *Error

	Partial bool // the head has some of the fields that came, as a record of chosen fields has
}

// Reply is what came of one request. It holds as much as was learnt before the
// request failed.
type Reply struct {
	Target  Target         // as it was asked
	Addr    netip.AddrPort // the address that was connected to, if one was; the proxy's if there is one
	Proxy   string         // URL of the proxy that was asked, without credentials; "" if none was
	Session *Session       // the TLS session, if the server has shown a certificate
	Interim []Head         // the 1xx sections before the final one (RFC 9110 section 15.2)
	Head    Head           // the final section; a part of it if the section was cut short
	Raw     []byte         // all sections as they came
	Size    int            // of all sections, in bytes; also where Raw is not known
	Times   Times

	Trace *Trace // how it was asked; nil unless Options.Trace

	// Withheld names the credentials that were sent before and are not sent from
	// this request on, since a redirect led to another origin: fields of the
	// request, as the user wrote them, and what is said in TLS handshakes.
	Withheld []string

	peer netip.Addr // that the proxy was to connect to; invalid if the proxy looked the name up
}

// Anomalies is what was odd in any of the sections.
func (r *Reply) Anomalies() Anomalies {
	a := r.Head.Anomalies()
	for i := range r.Interim {
		a |= r.Interim[i].Anomalies()
	}
	return a
}

// Replies yields the answers that redirected and the last reply, in order.
func (r *Result) Replies() iter.Seq[*Reply] {
	return func(yield func(*Reply) bool) {
		for i := range r.Hops {
			if !yield(&r.Hops[i]) {
				return
			}
		}
		yield(&r.Reply)
	}
}

// LedTo is the reply to the request that Hops[i] led to, and to the first for -1.
func (r *Result) LedTo(i int) *Reply {
	if i+1 < len(r.Hops) {
		return &r.Hops[i+1]
	}
	return &r.Reply
}

// Anomalies is what was odd in any of the sections, and in where they led.
func (r *Result) Anomalies() Anomalies {
	a := r.Reply.Anomalies()
	for i := range r.Hops {
		a |= r.Hops[i].Anomalies()
		if r.Hops[i].Target.TLS && !r.LedTo(i).Target.TLS {
			a |= Downgrade
		}
	}
	return a
}

// Times are the moments at which a step was over, from the start of the hop and
// without the waits in queues. Zero means that it was not reached or not needed.
type Times struct {
	DNS       time.Duration // addresses found, or not
	Connect   time.Duration // TCP connection open
	TLS       time.Duration // handshake done
	FirstByte time.Duration // first byte of the reply
	Total     time.Duration
}
