package fetch

import "slices"

// protocol is a way to ask for a header section over an open connection.
type protocol struct {
	version string                         // as on the request line, or in its place
	alpn    string                         // identifier, offered over TLS (RFC 7301)
	render  func(t *trip, b []byte) []byte // appends the request
	receive func(t *trip, writeErr error) *Error
}

// protocols lists what can be spoken; the first is the default.
func protocols() []protocol {
	return []protocol{
		{"HTTP/1.1", "http/1.1", renderHTTP1, receiveHTTP1},
		{"HTTP/1.0", "http/1.1", renderHTTP1, receiveHTTP1},
		{"HTTP/2", "h2", renderHTTP2, receiveHTTP2},
	}
}

// offers are the protocols that the options allow over TLS, best first. The
// server chooses (ALPN), and if it does not, the last is spoken.
func (o *Options) offers() []protocol {
	list := protocols()
	i := max(0, slices.IndexFunc(list, func(p protocol) bool { return p.version == o.Protocol }))
	if list[i].alpn == "h2" {
		return []protocol{list[i], list[0]}
	}
	return list[i : i+1]
}

// plain is the protocol that is spoken without TLS.
func (o *Options) plain() *protocol {
	offers := o.offers()
	if o.PriorKnowledge {
		return &offers[0]
	}
	return choose(offers, "")
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
