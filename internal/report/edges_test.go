package report_test

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// edgesOf are the results of one target whose addresses give these replies; an
// empty one stands for a refused connection.
func edgesOf(t *testing.T, target string, replies ...string) (list []*fetch.Result) {
	t.Helper()
	for i, reply := range replies {
		r := ask(t, target, []byte(reply))
		if reply == "" {
			r.Err = &fetch.Error{Stage: fetch.StageConnect, Kind: fetch.KindRefused, Err: io.EOF}
		}
		r.Edge = &fetch.Edge{N: i, Of: len(replies), Addr: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i+1))}
		list = append(list, r)
	}
	return list
}

func TestLinesOfEdges(t *testing.T) {
	list := append(
		edgesOf(
			t, "a.test",
			"HTTP/1.1 200 OK\r\nServer: x\r\nDate: 1\r\nX-At: a\r\nVia: v\r\n w\r\n\r\n",
			"HTTP/1.1 200 OK\r\nServer: x\r\nDate: 2\r\nVia: v\r\n w\r\n\r\n",
			"",
			"HTTP/1.1 200 OK\r\nServer: x\r\nDate: 2\r\nX-At: b\r\nX-At: c\r\nVia: v\r\n w\r\n\r\n",
		),
		append(edgesOf(t, "b.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 503 No\r\n\r\n"), edgesOf(t, "c.test", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n")...)...,
	)
	const want = `a.test header > HTTP/1.1 200 OK
a.test header > Server: x
a.test@192.0.2.1 header > Date: 1
a.test@192.0.2.2 header > Date: 2
a.test@192.0.2.4 header > Date: 2
a.test@192.0.2.1 header > X-At: a
a.test@192.0.2.4 header > X-At: b
a.test@192.0.2.4 header > X-At: c
a.test header > Via: v
a.test header >  w
b.test@192.0.2.1 header > HTTP/1.1 200 OK
b.test@192.0.2.2 header > HTTP/1.1 503 No
c.test header > HTTP/1.1 200 OK
c.test header > A: b
`
	out, stderr, s, _ := drain(list, format(t, "lines"), report.Options{})
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if want := "a.test@192.0.2.3 error > connect: EOF\n"; string(stderr) != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	if got, want := s.Line(0), "3 hosts, 7 addresses: 6 answered, 1 failed in 0.00 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	coloured, _, _, _ := drain(list[:4], format(t, "lines"), report.Options{Color: true})
	for _, want := range []string{
		"header > \x1b[38;5;67mDate\x1b[0m: 1\n", "header > \x1b[38;5;67mX-At\x1b[0m\x1b[38;5;130m: a\x1b[0m\n",
	} {
		if !bytes.Contains(coloured, []byte(want)) {
			t.Errorf("no %q in\n%q", want, coloured)
		}
	}
}

// Addresses that do not match leave the others whole, the last one too, and no
// target's lines wait for another's. What is shown is not what all agree on, so each
// line names its address.
func TestLinesOfEdgesThatMatch(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA: 2\r\n\r\n", "HTTP/1.1 503 No\r\n\r\n")
	for i, more := range [][]*fetch.Result{
		edgesOf(t, "b.test", "HTTP/1.1 503 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
		{ask(t, "c.test", []byte("HTTP/1.1 200 OK\r\n\r\n"))},
		edgesOf(t, "d.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 503 No\r\n\r\n"),
	} {
		for _, r := range more {
			r.Target.Index = i + 1
			list = append(list, r)
		}
	}
	const want = `a.test@192.0.2.1 header > HTTP/1.1 200 OK
a.test@192.0.2.2 header > HTTP/1.1 200 OK
a.test@192.0.2.1 header > A: 1
a.test@192.0.2.2 header > A: 2
b.test@192.0.2.2 header > HTTP/1.1 200 OK
c.test header > HTTP/1.1 200 OK
d.test@192.0.2.1 header > HTTP/1.1 200 OK
`
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{Match: []*report.Condition{condition(t, "status == 200")}})
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

// Keys are said once where the addresses agree, and of addresses that failed too.
func TestKeysOfEdges(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n")
	const want = `a.test header > A: 1
a.test@192.0.2.1 proto > HTTP/1.1
a.test@192.0.2.3 proto > HTTP/1.1
a.test@192.0.2.1 edge.n > 0
a.test@192.0.2.2 edge.n > 1
a.test@192.0.2.3 edge.n > 2
a.test@192.0.2.2 error.kind > refused
a.test edge.of > 3
`
	out, stderr, _, _ := drain(list, format(t, "lines"), report.Options{Columns: columns(t, "a,proto,edge.n,error.kind,error,edge.of")})
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if want := "a.test@192.0.2.2 error > connect: EOF\n"; string(stderr) != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// Fields by the ten thousand, each with a name of its own, are compared all the
// same, in time that grows with their number.
func TestEdgesOfManyFields(t *testing.T) {
	var head strings.Builder
	head.WriteString("HTTP/1.1 200 OK\r\n")
	for i := range 18_000 {
		fmt.Fprintf(&head, "x%d: %d\r\n", i, i)
	}
	head.WriteString("\r\n")
	list := edgesOf(t, "a.test", head.String(), head.String(), head.String())
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{})
	if n := bytes.Count(out, []byte("\n")); n != 18_001 || bytes.Contains(out, []byte("@")) {
		t.Errorf("%d lines, want 18001 of the plain label", n)
	}
}

// Where some addresses are not shown, the others speak for themselves alone, and the
// last address may be among those that are not.
func TestLinesOfSomeEdges(t *testing.T) {
	list := append(
		edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 503 No\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"),
		append(edgesOf(t, "b.test", "HTTP/1.1 503 No\r\n\r\n", ""), edgesOf(t, "c.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")...)...,
	)
	for match, want := range map[string]string{
		"status == 503": "a.test@192.0.2.2 header > HTTP/1.1 503 No\na.test@192.0.2.2 header > A: b\nb.test@192.0.2.1 header > HTTP/1.1 503 No\n",
		"status == 200 && target == 'a.test'": "a.test@192.0.2.1 header > HTTP/1.1 200 OK\na.test@192.0.2.3 header > HTTP/1.1 200 OK\n" +
			"a.test@192.0.2.1 header > A: b\na.test@192.0.2.3 header > A: b\n",
		"status == 200 && target != 'a.test'": "c.test header > HTTP/1.1 200 OK\n",
		"error != ''":                         "",
	} {
		out, _, s, _ := drain(list, format(t, "lines"), report.Options{Match: []*report.Condition{condition(t, match)}})
		if diff := cmp.Diff(want, string(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", match, diff)
		}
		if s.Total() != len(list) {
			t.Errorf("%s: %d results", match, s.Total())
		}
	}
}

// Chains that go the same way are said once, but for what differs in them; others
// one after another. A chain that ends in a failure is shown too.
func TestChainsOfEdges(t *testing.T) {
	first := func(to, at string) []byte {
		return []byte("HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nX-At: " + at + "\r\n\r\n")
	}
	ok := []byte("HTTP/1.1 200 OK\r\n\r\n")
	number := func(list ...*fetch.Result) []*fetch.Result {
		for i, r := range list {
			r.Edge = &fetch.Edge{N: i, Of: len(list), Addr: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i+1))}
		}
		return list
	}
	for want, list := range map[string][]*fetch.Result{
		`a.test header > HTTP/1.1 302 Found
a.test header > Location: /b
a.test@192.0.2.1 header > X-At: 1
a.test@192.0.2.2 header > X-At: 2
a.test redirect > http://a.test/b
a.test@192.0.2.1 header > HTTP/1.1 200 OK
`: number(ask(t, "a.test", first("/b", "1"), ok), ask(t, "a.test", first("/b", "2"), nil)),
		`a.test@192.0.2.1 header > HTTP/1.1 302 Found
a.test@192.0.2.1 header > Location: /b
a.test@192.0.2.1 header > X-At: 1
a.test@192.0.2.1 redirect > http://a.test/b
a.test@192.0.2.2 header > HTTP/1.1 302 Found
a.test@192.0.2.2 header > Location: /c
a.test@192.0.2.2 header > X-At: 1
a.test@192.0.2.2 redirect > http://a.test/c
a.test header > HTTP/1.1 200 OK
`: number(ask(t, "a.test", first("/b", "1"), ok), ask(t, "a.test", first("/c", "1"), ok)),
	} {
		out, _, _, _ := drain(list, format(t, "lines"), report.Options{})
		if diff := cmp.Diff(want, string(out)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// In colour the values of few addresses stand out from those of most.
func TestFewEdgesStandOut(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "HTTP/1.1 404 No\r\nServer: y\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")
	const few, most = "\x1b[38;5;130m", "\x1b[38;5;243m"
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{Color: true})
	for text, want := range map[string]int{
		most + ": x": 2, few + ": y": 1, most + "HTTP/1.1 \x1b": 2, few + "HTTP/1.1 \x1b": 1, few + " No": 1,
	} {
		if got := bytes.Count(out, []byte(text)); got != want {
			t.Errorf("%q comes %d times, not %d:\n%q", text, got, want, out)
		}
	}
}

// With -v, an address that lacks what most have is told.
func TestAbsentFromEdges(t *testing.T) {
	list := edgesOf(
		t, "a.test", "HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nDate: 1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: 2\r\nB: 1\r\nDate: 1\r\n\r\n", "",
	)
	_, stderr, _, _ := drain(list, format(t, "json"), report.Options{Verbose: true})
	if want := "a.test@192.0.2.2 absent > a, b\n"; string(stderr) != want {
		t.Errorf("%q, want %q", stderr, want)
	}
}

// Every format says which address a result is of.
func TestEdgesAreNamed(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "HTTP/1.1 404 No\r\nServer: x\r\n\r\n", "")
	for _, r := range list {
		r.Addr = netip.AddrPortFrom(r.Edge.Addr, 80)
	}
	for name, want := range map[string]string{
		"table": "a.test@192.0.2.3  -       -       -         connect: EOF\n",
		"csv":   "a.test,http://a.test/,192.0.2.3:80,,,,0.",
		"json":  `"edge":{"n":2,"of":3},"url":"http://a.test/","addr":"192.0.2.3:80"`,
	} {
		if out, _, _, _ := drain(list, format(t, name), report.Options{}); !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s: no %q in\n%s", name, want, out)
		}
	}
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{Group: new(report.GroupBy)})
	if want := "hosts > 1: a.test@192.0.2.2\n"; !bytes.Contains(out, []byte(want)) {
		t.Errorf("no %q in\n%s", want, out)
	}
}

