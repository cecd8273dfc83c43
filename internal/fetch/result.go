package fetch

import (
	"net/netip"
	"time"
)

// Result is the record of one target, reached or not.
type Result struct {
	Target Target    // as it was typed
	Begun  time.Time // when the first try began
	Reply            // to the last request; its Target is as it was asked
	Tries  int       // attempts made; Reply is of the last
	Err    *Error
}

// Reply is what came of one request. It holds as much as was learnt before the
// request failed.
type Reply struct {
	Target  Target         // as it was asked
	Addr    netip.AddrPort // the address that was connected to, if one was; the proxy's if there is one
	Proxy   string         // URL of the proxy that was asked, without credentials; "" if none was
	Session *Session       // the TLS session, if there is one
	Interim []Head         // the 1xx sections before the final one (RFC 9110 section 15.2)
	Head    Head           // the final section; a part of it if the section was cut short
	Raw     []byte         // all sections as they came
	Times   Times
}

// Anomalies is what was odd in any of the sections.
func (r *Reply) Anomalies() Anomalies {
	a := r.Head.Anomalies()
	for i := range r.Interim {
		a |= r.Interim[i].Anomalies()
	}
	return a
}

// Times are the moments at which a step was over, from the start of the host.
// Zero means that it was not reached or not needed.
type Times struct {
	DNS       time.Duration // addresses found, or not
	Connect   time.Duration // TCP connection open
	TLS       time.Duration // handshake done
	FirstByte time.Duration // first byte of the reply
	Total     time.Duration
}

// Session describes a TLS session.
type Session struct {
	Version    string // "TLS 1.3"
	Cipher     string
	ALPN       string // "" if none was agreed on
	ServerName string // as sent; "" for an address
	Subject    string // of the server's own certificate
	Issuer     string
	NotAfter   time.Time
}
