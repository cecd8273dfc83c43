package fetch

import "slices"

// protocol is a way to ask for a header section over an open connection.
type protocol struct {
	version  string // as on the request line
	alpn     string // identifier, offered over TLS (RFC 7301)
	exchange func(*trip) *Error
}

// protocols lists what can be spoken; the first is the default.
func protocols() []protocol {
	return []protocol{
		{"HTTP/1.1", "http/1.1", exchangeHTTP1},
		{"HTTP/1.0", "http/1.1", exchangeHTTP1},
	}
}

// offers are the protocols that the options allow, best first. Without TLS, which
// lets the server choose (ALPN), the last is spoken.
func (o *Options) offers() []protocol {
	list := protocols()
	i := max(0, slices.IndexFunc(list, func(p protocol) bool { return p.version == o.Protocol }))
	return list[i : i+1]
}

// choose is the offer that the server agreed to; the last if the server named
// none, as those do that know no ALPN.
func choose(offers []protocol, alpn string) *protocol {
	for i := range offers {
		if offers[i].alpn == alpn {
			return &offers[i]
		}
	}
	return &offers[len(offers)-1]
}
