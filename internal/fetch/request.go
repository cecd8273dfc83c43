package fetch

import (
	"cmp"
	"slices"
	"strings"
)

// request is what the requests of all targets have in common.
type request struct {
	method string
	fields []Field // the value of ownHost is the target's
	auth   bool    // a target's own credentials are sent
	// proxyAuth says the same of a proxy's that is to forward a request; a request
	// for a tunnel has them always.
	proxyAuth bool
	// boundTo alone gets a Proxy-Authorization of the user's; nil if that is a field
	// like any other.
	boundTo *Proxy

	userAgent string // for requests of our own to a proxy
}

// ownHost is the name of the field whose value differs from target to target. A
// Host of the user's is an ordinary field.
const ownHost = ""

// newRequest puts the fields in order: Host, User-Agent, Accept, Connection, then
// those of the user.
func newRequest(o Options) request {
	bare := o.Protocol == "HTTP/1.0"
	defaults := []Field{{Name: "Host"}}
	if o.UserAgent != "" && (!bare || o.AgentToo) {
		defaults = append(defaults, Field{Name: "User-Agent", Value: o.UserAgent})
	}
	if !bare {
		defaults = append(defaults, Field{Name: "Accept", Value: "*/*"}, Field{Name: "Connection", Value: "close"})
	}
	r := request{
		method: cmp.Or(o.Method, "GET"), userAgent: o.UserAgent,
		auth: !has(o.Header, "Authorization"), proxyAuth: !has(o.Header, "Proxy-Authorization"),
	}
	r.fields = override(defaults, o.Header)
	if !has(o.Header, "Host") {
		r.fields[0].Name = ownHost
	}
	return r
}

// override applies the user's fields: the first of a name replaces the default
// in its place, further ones follow at the end.
func override(defaults, user []Field) (fields []Field) {
	for _, d := range defaults {
		kept := true
		for i, u := range user {
			if !strings.EqualFold(u.Name, d.Name) {
				continue
			}
			kept = false
			if !u.Remove {
				fields = append(fields, u)
				user = append(user[:i:i], user[i+1:]...)
				break
			}
		}
		if kept {
			fields = append(fields, d)
		}
	}
	for _, u := range user {
		if !u.Remove {
			fields = append(fields, u)
		}
	}
	return fields
}

func has(fields []Field, name string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// appendTo renders the request for a target (RFC 9112 section 3). A proxy that is
// to forward the request gets the whole URL, and credentials of its own.
func (q *request) appendTo(b []byte, version string, t *Target, forward *Proxy) []byte {
	b = append(b, q.method...)
	b = append(b, ' ')
	if forward != nil {
		b = t.appendAuthority(append(b, "http://"...))
	}
	b = append(b, t.Path...)
	b = append(b, ' ')
	b = append(b, version...)
	b = append(b, "\r\n"...)
	for i := range q.fields {
		switch f := &q.fields[i]; {
		case f.Name == ownHost:
			b = append(t.appendAuthority(append(b, "Host: "...)), "\r\n"...)
		case !q.isBound(f) || forward == q.boundTo:
			b = appendField(b, f.Name, f.Value)
		}
	}
	if t.Auth != "" && q.auth {
		b = appendField(b, "Authorization", t.Auth)
	}
	if forward != nil && forward.user != nil && q.proxyAuth {
		b = appendField(b, "Proxy-Authorization", forward.auth())
	}
	return append(b, "\r\n"...)
}

// isBound reports whether a field goes to boundTo alone.
func (q *request) isBound(f *Field) bool { return q.boundTo != nil && isProxyAuth(f.Name) }

// appendConnect renders the request for a tunnel to a host and port (RFC 9110
// section 9.3.6).
func (q *request) appendConnect(b []byte, to string, p *Proxy) []byte {
	b = append(b, "CONNECT "...)
	b = append(b, to...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", to)
	if q.userAgent != "" {
		b = appendField(b, "User-Agent", q.userAgent)
	}
	if p.user != nil {
		b = appendField(b, "Proxy-Authorization", p.auth())
	}
	return append(b, "\r\n"...)
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ':')
	if value != "" {
		b = append(append(b, ' '), value...)
	}
	return append(b, "\r\n"...)
}

// after is the request to follow an answer of some status with (RFC 9110
// sections 15.4.2 to 15.4.4): a GET has no fields that describe content.
func (q *request) after(status int) *request {
	switch {
	case q.method == "GET" || q.method == "HEAD":
		return q
	case status == 303, q.method == "POST" && (status == 301 || status == 302):
	default:
		return q
	}
	get := *q
	get.method = "GET"
	get.fields = slices.DeleteFunc(slices.Clone(q.fields), func(f Field) bool { return describesContent(f.Name) })
	return &get
}

func describesContent(name string) bool {
	return isOneOf(name, "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Type", "Transfer-Encoding")
}

// withoutCredentials is the request as another origin gets it, and the fields
// that the origin before got and this one does not. inURL is whether the
// target's own credentials are among them; from and to are the proxies that
// forward the two requests, or nil. A Proxy-Authorization that a proxy got goes to
// that proxy again.
func (q *request) withoutCredentials(inURL bool, from, to *Proxy) (safe *request, withheld []string) {
	safe = new(request)
	*safe = *q
	safe.fields = nil
	safe.boundTo = cmp.Or(q.boundTo, from)
	if inURL && q.auth {
		withheld = append(withheld, "Authorization")
	}
	for i, f := range q.fields {
		switch isBound := safe.isBound(&f); {
		case !isCredential(f.Name), isBound && (from == nil || from == to):
			safe.fields = append(safe.fields, f)
			continue
		case isBound:
			safe.fields = append(safe.fields, f)
		case i == 0 && strings.EqualFold(f.Name, "Host"):
			safe.fields = append(safe.fields, Field{Name: ownHost})
		case strings.EqualFold(f.Name, "Authorization"):
			safe.auth = true
		case isProxyAuth(f.Name):
			safe.proxyAuth = true
		}
		if !slices.Contains(withheld, f.Name) {
			withheld = append(withheld, f.Name)
		}
	}
	return safe, withheld
}

// isCredential reports whether a field is for the origin alone that the user
// meant: these, and Host, which another origin would not know.
func isCredential(name string) bool {
	return isOneOf(name, "Authorization", "Cookie", "Cookie2", "Host", "Proxy-Authorization", "WWW-Authenticate")
}

func isProxyAuth(name string) bool { return strings.EqualFold(name, "Proxy-Authorization") }

func isOneOf(name string, list ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
