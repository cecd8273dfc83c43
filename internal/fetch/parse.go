package fetch

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Defaults is what a target that does not say otherwise gets. The zero value
// means http, the scheme's port, and "/".
type Defaults struct {
	TLS   bool     // scheme of a target without one
	Ports []uint16 // ports of a target without one; empty means the scheme's
	Path  string   // path of a target without one
}

// Spec is what one word of input stands for: one target, or a block of
// addresses, times the default ports.
type Spec struct {
	one   Target
	block netip.Prefix // valid for a CIDR block
	ports []uint16     // not empty if each makes a target of its own
}

// TLS reports whether the targets are https.
func (s Spec) TLS() bool { return s.one.TLS }

// Count is the number of targets; math.MaxInt stands for more.
func (s Spec) Count() int {
	n := max(1, len(s.ports))
	if !s.block.IsValid() {
		return n
	}
	bits := s.block.Addr().BitLen() - s.block.Bits()
	if n > math.MaxInt>>bits {
		return math.MaxInt
	}
	return n << bits
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
	if i := strings.IndexByte(text, '/'); i > 0 && strings.Trim(text[i+1:], "0123456789") == "" && i+1 < len(text) {
		if _, err := netip.ParseAddr(text[:i]); err == nil {
			return s.parseBlock(text, d)
		}
	}
	if strings.Count(text, ":") > 1 {
		if addr, err := netip.ParseAddr(text); err == nil {
			s.setAddr(addr)
			return s.setPort("", d)
		}
	}
	if strings.IndexFunc(text, notPlain) < 0 {
		if err := s.setHost(text); err != nil {
			return err
		}
		return s.setPort("", d)
	}
	return s.parseURL(text, d)
}

// checkText refuses what could not be part of any target, before any of it is
// taken apart.
func checkText(text string) error {
	switch {
	case text == "":
		return errors.New("empty host")
	case !utf8.ValidString(text):
		return errors.New("not valid UTF-8")
	}
	for _, r := range text {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return fmt.Errorf("control character %U", r)
		}
	}
	return nil
}

// notPlain reports whether r needs the full parse: anything but the
// characters of an ASCII host name.
func notPlain(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_')
}

func (s *Spec) parseBlock(text string, d Defaults) error {
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return errors.New("no CIDR block: the prefix length must fit the address, as in 192.0.2.0/24")
	}
	s.block = block.Masked()
	return s.setPort("", d)
}

func (s *Spec) parseURL(text string, d Defaults) error {
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok && !strings.ContainsAny(scheme, "/?#@") {
		switch strings.ToLower(scheme) {
		case "http":
			s.one.TLS = false
		case "https":
			s.one.TLS = true
		default:
			return fmt.Errorf("unknown scheme %q: http and https are known", scheme)
		}
		rest = after
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if err := s.setUser(authority[:i]); err != nil {
			return err
		}
		s.one.Text = strings.Replace(text, authority[:i+1], "", 1)
		authority = authority[i+1:]
	}
	host, port, err := splitPort(authority)
	if err != nil {
		return err
	}
	if err := s.setHost(host); err != nil {
		return err
	}
	if path, _, _ = strings.Cut(path, "#"); path != "" {
		s.one.Path = RequestTarget(path)
	}
	return s.setPort(port, d)
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
		return "", "", errors.New("an IPv6 address with a port or path needs brackets: [2001:db8::1]:80")
	}
	return host, port, nil
}

func (s *Spec) setUser(userinfo string) error {
	name, password, _ := strings.Cut(userinfo, ":")
	name, err1 := url.PathUnescape(name)
	password, err2 := url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return errors.New("bad % escape in the user or password")
	}
	s.one.Auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
	return nil
}

func (s *Spec) setHost(host string) error {
	if host == "" {
		return errors.New("empty host")
	}
	if host[0] == '[' {
		addr, err := netip.ParseAddr(host[1 : len(host)-1])
		if err != nil || !addr.Is6() {
			return errors.New("no IPv6 address between the brackets")
		}
		s.setAddr(addr)
		return nil
	}
	if i := strings.IndexAny(host, " \t"); i >= 0 {
		return errors.New("a host cannot hold spaces")
	}
	name := host
	if strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return fmt.Errorf("no internationalised name: %w", err)
		}
		name = ascii
	}
	if err := checkName(name); err != nil {
		return err
	}
	if label := name[strings.LastIndexByte(name, '.')+1:]; strings.Trim(label, "0123456789") == "" && label != "" {
		addr, err := netip.ParseAddr(name)
		if err != nil {
			return errors.New("a host that ends in a number must be an IPv4 address of four parts, 0 to 255")
		}
		s.one.Addr = addr
	}
	s.one.Host = name
	return nil
}

func (s *Spec) setAddr(addr netip.Addr) {
	s.one.Addr = addr.Unmap()
	s.one.Host = s.one.Addr.String()
}

// checkName holds a name to the limits of RFC 1035 section 2.3.4. It lets
// underscores pass: hosts that are asked over HTTP have them.
func checkName(name string) error {
	if i := strings.IndexFunc(name, notPlain); i >= 0 {
		return fmt.Errorf("a host cannot hold %q", name[i])
	}
	labels := strings.TrimSuffix(name, ".")
	if len(labels) > 253 {
		return fmt.Errorf("a host of %d characters: 253 is the limit", len(labels))
	}
	for label := range strings.SplitSeq(labels, ".") {
		switch {
		case label == "":
			return errors.New("an empty label in the host")
		case len(label) > 63:
			return fmt.Errorf("a label of %d characters in the host: 63 is the limit", len(label))
		}
	}
	return nil
}

func (s *Spec) setPort(port string, d Defaults) error {
	if port != "" {
		n, err := ParsePort(port)
		s.one.Port = n
		return err
	}
	s.one.Port = defaultPort(s.one.TLS)
	s.ports = d.Ports
	return nil
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
// (RFC 9112 section 3.2.1) and leaves every character that may stand there.
func RequestTarget(path string) string {
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

// WithoutUser drops the credentials from a text, which may be no target: where a
// colon stands before the path, an @ in the path can be part of a password.
func WithoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 && !strings.Contains(rest[:end], ":") {
		return scheme + rest[strings.LastIndexByte(rest[:end], '@')+1:]
	}
	return scheme + rest[strings.LastIndexByte(rest, '@')+1:]
}

// All yields the targets one by one, without an index. A block is never held
// whole.
func (s Spec) All() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		if !s.block.IsValid() {
			s.each(s.one, yield)
			return
		}
		for addr := s.block.Addr(); s.block.Contains(addr); addr = addr.Next() {
			t := s.one
			t.Addr, t.Host = addr, addr.String()
			t.Text = t.Host
			if !s.each(t, yield) {
				return
			}
		}
	}
}

// each yields t once for every default port, named after it.
func (s Spec) each(t Target, yield func(Target) bool) bool {
	if len(s.ports) == 0 {
		return yield(t)
	}
	for _, port := range s.ports {
		p := t
		p.Port = port
		if len(s.ports) > 1 {
			p.Text = p.nameWithPort()
		}
		if !yield(p) {
			return false
		}
	}
	return true
}

// nameWithPort tells targets apart that share a text.
func (t *Target) nameWithPort() string {
	switch {
	case strings.Contains(t.Text, "/"):
		return t.URL()
	case t.Addr.Is6():
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	}
	return t.Text + ":" + strconv.Itoa(int(t.Port))
}
