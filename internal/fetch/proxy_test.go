package fetch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A proxyCase is one entry of testdata/proxy, whose README explains the format.
type proxyCase struct {
	name    string
	proxy   string
	target  string
	steps   []proxyStep
	verdict string // "ok", "early" or a kind
	err     string
	hint    string
}

// A proxyStep is one thing that a proxy does.
type proxyStep struct {
	does string // ">", "request", "<" or "end"
	text string
}

func proxyCases(t testing.TB, file string) (cases []*proxyCase) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/proxy", file))
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range strings.Split(string(text), "\n") {
		if row == "" || row[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(row, "== "); ok {
			cases = append(cases, &proxyCase{name: name, proxy: "http://192.0.2.9:3128", target: "http://192.0.2.1/"})
			continue
		}
		if err := cases[len(cases)-1].add(row); err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
	}
	return cases
}

func (c *proxyCase) add(row string) error {
	key, rest, _ := strings.Cut(row, " ")
	switch key {
	case "proxy":
		c.proxy = rest
	case "target":
		c.target = rest
	case ">", "<", "request", "end":
		texts, err := quoted(rest)
		c.steps = append(c.steps, proxyStep{key, strings.Join(texts, "")})
		return err
	default:
		texts, err := quoted(rest)
		if c.verdict = key; len(texts) > 0 {
			c.err = texts[0]
		}
		if len(texts) > 1 {
			c.hint = texts[1]
		}
		return err
	}
	return nil
}

// play is the proxy's side of a case, and the target's behind it.
func (c *proxyCase) play(conn net.Conn, size int) error {
	from, said, done := bufio.NewReader(conn), make(chan string, len(c.steps)+1), make(chan struct{})
	defer func() { <-done }()
	defer close(said)
	// A pipe holds nothing: a proxy that talks while the client does would wait.
	go func() {
		defer close(done)
		for text := range said {
			for piece := range slices.Chunk([]byte(text), size) {
				conn.Write(piece) // the client may have seen enough, and gone
			}
		}
	}()
	for _, step := range c.steps {
		switch step.does {
		case "request":
			if err := readRequest(from); err != nil {
				return err
			}
		case ">":
			got := make([]byte, len(step.text))
			if _, err := io.ReadFull(from, got); err != nil || string(got) != step.text {
				return fmt.Errorf("the client sent %q, %v, want %q", got, err, step.text)
			}
		case "<":
			said <- step.text
		case "end":
			return nil
		}
	}
	if c.verdict != "ok" && c.verdict != "early" {
		io.Copy(io.Discard, from)
		return nil
	}
	if err := readRequest(from); err != nil {
		return err
	}
	if c.verdict == "ok" {
		said <- "HTTP/1.1 299 OK\r\n\r\n"
	}
	io.Copy(io.Discard, from)
	return nil
}

// readRequest reads up to the empty line.
func readRequest(r *bufio.Reader) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// askThrough asks the case's target through its proxy.
func (c *proxyCase) askThrough(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *Result {
	t.Helper()
	proxy, err := ParseProxy(c.proxy)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := Parse(c.target, Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Proxies: Proxies{HTTP: proxy, HTTPS: proxy}, Dial: dial,
		Routes:         []Route{{Host: spec.one.Host, ToPort: 81}},
		ConnectTimeout: 5 * time.Second, ReadTimeout: time.Minute,
	}
	var result *Result
	for r := range All(t.Context(), spec.All(), o) {
		result = r
	}
	return result
}

func TestProxyScripts(t *testing.T) {
	for _, file := range []string{"connect.txt", "socks.txt"} {
		for _, c := range proxyCases(t, file) {
			for _, size := range []int{1, 1 << 20} {
				t.Run(fmt.Sprintf("%s/%s/%d", strings.TrimSuffix(file, ".txt"), c.name, size), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { c.test(t, size) })
				})
			}
		}
	}
}

func (c *proxyCase) test(t *testing.T, size int) {
	played := make(chan error, 1)
	r := c.askThrough(t, func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			err := c.play(server, size)
			server.Close()
			played <- err
		}()
		return client, nil
	})
	if err := <-played; err != nil {
		t.Error(err)
	}
	if c.verdict == "ok" || c.verdict == "early" {
		if r.Err != nil || r.Head.Status != 299 {
			t.Errorf("status %d, error %v, want the target's answer", r.Head.Status, r.Err)
		}
		return
	}
	switch {
	case r.Err == nil:
		t.Fatalf("status %d, want %s", r.Head.Status, c.verdict)
	case r.Err.Stage != StageProxy || string(r.Err.Kind) != c.verdict || r.Err.Error() != c.err:
		t.Errorf("%s at %s: %q\nwant %s at proxy: %q", r.Err.Kind, r.Err.Stage, r.Err.Error(), c.verdict, c.err)
	case c.hint == "" && r.Err.Hint != "", !strings.Contains(r.Err.Hint, c.hint):
		t.Errorf("hint %q, want %q", r.Err.Hint, c.hint)
	}
	if len(r.Raw) > 0 || r.Head.Status != 0 {
		t.Errorf("status %d and %d bytes, and none is the target's", r.Head.Status, len(r.Raw))
	}
}

