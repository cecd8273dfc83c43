package fetch_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
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
	certificates []tls.Certificate
	mu           sync.Mutex
	asked        []string
	answers      map[string][]string
}

func (s *chainServer) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	first, err := r.Peek(1)
	if err != nil {
		return
	}
	scheme := "http"
	if first[0] == 0x16 {
		scheme = "https"
		secured := tls.Server(readFirst{conn, r}, &tls.Config{Certificates: s.certificates})
		defer secured.Close()
		conn, r = secured, bufio.NewReader(secured)
	}
	io.WriteString(conn, s.answer(scheme, r))
}

// readFirst is a connection with bytes of it read ahead.
type readFirst struct {
	net.Conn
	r io.Reader
}

func (c readFirst) Read(b []byte) (int, error) { return c.r.Read(b) }

func (s *chainServer) answer(scheme string, r *bufio.Reader) string {
	var method, target, host string
	var fields []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return ""
		}
		line = strings.TrimSpace(line)
		name, value, isField := strings.Cut(line, ": ")
		switch {
		case method == "":
			words := strings.Split(line, " ")
			method, target = words[0], words[1]
		case line == "":
			u := scheme + "://" + host + target
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked = append(s.asked, strings.TrimSpace(method+" "+u+" "+strings.Join(fields, ", ")))
			list := s.answers[u]
			if len(list) == 0 {
				return "HTTP/1.1 500 Not Expected\r\n\r\n"
			}
			if len(list) > 1 {
				s.answers[u] = list[1:]
			}
			return list[0]
		case name == "Host":
			host = value
		case isField && name != "Accept" && name != "Connection":
			fields = append(fields, line)
		}
	}
}

// certificates are those of a server that nobody trusts.
func certificates() []tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates
}

func TestChains(t *testing.T) {
	certs := certificates()
	for _, c := range chains(t) {
		t.Run(c.name, func(t *testing.T) {
			server := &chainServer{certificates: certs, answers: c.answers}
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
