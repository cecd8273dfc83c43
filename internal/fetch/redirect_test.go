package fetch_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// A chain is a case of testdata/redirect/chains.txt, whose README explains the
// format.
type chain struct {
	name    string
	start   string
	options fetch.Options
	answers map[string][]string // by URL, in order
	asked   []string
	end     string
	withheld,
	odd []string
}

func chains(t *testing.T) (list []*chain) {
	text, err := os.ReadFile("../../testdata/redirect/chains.txt")
	if err != nil {
		t.Fatal(err)
	}
	var c *chain
	for row := range strings.Lines(string(text)) {
		row = strings.TrimSpace(row)
		word, rest, _ := strings.Cut(row, " ")
		switch word {
		case "", "#":
		case "==":
			c = &chain{name: rest, answers: make(map[string][]string)}
			c.options = fetch.Options{Location: true, MaxRedirect: fetch.DefaultMaxRedirect, TLS: &tls.Config{InsecureSkipVerify: true}}
			list = append(list, c)
		case "option":
			c.option(t, rest)
		case "start":
			c.start = rest
		case ">":
			c.asked = append(c.asked, rest)
		case "end":
			c.end = rest
		case "withheld":
			c.withheld = strings.Split(rest, ", ")
		case "odd":
			c.odd = strings.Fields(rest)
		default:
			if c.start == "" {
				c.start = word
			}
			c.answers[word] = append(c.answers[word], reply(t, rest))
		}
	}
	return list
}

func (c *chain) option(t *testing.T, text string) {
	flag, value, _ := strings.Cut(text, " ")
	switch o := &c.options; flag {
	case "-X":
		o.Method = value
	case "-H":
		name, content, _ := strings.Cut(value, ":")
		o.Header = append(o.Header, fetch.Field{Name: name, Value: strings.TrimSpace(content), Remove: content == ""})
	case "--max-redirect":
		o.MaxRedirect, _ = strconv.Atoi(value)
	case "--allow-private":
		o.AllowPrivate = true
	case "--resolve":
		parts := strings.Split(value, ":")
		o.Routes = append(o.Routes, fetch.Route{Host: parts[0], Addrs: []netip.Addr{netip.MustParseAddr(parts[2])}})
	default:
		t.Fatalf("%s: no such option: %s", c.name, text)
	}
}

// reply renders a status and locations.
func reply(t *testing.T, row string) string {
	status, rest, _ := strings.Cut(row, " ")
	head := "HTTP/1.1 " + status + " X\r\n"
	for location := range strings.FieldsSeq(rest) {
		head += "location: " + strings.Trim(location, `"`) + "\r\n"
	}
	if _, err := strconv.Atoi(status); err != nil {
		t.Fatalf("no status in %q", row)
	}
	return head + "\r\n"
}

// public is the address of all names here.
const public = "198.51.100.1"

// route leads to public all names of a chain that are not led elsewhere.
func (c *chain) route() {
	texts := []string{c.start}
	for text := range c.answers {
		texts = append(texts, text)
	}
	for _, text := range texts {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		if _, err := netip.ParseAddr(u.Hostname()); err != nil && u.Hostname() != "" {
			c.options.Routes = append(c.options.Routes, fetch.Route{Host: u.Hostname(), Addrs: []netip.Addr{netip.MustParseAddr(public)}})
		}
	}
}

// A chainServer answers at all addresses and writes down what it is asked.
type chainServer struct {
	certificate tls.Certificate // that nobody trusts
	mu          sync.Mutex
	asked       []string
	answers     map[string][]string
}

func (s *chainServer) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	switch first, err := r.Peek(1); {
	case err != nil:
	case first[0] == 0x16: // a TLS handshake record
		config := &tls.Config{Certificates: []tls.Certificate{s.certificate}}
		testserver.Secure(config, func(conn net.Conn) { s.answer("https", conn) })(readFirst{conn, r})
	default:
		s.answer("http", readFirst{conn, r})
	}
}