// The address of a record is that of its first hop, unless that is a proxy's.
func TestRecordedEdge(t *testing.T) {
	r := ask(t, "a.test", []byte("HTTP/1.1 302 Found\r\nLocation: http://b.test/\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\n"))
	r.Edge = &fetch.Edge{N: 1, Of: 2, Addr: netip.MustParseAddr("192.0.2.7")}
	for proxy, addr := range map[string]string{"": "192.0.2.7:80", "socks5://192.0.2.9:1080": "192.0.2.9:1080"} {
		r.Hops[0].Proxy, r.Hops[0].Addr = proxy, netip.MustParseAddrPort(addr)
		if got := recorded(t, []*fetch.Result{r}, report.Options{})[0].Edge; *got != *r.Edge {
			t.Errorf("%s: %+v, want %+v", proxy, got, r.Edge)
		}
	}
}

// What a server can send takes time in proportion, whatever the names.
func TestEdgesWithManyNames(t *testing.T) {
	head := []byte("HTTP/1.1 200 OK\r\n:empty\r\n")
	for i := range 20_000 {
		head = fmt.Appendf(head, "%d:\r\n", i)
	}
	head = append(head, "\r\n"...)
	list := edgesOf(t, "a.test", string(head), string(head), string(head), "HTTP/1.1 200 OK\r\n\r\n")
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{Verbose: true})
	if got, want := bytes.Count(out, []byte("\n")), 1+3+3*20_000; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

