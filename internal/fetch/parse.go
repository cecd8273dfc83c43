package fetch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Defaults is what a target that does not say otherwise gets. The zero value
// means http, the scheme's port, and "/".
type Defaults struct {
	TLS   bool     // scheme of a target without one
	Ports []uint16 // ports of a target without one; empty means the scheme's
	Path  string   // path of a target without one
}

// Parse reads a host, host:port, URL, address or CIDR block. The error is an
// *Error of stage "target" whose text never holds credentials.
func Parse(text string, d Defaults) (Spec, error) {
	s := Spec{one: Target{Text: text, TLS: d.TLS, Path: d.Path}}
	if s.one.Path == "" {
		s.one.Path = "/"
	}
	err := s.parse(text, d)
	if err == nil {
		return s, nil
	}
	return Spec{}, &Error{Stage: StageTarget, Kind: KindBadTarget, Err: err}
}

// BadTarget is the record of a text that Parse refused.
func BadTarget(text string, err error) Target {
	return Target{Text: WithoutUser(text), Err: newError(StageTarget, err)}
}

func (s *Spec) parse(text string, d Defaults) error {
	if err := checkText(text); err != nil {
		return err
	}
	isBlock, err := s.parseBlock(text)
	isHost := strings.IndexFunc(text, notPlain) < 0 || strings.Count(text, ":") > 1 && isAddr(text)
	switch {
	case err != nil:
		return err
	case isHost:
		s.bare = true
		s.one.Host, s.one.Addr, err = parseHost(text)
	case !isBlock:
		return s.parseURL(text, d)
	}
	s.setPort(d)
	return err
}

func (s *Spec) parseURL(text string, d Defaults) error {
	scheme, rest, err := cutScheme(text)
	if err != nil {
		return err
	}
	s.one.TLS = strings.EqualFold(scheme, "https") || scheme == "" && d.TLS
	typed := text[:len(text)-len(rest)]
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if _, after, found := strings.Cut(authority[:i], "@"); found && strings.ContainsAny(after, separators) {
			return errSeveral()
		}
		s.one.Auth = basic(authority[:i])
		authority = authority[i+1:]
	}
	if s.one.Auth != "" || strings.Contains(path, "@") {
		s.one.Text = typed + authority + MaskUsers(path)
	}
	if err := checkSeveral(authority, path); err != nil {
		return err
	}
	host, port, err := splitPort(authority)
	if err != nil {
		return err
	}
	if scheme == "" {
		if err := checkScheme(authority, path); err != nil {
			return err
		}
		s.bare = path == ""
	}
	if s.one.Host, s.one.Addr, err = parseHost(host); err != nil {
		return err
	}
	if path != "" && path[0] != '#' {
		s.one.Path = RequestTarget(path)
	}
	if port == "" {
		s.setPort(d)
		return nil
	}
	s.one.Port, err = ParsePort(port)
	return err
}

// splitPort is net.SplitHostPort with the port optional.
func splitPort(authority string) (host, port string, err error) {
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return "", "", errors.New("missing ] after an IPv6 address")
		}
		host, port = authority[:end+1], authority[end+1:]
		if port != "" && port[0] != ':' {
			return "", "", errors.New("after ] there can only be :PORT")
		}
		return host, strings.TrimPrefix(port, ":"), nil
	}
	host, port, _ = strings.Cut(authority, ":")
	if strings.Contains(port, ":") {
		return "", "", errors.New("too many colons: an IPv6 address with a port or path needs brackets: [2001:db8::1]:80")
	}
	return host, port, nil
}

func (s *Spec) setPort(d Defaults) {
	s.one.Port = defaultPort(s.one.TLS)
	s.ports = d.Ports
}

// ParsePort reads a TCP port, 1 to 65535.
func ParsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("the port must be a number from 1 to 65535")
	}
	return uint16(n), nil
}

// RequestTarget gives a path and query the form they need on the request line
// (RFC 9112 section 3.2.1) and leaves every character that may stand there. A
// fragment is not sent (RFC 9110 section 7.1).
func RequestTarget(path string) string {
	path, _, _ = strings.Cut(path, "#")
	var b strings.Builder
	if path == "" || path[0] != '/' {
		b.WriteByte('/')
	}
	for _, c := range []byte(path) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
