package report_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"wget/internal/fetch"
	"wget/internal/report"
)

// changesSince shows what became of hosts since earlier results.
func changesSince(t *testing.T, name string, before, now []*fetch.Result) (string, report.Summary) {
	t.Helper()
	records, _, _, _ := drain(before, format(t, "json"), report.Options{})
	baseline, err := report.ReadBaseline(bytes.NewReader(records))
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, s, err := drain(now, format(t, name), report.Options{Baseline: baseline})
	if err != nil || len(stderr) > 0 {
		t.Fatalf("error %v, stderr %s", err, stderr)
	}
	return string(out), s
}

// fleet is an answer of each host; an empty reply is a failure.
func fleet(t *testing.T, replies ...string) (list []*fetch.Result) {
	for i, reply := range replies {
		if reply != "-" {
			list = append(list, ask(t, fmt.Sprintf("h%d.test", i), []byte(reply)))
		}
	}
	return list
}

func head(fields string) string { return "HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n" }

func TestBaseline(t *testing.T) {
	before := fleet(
		t,
		head("Server: a/1\r\nDate: x\r\nSet-Cookie: s=1; Path=/\r\nX-A: 1\r\nServer: b"),
		head("Server: a/1"), head("Server: a/1"), head("Server: a/1"), head("X-A: 1\r\nX-B: 2"),
		"", "", head("A: b"), head("Server: x\r\nX-Old: 1"),
	)
	now := fleet(
		t,
		head("Server: a/1\r\nDate: y\r\nSet-Cookie: s=2; path=/\r\nX-A: 7\r\nServer: b"),
		head("Server: a/2"), head("Server: a/2"), "", head("X-B: 2\r\nX-A: 1"),
		head("A: b"), "SSH-2.0\r\n", "-", strings.Replace(head("Server: x\r\nX-New: 1"), "200", "503", 1),
		head("A: b"),
	)
	const want = `~ 2 hosts (h1.test, h2.test) server: a/1 -> a/2
~ h4.test + order of the fields
~ h5.test error: read: closed -> answers with 200
~ h6.test error: read: closed -> head: malformed
~ h8.test status: 200 -> 503
~ h8.test - x-old
~ h8.test + x-new
! h3.test error: read: closed
+ h9.test
- h7.test
6 changed, 1 fails, 1 new, 1 gone, 1 as before
`
	got, s := changesSince(t, "lines", before, now)
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if s.Changes != 9 {
		t.Errorf("%d changes, want 9", s.Changes)
	}
	objects, _ := changesSince(t, "json", before, now)
	for _, want := range []string{
		`{"target":"h1.test","url":"http://h1.test/","change":"changed","changes":[{"field":"server","old":"a/1","new":"a/2"}]}` + "\n",
		`{"target":"h3.test","url":"http://h3.test/","change":"fails","changes":[{"field":"error","new":"read: closed"}]}` + "\n",
		`{"target":"h9.test","url":"http://h9.test/","change":"new"}` + "\n", `{"target":"h7.test","change":"gone"}` + "\n",
	} {
		if !strings.Contains(objects, want) {
			t.Errorf("no %s in\n%s", want, objects)
		}
	}
	if n := strings.Count(objects, "\n"); n != 9 {
		t.Errorf("%d objects, want 9", n)
	}
}

// Two runs of a fleet that did not change say nothing, whatever the odd replies.
func TestBaselineOfTheSame(t *testing.T) {
	list := results(t)
	for _, r := range edgesOf(t, "edges.test", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: c\r\n\r\n") {
		r.Addr = netip.AddrPortFrom(r.Edge.Addr, 80)
		list = append(list, r)
	}
	got, s := changesSince(t, "lines", list, list)
	if want := fmt.Sprintf("0 changed, 0 fails, 0 new, 0 gone, %d as before\n", len(list)); got != want || s.Changes != 0 {
		t.Errorf("%s, %d changes, want %s", got, s.Changes, want)
	}
	if got, _ := changesSince(t, "json", list, list); got != "" {
		t.Error(got)
	}
}