// Records of some of the addresses only, as an earlier run can have left, are each a host's that
// is told when the next one comes.
func TestRecordsOfSomeEdges(t *testing.T) {
	var list []*fetch.Result
	for i := range 4 {
		r := edgesOf(t, fmt.Sprintf("h%d.test", i), "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 404 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")[i%2]
		r.Target.Index = i / 2 // as without an index in some of them
		list = append(list, r)
	}
	checks := []report.Check{{Condition: condition(t, "status == 404"), Want: true}}
	out, stderr, s, _ := drain(list, format(t, "lines"), report.Options{Checks: checks, Verbose: true})
	const want = `h0.test@192.0.2.1 header > HTTP/1.1 200 OK
h0.test@192.0.2.1 header > A: b
h1.test@192.0.2.2 header > HTTP/1.1 404 No
h2.test@192.0.2.1 header > HTTP/1.1 200 OK
h2.test@192.0.2.1 header > A: b
h3.test@192.0.2.2 header > HTTP/1.1 404 No
`
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if bytes.Contains(stderr, []byte("absent")) {
		t.Errorf("hosts are compared with each other:\n%s", stderr)
	}
	if got, want := s.Line(0), "4 hosts, 4 addresses: 4 answered, 0 failed in 0.00 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := s.Checks.String(), "checks: 2 of 4 hosts failed: status == 404 (2)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// They are written as they come, however many there are.
func TestRecordsOfSomeEdgesAreFlat(t *testing.T) {
	r := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")[0]
	feed := make(chan *fetch.Result, 5000)
	for i := range cap(feed) {
		further := *r
		further.Target.Index = i
		feed <- &further
	}
	close(feed)
	out := &device{room: -1}
	if _, err := report.Drain(feed, nil, []report.Sink{{Format: format(t, "json"), Out: out}}, io.Discard, report.Options{}, func(error) {}); err != nil {
		t.Fatal(err)
	}
	for _, written := range out.writes {
		if len(written) > 64<<10 {
			t.Fatalf("%d bytes were written at once", len(written))
		}
	}
}
