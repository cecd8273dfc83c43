package report_test

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

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
// target's lines wait for another's.
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
	const want = `a.test header > HTTP/1.1 200 OK
a.test@192.0.2.1 header > A: 1
a.test@192.0.2.2 header > A: 2
b.test header > HTTP/1.1 200 OK
c.test header > HTTP/1.1 200 OK
d.test header > HTTP/1.1 200 OK
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