// FuzzProxy holds that no stream from a proxy does more than fail a host, and that
// a tunnel loses and adds no byte.
func FuzzProxy(f *testing.F) {
	for i, file := range []string{"connect.txt", "socks.txt"} {
		for _, c := range proxyCases(f, file) {
			var said []byte
			for _, step := range c.steps {
				if step.does == "<" {
					said = append(said, step.text...)
				}
			}
			if len(said) < 8<<10 {
				f.Add(said, i == 1, strings.Contains(c.proxy, "@"), 7)
			}
		}
	}
	f.Fuzz(func(t *testing.T, said []byte, socks, user bool, size int) {
		proxy := map[bool]string{false: "http://", true: "socks5://"}[socks]
		if user {
			proxy += "user:s3cr3t@"
		}
		p, err := ParseProxy(proxy + "192.0.2.9:3128")
		if err != nil {
			t.Fatal(err)
		}
		const behind = "HTTP/1.1 200 OK\r\nX-Behind: the tunnel\r\n\r\n"
		conn := &scripted{rest: append(slices.Clone(said), behind...), size: size}
		trip := newTrip(t, p, conn)
		failed := trip.tunnel()
		if failed != nil {
			if failed.Stage != StageProxy || failed.Kind == "" || strings.Contains(failed.Error()+failed.Hint, "s3cr3t") {
				t.Fatalf("%+v", failed)
			}
			return
		}
		left, err := io.ReadAll(trip.stream)
		if all := string(said) + behind; err != nil || !strings.HasSuffix(all, string(left)) {
			t.Fatalf("%q, %v of %q", left, err, all)
		}
		if len(left) == len(said)+len(behind) {
			t.Fatal("a tunnel without a reply")
		}
		if socks && len(said)+len(behind)-len(left) > 2+2+4+1+255+2 {
			t.Fatalf("%d bytes were read of a SOCKS proxy", len(said)+len(behind)-len(left))
		}
	})
}

// newTrip is a trip that has connected to a proxy.
func newTrip(t *testing.T, p *Proxy, conn *scripted) *trip {
	t.Helper()
	f := newFetcher(t.Context(), Options{Dial: func(context.Context, string, string) (net.Conn, error) { return conn, nil }})
	t.Cleanup(f.close)
	v := &visit{f: f, ctx: t.Context(), start: time.Now()}
	spec, err := Parse("https://h.test/", Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	v.trip = trip{v: v, target: &spec.one, reply: &v.result.Reply, proxy: p, peer: &endpoint{host: "h.test", port: 443}}
	if v.trip.conn, err = f.connector.Connect(t.Context(), netip.AddrPortFrom(p.Addr, p.Port), time.Time{}); err != nil {
		t.Fatal(err)
	}
	v.trip.stream = v.trip.conn
	return &v.trip
}

// scripted is a connection that yields size bytes at a time and takes what it is
// sent.
type scripted struct {
	net.Conn
	rest []byte
	size int
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), max(1, s.size))], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (*scripted) Write(p []byte) (int, error) { return len(p), nil }
func (*scripted) SetDeadline(time.Time) error { return nil }
func (*scripted) Close() error                { return nil }

// FuzzParseProxy holds that a proxy that is read can be written and read again,
// and that its credentials never show.
func FuzzParseProxy(f *testing.F) {
	for _, text := range []string{
		"h.test", "http://u:%s@h.test:3128/", "socks5h://%s:%s@[::1]:9050", "u:%s@://h", "https://u:%s@h:x", "u:pa://%s@h",
		"http://u:%s/@h/@x", "http://%zz:%s@h", "socks5://u:%s@[::1", "u:%s@http://h",
	} {
		f.Add(text)
	}
	const secret = "s3cr3t"
	f.Fuzz(func(t *testing.T, text string) {
		// A password stands between the first colon and the last @.
		if before, after, found := cutLast(text, "@"); found && !strings.Contains(after, secret) {
			if user, _, found := strings.Cut(before, ":"); found && !strings.Contains(user, "://") {
				text = user + ":" + secret + "@" + after
			}
		}
		p, err := ParseProxy(text)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		shown := p.String()
		if strings.Contains(fmt.Sprintf("%v %s %+v", p, p, p), secret) && strings.Contains(text, secret) && !strings.Contains(strings.ToLower(p.Host), secret) {
			t.Fatalf("%q shows as %q", text, shown)
		}
		again, err := ParseProxy(shown)
		if err != nil || again.Scheme != p.Scheme || again.Host != p.Host || again.Addr != p.Addr || again.Port != p.Port {
			t.Fatalf("%q is %+v, and %q is %+v, %v", text, p, shown, again, err)
		}
		if p.isSOCKS() && p.user != nil {
			if password, _ := p.user.Password(); max(len(password), len(p.user.Username())) > maxSOCKSText {
				t.Fatal("credentials that SOCKS cannot send")
			}
		}
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// FuzzParseNoProxy holds that any list can be read, and asked about any target.
func FuzzParseNoProxy(f *testing.F) {
	for _, list := range []string{"*", "a,b", ".h.test.", "h.test:80", "127.0.0.0/8", "[::1]:81", "::ffff:127.0.0.1/104", "x y,h.test", "bücher.test"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		rules := ParseNoProxy(list)
		for _, text := range []string{"h.test", "h.test.", "xn--bcher-kva.test", "127.0.0.1", "[::1]:81", "fe80::1%lo"} {
			spec, err := Parse(text, Defaults{})
			if err != nil {
				t.Fatal(err)
			}
			direct := rules.matches(&spec.one)
			if all := list == "*"; all && !direct {
				t.Errorf("* and not %s", text)
			}
			// A list says more than its start does.
			if !strings.HasPrefix(list, "*") && direct != ParseNoProxy(list+",").matches(&spec.one) {
				t.Errorf("%q and %s: a comma at the end changes the answer", list, text)
			}
		}
	})
}
