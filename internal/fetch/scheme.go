package fetch

import (
	"errors"
	"fmt"
	"strings"
)

// cutScheme splits a text behind its scheme. Where a slash or both are missing,
// http and https are what browsers take them for: http:/h and http:h are
// http://h. The scheme is empty if the text has none.
func cutScheme(text string) (scheme, rest string, err error) {
	scheme, rest, found := strings.Cut(text, ":")
	switch {
	case !found || !isScheme(scheme) && scheme != "":
		return "", text, nil
	case isHTTP(scheme):
		if rest, found = strings.CutPrefix(rest, "//"); !found {
			rest = strings.TrimPrefix(rest, "/")
		}
		return scheme, rest, checkRest(rest)
	case strings.HasPrefix(rest, "//"):
		return "", "", errUnknownScheme(scheme)
	}
	return "", text, nil
}

// checkRest refuses what stands behind a scheme and would be read as a host that
// nobody means: a second scheme, or the user of http:\\user@host.
func checkRest(rest string) error {
	if strings.HasPrefix(rest, `\`) {
		return errors.New(`a host cannot hold '\\'`)
	}
	scheme, after, found := strings.Cut(rest, ":")
	if found && isHTTP(scheme) && (after == "" || after[0] < '0' || after[0] > '9') {
		return errors.New("two schemes")
	}
	return nil
}

// checkScheme refuses a text without a scheme whose host looks like one: http//h
// and ftp:/h.
func checkScheme(authority, path string) error {
	if !strings.HasPrefix(path, "/") {
		return nil
	}
	if isHTTP(authority) && strings.HasPrefix(path, "//") {
		return errors.New("missing colon after the scheme")
	}
	if scheme, found := strings.CutSuffix(authority, ":"); found && isScheme(scheme) && !strings.Contains(scheme, ".") {
		return fmt.Errorf("unknown scheme %q, or no port after the colon", scheme)
	}
	return nil
}

func errUnknownScheme(scheme string) error {
	return fmt.Errorf("unknown scheme %q: http and https are known", scheme)
}

func isHTTP(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// isScheme reports whether s has the form of a scheme (RFC 3986 section 3.1).
func isScheme(s string) bool {
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
		case i > 0 && ('0' <= r && r <= '9' || r == '+' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return s != ""
}
