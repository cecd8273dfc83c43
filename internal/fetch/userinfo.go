package fetch

import (
	"encoding/base64"
	"strings"

	"wget/internal/fetch/weburl"
)

// basic is the value of Authorization for the user and password of a URL (RFC
// 7617 section 2).
func basic(userinfo string) string {
	name, password, _ := strings.Cut(userinfo, ":")
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(weburl.Unescape(name)+":"+weburl.Unescape(password)))
}

// MaskUsers hides what could be the password of a URL inside of a path, query,
// fragment or field of a request: between a colon and an @, up to the next delimiter.
func MaskUsers(path string) string {
	if !strings.Contains(path, "@") {
		return path
	}
	var b strings.Builder
	for path != "" {
		segment, end := path, strings.IndexAny(path, "/?#&")
		if end >= 0 {
			segment = path[:end+1]
		}
		path = path[len(segment):]
		colon, at := strings.IndexByte(segment, ':'), strings.LastIndexByte(segment, '@')
		if 0 <= colon && colon+1 < at {
			segment = segment[:colon+1] + "***" + segment[at:]
		}
		b.WriteString(segment)
	}
	return b.String()
}

// WithoutUser drops the credentials from a text that may be no target, so that
// any @ in it can be the last of a password: it keeps the scheme and what stands
// behind that @. Without a colon there is no password, and an @ in the path is
// the path's.
func WithoutUser(text string) string {
	scheme, rest := "", text
	if i := strings.IndexByte(text, ':'); i >= 0 && isScheme(text[:i]) && (isHTTP(text[:i]) || strings.HasPrefix(text[i:], "://")) {
		scheme, rest = text[:i+1], text[i+1:]
	}
	host := strings.TrimLeft(rest, `/\`)
	scheme += rest[:len(rest)-len(host)]
	hidden := host
	if end := strings.IndexAny(host, "/?#"); end >= 0 && !strings.Contains(host, ":") {
		hidden = host[:end]
	}
	return scheme + host[strings.LastIndexByte(hidden, '@')+1:]
}
