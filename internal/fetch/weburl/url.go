package weburl

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// URL is an http or https address, taken apart.
type URL struct {
	TLS      bool       // https
	Userinfo string     // as it stands; "" if it has neither user nor password
	Host     string     // name in ASCII and lower case, or address without brackets
	Addr     netip.Addr // valid if Host is an address
	Port     uint16     // the scheme's own if the reference names none
	Path     string     // with the query; as it stands on a request line
	Fragment string     // with its #; "" if there is none
}

func defaultPort(tls bool) uint16 {
	if tls {
		return 443
	}
	return 80
}

// Resolve reads a reference as it stands in the resource that base is the
// address of. The userinfo is that of the reference or, if the reference has no
// host of its own, that of base. The fragment is the reference's alone.
func Resolve(base URL, reference string) (URL, error) {
	rest := strip(reference)
	scheme, after, ok := cutScheme(rest)
	switch {
	case !ok:
	case scheme != "http" && scheme != "https":
		return URL{}, fmt.Errorf("the scheme is %.40q: http and https are followed", scheme)
	case base.TLS != (scheme == "https"):
		return absolute(!base.TLS, after)
	default:
		rest = after
	}
	return relative(base, rest)
}

// strip drops what may stand around a reference and counts for nothing in it.
func strip(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if !strings.ContainsAny(s, "\t\n\r") {
		return s
	}
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
}

// cutScheme returns the scheme in lower case, and what is after its colon.
func cutScheme(s string) (scheme, rest string, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case isAlpha(c):
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(s[:i]), s[i+1:], true
		default:
			return "", s, false
		}
	}
	return "", s, false
}

func relative(base URL, s string) (URL, error) {
	if leadingSlashes(s) > 1 {
		return absolute(base.TLS, s)
	}
	u := base
	path, query, fragment := split(s)
	oldPath, oldQuery, _ := split(base.Path)
	directory := oldPath[:strings.LastIndexAny(oldPath, `/\`)+1]
	switch {
	case leadingSlashes(path) > 0:
		u.Path = cleanPath(path) + escape(query, inQuery)
	case path != "":
		u.Path = cleanPath(directory+path) + escape(query, inQuery)
	case query != "":
		u.Path = cleanPath(oldPath) + escape(query, inQuery)
	default:
		u.Path = cleanPath(oldPath) + escape(oldQuery, inQuery) // which can be as it was typed
	}
	u.Fragment = escape(fragment, inFragment)
	return u, nil
}

// absolute reads what stands after the scheme, which begins with the authority
// however many slashes come before it.
func absolute(tls bool, s string) (URL, error) {
	s = s[leadingSlashes(s):]
	end := strings.IndexAny(s, `/\?#`)
	if end < 0 {
		end = len(s)
	}
	u := URL{TLS: tls}
	if err := u.setAuthority(s[:end]); err != nil {
		return URL{}, err
	}
	path, query, fragment := split(s[end:])
	u.Path = cleanPath(path) + escape(query, inQuery)
	u.Fragment = escape(fragment, inFragment)
	return u, nil
}

func leadingSlashes(s string) int { return len(s) - len(strings.TrimLeft(s, `/\`)) }

// split takes the query, with its ?, and the fragment, with its #, from a path.
func split(s string) (path, query, fragment string) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s, fragment = s[:i], s[i:]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, query = s[:i], s[i:]
	}
	return s, query, fragment
}

func (u *URL) setAuthority(s string) error {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if s[:i] != ":" {
			u.Userinfo = s[:i]
		}
		s = s[i+1:]
	}
	end := strings.IndexByte(s, ']') + 1 // of an IPv6 address, or 0
	host, port, _ := strings.Cut(s[end:], ":")
	host = s[:end] + host
	if err := u.setHost(host); err != nil {
		return err
	}
	return u.setPort(port)
}

// setPort takes the port 0, as browsers do: nothing answers there.
func (u *URL) setPort(s string) error {
	u.Port = defaultPort(u.TLS)
	if s == "" {
		return nil
	}
	n := 0
	for _, c := range []byte(s) {
		if !isDigit(c) {
			return errors.New("the port is no number")
		}
		if n = 10*n + int(c-'0'); n > 65535 {
			return errors.New("the port is above 65535")
		}
	}
	u.Port = uint16(n)
	return nil
}