// readFirst is a connection with bytes of it read ahead.
type readFirst struct {
	net.Conn
	r io.Reader
}

func (c readFirst) Read(b []byte) (int, error) { return c.r.Read(b) }

func (s *chainServer) answer(scheme string, conn net.Conn) {
	request, err := testserver.ReadRequest(conn)
	if err != nil {
		return
	}
	lines := strings.Split(strings.TrimSpace(request), "\r\n")
	words := strings.Split(lines[0], " ")
	host := ""
	var fields []string
	for _, line := range lines[1:] {
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "Host":
			host = value
		case "Accept", "Connection":
		default:
			fields = append(fields, line)
		}
	}
	u := scheme + "://" + host + words[1]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, strings.TrimSpace(words[0]+" "+u+" "+strings.Join(fields, ", ")))
	if len(s.answers[u]) == 0 {
		return
	}
	io.WriteString(conn, s.answers[u][0])
	if len(s.answers[u]) > 1 {
		s.answers[u] = s.answers[u][1:]
	}
}

func TestChains(t *testing.T) {
	certificate := testserver.Issue(&x509.Certificate{}, nil, testserver.ECDSA)
	for _, c := range chains(t) {
		t.Run(c.name, func(t *testing.T) {
			server := &chainServer{certificate: certificate, answers: c.answers}
			c.options.Dial = piped(server.serve)
			c.route()
			r := askOne(t, t.Context(), c.options, c.start)

			if diff := cmp.Diff(c.asked, server.asked); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			end := strconv.Itoa(r.Head.Status)
			if r.Err != nil {
				end = fmt.Sprintf("%s %s %v", r.Err.Stage, r.Err.Kind, r.Err.Err)
			}
			if want := strings.SplitN(c.end, " ", 3); end != c.end && (len(want) < 2 || !strings.HasPrefix(end, want[0]+" "+want[1]+" ") || !strings.Contains(end, want[len(want)-1])) {
				t.Errorf("ends with %s, want %s", end, c.end)
			}
			var withheld, odd []string
			for _, reply := range append(r.Hops, r.Reply) {
				withheld = append(withheld, reply.Withheld...)
			}
			for a := range r.Anomalies().All() {
				odd = append(odd, a.Name)
			}
			if !slices.Equal(withheld, c.withheld) {
				t.Errorf("withheld %q, want %q", withheld, c.withheld)
			}
			if !slices.Equal(odd, c.odd) {
				t.Errorf("odd: %q, want %q", odd, c.odd)
			}
			checkRecord(t, r)
		})
	}
}

// checkRecord holds a record to what all records of chains have in common.
func checkRecord(t *testing.T, r *fetch.Result) {
	t.Helper()
	for i, hop := range r.Hops {
		if hop.Head.Status < 301 || hop.Head.Status > 308 || len(hop.Raw) == 0 || !hop.Addr.IsValid() {
			t.Errorf("hop %d: status %d, %d bytes from %v", i, hop.Head.Status, len(hop.Raw), hop.Addr)
		}
	}
	blocked := r.Err != nil && r.Err.Kind == fetch.KindBlocked
	if blocked != !r.Addr.IsValid() || blocked != (len(r.Raw) == 0) {
		t.Errorf("%d bytes from %v, error %v", len(r.Raw), r.Addr, r.Err)
	}
	if len(r.Hops) == 0 && r.Reply.Target != r.Target {
		t.Errorf("asked %+v, which is not %+v", r.Reply.Target, r.Target)
	}
}

// leading answers the n-th connection with the n-th reply, after a pause each.
func leading(pause time.Duration, replies ...string) dialer {
	var asked atomic.Int32
	return piped(func(conn net.Conn) {
		reply := replies[min(int(asked.Add(1)), len(replies))-1]
		testserver.ReadRequest(conn)
		time.Sleep(pause)
		io.WriteString(conn, reply)
	})
}

const to204 = "HTTP/1.1 204 No Content\r\n\r\n"

