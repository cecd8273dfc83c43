package fetch

import (
	"bytes"
	"errors"
	"strings"

	"wget/internal/fetch/weburl"
)

// location is where the answer leads; it is not ok if there is no such field.
// Equal fields count as one.
func (h *Head) location() (location string, ok bool, err error) {
	var first []byte
	for name, value := range h.Fields() {
		switch {
		case !bytes.EqualFold(name, []byte("Location")):
		case !ok:
			first, ok = value, true
		case !bytes.Equal(value, first):
			return "", true, errors.New("there are several that differ")
		}
	}
	if ok && len(first) == 0 {
		return "", true, errors.New("it is empty")
	}
	return string(first), ok, nil
}

// at is the target that a location leads to from t. Credentials are those of
// the location, or else of t in the same origin. The fragment is that of the
// location, or else of t (RFC 9110 section 10.2.2).
func (t *Target) at(location string) (Target, error) {
	base := weburl.URL{TLS: t.TLS, Host: t.Host, Addr: t.Addr, Port: t.Port, Path: t.Path}
	u, err := weburl.Resolve(base, location)
	if err != nil {
		return Target{}, err
	}
	next := *t
	next.TLS, next.Port, next.Host, next.Addr, next.Path = u.TLS, u.Port, u.Host, u.Addr.Unmap(), u.Path
	if u.Addr.Is4In6() {
		next.Host = next.Addr.String()
	}
	if u.Addr.IsValid() && u.Addr == t.Addr.WithZone("") {
		next.Host, next.Addr = t.Host, t.Addr // a URL cannot say the zone
	}
	switch {
	case u.Userinfo != "":
		next.Auth = basic(u.Userinfo)
	case !sameOrigin(t, &next):
		next.Auth = ""
	}
	switch {
	case u.Fragment != "":
		next.Fragment = u.Fragment
	case t.Fragment == "" && strings.Contains(t.Text, "#"):
		typed, err := weburl.Resolve(base, fragmentOf(t.Text)) // escapes it
		if err != nil {
			return Target{}, err
		}
		next.Fragment = typed.Fragment
	}
	return next, nil
}

// fragmentOf is the fragment of a text as it was typed, which Parse has no use
// for.
func fragmentOf(text string) string {
	if i := strings.IndexByte(text, '#'); i >= 0 {
		return text[i:]
	}
	return ""
}

// sameOrigin reports whether two targets may be told the same secrets (RFC 6454
// section 5).
func sameOrigin(a, b *Target) bool {
	return a.TLS == b.TLS && a.Port == b.Port && strings.EqualFold(a.Host, b.Host)
}
