package wget

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"wget/internal/fetch"
	"wget/internal/report"
)

// Config is a command line that has been checked: what to ask, how, and how to
// show it.
type Config struct {
	Specs    []fetch.Spec   // targets among the arguments
	Files    []string       // input files, "-" for stdin
	Defaults fetch.Defaults // for targets that do not say otherwise
	Demo     bool
	Fetch    fetch.Options
	Report   report.Options
	Format   report.Format
	Output   string // file for the records; "" or "-" means stdout
	Quiet    bool   // no closing lines
	Fail     bool   // a status of 400 or more is a failure
	ExitZero bool   // failures do not count as long as they are reported
}

// seconds is a flag that reads 5s, 300ms, or plain seconds as GNU wget does.
type seconds time.Duration

func (s *seconds) Type() string { return "SECONDS" }

func (s *seconds) String() string {
	if *s == 0 {
		return "0"
	}
	return time.Duration(*s).String()
}

func (s *seconds) Set(text string) error {
	d, err := time.ParseDuration(text)
	if n, plain := strconv.ParseFloat(text, 64); plain == nil {
		d, err = time.Duration(n*float64(time.Second)), nil
		if n != n || n > 1e9 {
			err = errors.New("out of range")
		}
	}
	if err != nil || d < 0 {
		return errors.New("a duration is seconds, or a number with a unit such as 300ms")
	}
	*s = seconds(d)
	return nil
}

// perSecond is a flag that reads 50/s, 600/m, or plain hosts a second.
type perSecond float64

func (r *perSecond) Type() string { return "N/s" }

func (r *perSecond) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) }

func (r *perSecond) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n > 0 && n < 1e9) {
		return errors.New("a rate is a number of hosts per second, or as in 50/s, 600/m")
	}
	*r = perSecond(n / seconds)
	return nil
}

// parsePorts reads a list such as 80,8080.
func parsePorts(list []string) ([]uint16, error) {
	var ports []uint16
	for _, text := range list {
		port, err := fetch.ParsePort(text)
		if err != nil {
			return nil, usage("--port %s: %w", text, err)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// parseHeader reads 'Name: value', and 'Name:', which removes a default.
func parseHeader(text string) (fetch.Field, error) {
	name, value, found := strings.Cut(text, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found:
		return fetch.Field{}, usage("--header %q: missing colon, as in 'Name: value'", text)
	case !fetch.IsToken(name):
		return fetch.Field{}, usage("--header %q: %q cannot be a field name", text, name)
	case strings.ContainsAny(value, "\r\n\x00"):
		return fetch.Field{}, usage("--header %q: a value cannot hold CR, LF or NUL", text)
	}
	return fetch.Field{Name: name, Value: value, Remove: value == ""}, nil
}

// parseResolve reads HOST:PORT:ADDR[,ADDR], in curl's notation.
func parseResolve(text string) (fetch.Route, error) {
	bad := usage("--resolve %q: expected HOST:PORT:ADDRESS", text)
	parts := splitColons(text, 3)
	if len(parts) != 3 {
		return fetch.Route{}, bad
	}
	port, err := fetch.ParsePort(parts[1])
	if err != nil {
		return fetch.Route{}, usage("--resolve %q: %w", text, err)
	}
	r := fetch.Route{Host: strings.Trim(parts[0], "*[]"), Port: port}
	for one := range strings.SplitSeq(parts[2], ",") {
		addr, err := netip.ParseAddr(strings.Trim(one, "[]"))
		if err != nil {
			return fetch.Route{}, bad
		}
		r.Addrs = append(r.Addrs, addr.Unmap())
	}
	return r, nil
}

// parseConnectTo reads HOST1:PORT1:HOST2:PORT2, in curl's notation, where
// nothing means any, or no change.
func parseConnectTo(text string) (fetch.Route, error) {
	parts := splitColons(text, 4)
	if len(parts) != 4 {
		return fetch.Route{}, usage("--connect-to %q: expected HOST1:PORT1:HOST2:PORT2", text)
	}
	r := fetch.Route{Host: strings.Trim(parts[0], "[]"), ToHost: strings.Trim(parts[2], "[]")}
	for _, p := range []struct {
		text string
		port *uint16
	}{{parts[1], &r.Port}, {parts[3], &r.ToPort}} {
		if p.text == "" {
			continue
		}
		port, err := fetch.ParsePort(p.text)
		if err != nil {
			return fetch.Route{}, usage("--connect-to %q: %w", text, err)
		}
		*p.port = port
	}
	return r, nil
}

// parseServer reads the address of a resolver, with or without a port.
func parseServer(text string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return netip.AddrPortFrom(addr, 53), nil
	}
	server, err := netip.ParseAddrPort(text)
	if err != nil {
		return server, usage("--dns-servers %q: not an IP address, with or without a port", text)
	}
	return server, nil
}

// splitColons splits at colons outside brackets, into at most n parts.
func splitColons(s string, n int) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range []byte(s) {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ':' && depth == 0 && len(parts) < n-1:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// newTLSConfig reads the files that the TLS flags name.
func newTLSConfig(insecure bool, caFile, certFile, keyFile string) (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: insecure}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fileError{err: fmt.Errorf("--ca-certificate: %w", err)}
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage("--ca-certificate %s: no certificate in PEM form", caFile)
		}
	}
	if keyFile != "" && certFile == "" {
		return nil, usage("--private-key needs --certificate")
	}
	if certFile != "" {
		if keyFile == "" {
			keyFile = certFile
		}
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if path := new(os.PathError); errors.As(err, &path) {
			return nil, fileError{err: fmt.Errorf("--certificate: %w", err)}
		}
		if err != nil {
			return nil, usage("--certificate %s: %w", certFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// useColor decides whether to colour w: the flag, then NO_COLOR, then
// CLICOLOR_FORCE or FORCE_COLOR, then whether w is a terminal that can.
func useColor(when string, w io.Writer, env func(string) string) bool {
	switch {
	case when == "always":
		return true
	case when == "never", env("NO_COLOR") != "":
		return false
	case isSet(env("CLICOLOR_FORCE")), isSet(env("FORCE_COLOR")):
		return true
	}
	return isTerminal(w) && env("TERM") != "dumb"
}

// newProgress decides how to say how far a run is: with a bar where stderr is a
// terminal, in lines where it is none and much is to be said, or as the flag
// says. A program behind a pipe may write to the same terminal, which would
// tear its lines and the bar.
func newProgress(f *flags, s streams, env func(string) string) report.Progress {
	p := report.Progress{Width: func() int { return terminalWidth(s.err) }}
	switch {
	case f.progress == "bar":
		p.Style = report.ProgressBar
	case f.progress == "none", f.quiet:
	case isTerminal(s.err):
		if env("TERM") != "dumb" && !(toStdout(f.output) && isPipe(s.out)) {
			p.Style, p.Delay = report.ProgressBar, time.Second
		}
	case f.verbose:
		p.Style = report.ProgressLines
	}
	return p
}

// terminalWidth is 80 columns where there is no terminal to ask.
func terminalWidth(stream any) int {
	if f, ok := stream.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

func isSet(value string) bool { return value != "" && value != "0" }

func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

func isPipe(stream any) bool {
	f, ok := stream.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}