// to is an answer that leads to a path.
func to(path string) string { return "HTTP/1.1 302 Found\r\nLocation: " + path + "\r\n\r\n" }

// --max-time bounds the chain, the other timeouts each request, and every
// request has times of its own.
func TestChainTimes(t *testing.T) {
	for _, c := range []struct {
		name    string
		options fetch.Options
		hops    int
		err     string
	}{
		{"enough", fetch.Options{ReadTimeout: 2 * time.Second, MaxTime: 4 * time.Second}, 2, ""},
		{"too little for all", fetch.Options{ReadTimeout: 2 * time.Second, MaxTime: 1500 * time.Millisecond}, 1, "read: timed out after 1.5s"},
		{"too little for one", fetch.Options{ReadTimeout: time.Second / 2}, 0, "read: timed out after 500ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.options.Location, c.options.MaxRedirect = true, 20
				c.options.Dial = leading(time.Second, to("/b"), to("/c"), to204)
				start := time.Now()
				r := askOne(t, t.Context(), c.options, "192.0.2.1")
				took := time.Since(start)
				time.Sleep(time.Second) // until the last server has spoken to nobody
				said := ""
				if r.Err != nil {
					said = r.Err.Error()
				}
				if len(r.Hops) != c.hops || said != c.err {
					t.Fatalf("%d hops, error %q; want %d, %q", len(r.Hops), said, c.hops, c.err)
				}
				var sum time.Duration
				for reply := range r.Replies() {
					if reply.Times.FirstByte != 0 && reply.Times.FirstByte != time.Second {
						t.Errorf("first byte after %v", reply.Times.FirstByte)
					}
					sum += reply.Times.Total
				}
				if sum != took {
					t.Errorf("the requests took %v in all, the chain %v", sum, took)
				}
			})
		})
	}
}

// A hop that fails for a passing reason is tried again, and nothing before it.
func TestChainTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fetch.Options{Location: true, MaxRedirect: 20, Tries: 3}
		o.Dial = leading(0, to("/b"), "", "", to("/c"), to204)
		r := askOne(t, t.Context(), o, "192.0.2.1")
		if r.Err != nil || r.Head.Status != 204 || len(r.Hops) != 2 || r.Tries != 1 || r.Reply.Target.Path != "/c" {
			t.Errorf("status %d of %s after %d hops in %d tries, error %v", r.Head.Status, r.Reply.Target.Path, len(r.Hops), r.Tries, r.Err)
		}
		o.Dial = leading(0, to("/b"), "")
		r = askOne(t, t.Context(), o, "192.0.2.1")
		if r.Err == nil || r.Err.Kind != fetch.KindClosed || len(r.Hops) != 1 || r.Tries != 3 || r.Hops[0].Head.Status != 302 {
			t.Errorf("%d hops, %d tries, error %v; want 1, 3, closed", len(r.Hops), r.Tries, r.Err)
		}
	})
}

// The bound on header sections is for each answer.
func TestChainMaxHeader(t *testing.T) {
	pad := func(reply string, n int) string {
		return strings.Replace(reply, "\r\n", "\r\nX: "+strings.Repeat("x", n-len(reply)-len("X: \r\n"))+"\r\n", 1)
	}
	o := fetch.Options{Location: true, MaxRedirect: 20, MaxHeader: 1000}
	o.Dial = leading(0, pad(to("/b"), 999), pad(to("/c"), 999), pad(to204, 999))
	if r := askOne(t, t.Context(), o, "192.0.2.1"); r.Err != nil || len(r.Hops) != 2 {
		t.Errorf("%d hops, error %v", len(r.Hops), r.Err)
	}
	o.Dial = leading(0, pad(to("/b"), 999), pad(to("/c"), 1001))
	if r := askOne(t, t.Context(), o, "192.0.2.1"); r.Err == nil || r.Err.Kind != fetch.KindTooLarge || len(r.Hops) != 1 {
		t.Errorf("%d hops, error %v", len(r.Hops), r.Err)
	}
}

