package fetch

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

const (
	statusProxyAuth = 407
	maxSchemes      = 8 // how many authentication schemes of a proxy are looked at
)

// unauthorized is the error for a proxy's 407 (RFC 9110 section 15.5.8).
func (t *trip) unauthorized(h *Head) *Error {
	e := &Error{Stage: StageProxy, Kind: KindProxyAuth, Err: errors.New("wants credentials (407)")}
	schemes := proxySchemes(h)
	switch {
	case len(schemes) > 0 && !slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, "Basic") }):
		e.Hint = "the proxy asks for " + strings.Join(schemes, ", ") + ", and only Basic is spoken"
	case t.proxy.user != nil:
		e.Err = errors.New("refused the user or the password (407)")
	default:
		e.Hint = "give credentials, as in -x http://USER:PASSWORD@HOST:PORT"
	}
	return e
}

// proxySchemes lists the first schemes that the proxy takes credentials in. In a list
// of challenges, a scheme is a token that no = follows (RFC 9110 section 11.6.1).
func proxySchemes(h *Head) (schemes []string) {
	for name, value := range h.Fields() {
		if !bytes.EqualFold(name, []byte("Proxy-Authenticate")) {
			continue
		}
		for part := range bytes.SplitSeq(value, []byte(",")) {
			word, _, _ := bytes.Cut(trimSpace(part), []byte(" "))
			if scheme := string(word); IsToken(scheme) && !slices.Contains(schemes, scheme) {
				schemes = append(schemes, scheme)
			}
			if len(schemes) == maxSchemes {
				return schemes
			}
		}
	}
	return schemes
}
