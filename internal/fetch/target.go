package fetch

import (
	"net/netip"
	"strconv"
)

// Target is one request to make.
type Target struct {
	Index int    // position in the input, from 0
	Text  string // as typed, without credentials
	TLS   bool   // https
	Port  uint16
	Host  string     // name (in ASCII form) or address, without brackets
	Addr  netip.Addr // valid if Host is an address
	Path  string     // request target: path and query
	Auth  string     // value of Authorization, or "" (RFC 7617)
	Err   *Error     // why the text is no target; the rest but Index and Text is empty then

	Fragment string // with its #, of the URL that a redirect led to; "" if there is none
}

// URL is the address of the resource to be shown, without credentials: any part
// behind the host that could be a password is masked. It is "" for text that is no
// target.
func (t *Target) URL() string { return string(t.AppendURL(nil)) }

// AppendURL appends what URL returns.
func (t *Target) AppendURL(b []byte) []byte {
	if t.Err != nil {
		return b
	}
	if t.TLS {
		b = append(b, "https://"...)
	} else {
		b = append(b, "http://"...)
	}
	return append(t.appendAuthority(b), MaskUsers(t.Path+t.Fragment)...)
}

// Authority is the value of the Host field: the host, and the port unless it
// is the scheme's own (RFC 9110 section 7.2).
func (t *Target) Authority() string { return string(t.appendAuthority(nil)) }

func (t *Target) appendAuthority(b []byte) []byte {
	if t.Addr.Is6() {
		b = append(t.Addr.WithZone("").AppendTo(append(b, '[')), ']')
	} else {
		b = append(b, t.Host...)
	}
	if t.Port == defaultPort(t.TLS) {
		return b
	}
	return strconv.AppendUint(append(b, ':'), uint64(t.Port), 10)
}

func defaultPort(tls bool) uint16 {
	if tls {
		return 443
	}
	return 80
}