// A hop waits for its turn at its own address, and gives up that of the one
// before.
func TestChainPerAddr(t *testing.T) {
	o := fetch.Options{Location: true, MaxRedirect: 20, PerAddr: 1}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		other := map[string]string{"192.0.2.1:80": "http://192.0.2.2/x", "192.0.2.2:80": "http://192.0.2.1/x"}[address]
		return piped(func(conn net.Conn) {
			if request, _ := testserver.ReadRequest(conn); strings.HasPrefix(request, "GET /x") {
				io.WriteString(conn, to204)
				return
			}
			io.WriteString(conn, to(other))
		})(ctx, network, address)
	}
	for _, r := range askAll(t, t.Context(), o, slices.Repeat([]string{"192.0.2.1", "192.0.2.2"}, 20)...) {
		if r.Err != nil || len(r.Hops) != 1 {
			t.Errorf("%s: %d hops, error %v", r.Target.Text, len(r.Hops), r.Err)
		}
	}
}

// A chain ends with the run.
func TestChainCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := fetch.Options{Location: true, MaxRedirect: 20}
	o.Dial = piped(func(conn net.Conn) {
		if request, _ := testserver.ReadRequest(conn); strings.HasPrefix(request, "GET / ") {
			io.WriteString(conn, to("/b"))
			return
		}
		cancel()
		testserver.Silent(conn)
	})
	r := askOne(t, ctx, o, "192.0.2.1")
	if r.Err == nil || r.Err.Kind != fetch.KindCanceled || len(r.Hops) != 1 {
		t.Errorf("%d hops, error %v", len(r.Hops), r.Err)
	}
}

// What a server makes longer and longer stays within the bounds, and so does the
// time to work it out.
func TestChainHostile(t *testing.T) {
	letters := make([]rune, 20_000)
	for i := range letters {
		letters[i] = 0x4e00 + rune(i) // each but once, which is the most work for Punycode
	}
	for _, c := range []struct {
		name, location, kind string
	}{
		{"long path", "/" + strings.Repeat("x", 200_000), ""},
		{"many segments", strings.Repeat("/x", 100_000), ""},
		{"many dots", strings.Repeat("/x/..", 50_000), ""},
		{"many escapes", "/" + strings.Repeat("\xff", 60_000), ""},
		{"many tabs", "/" + strings.Repeat("\t", 200_000) + "x", ""},
		{"long name", "http://" + strings.Repeat("a.", 100_000) + "/", "malformed"},
		{"long international name", "http://" + string(letters) + "/", "malformed"},
		{"long number", "http://" + strings.Repeat("1", 200_000) + "/", "malformed"},
		{"long port", "http://192.0.2.2:" + strings.Repeat("0", 200_000) + "80/", ""},
		{"long user", "http://" + strings.Repeat("u", 90_000) + ":" + strings.Repeat("%40", 30_000) + "@192.0.2.2/", ""},
		{"many slashes", "http:" + strings.Repeat("/", 200_000) + "192.0.2.2", ""},
		{"long scheme", strings.Repeat("s", 200_000) + ":x", "malformed"},
		{"wrong international name", "http://" + strings.Repeat("%EF%BF%BD", 300) + "/", "malformed"},
		{"many ats", "http://" + strings.Repeat("@", 200_000) + "192.0.2.2/", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := fetch.Options{Location: true, MaxRedirect: 20, ReadTimeout: time.Minute}
			o.Dial = leading(0, to(c.location), to204)
			r := askOne(t, t.Context(), o, "192.0.2.1")
			kind := ""
			if r.Err != nil {
				kind = string(r.Err.Kind)
				if size := len(r.Err.Error()); size > 1000 {
					t.Errorf("an error of %d bytes", size)
				}
			}
			if kind != c.kind {
				t.Errorf("error %v, want %q", r.Err, c.kind)
			}
		})
	}
}
