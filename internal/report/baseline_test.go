package report_test

import (
	"bytes"
	"errors"
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
	baseline, err := report.ReadBaseline(bytes.NewReader(records), true)
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

// What a run did not come to is not gone, whatever kept it from there.
func TestBaselineOfAPart(t *testing.T) {
	before := fleet(t, head("A: b"), head("A: b"), head("A: b"))
	records, _, _, _ := drain(before, format(t, "json"), report.Options{})
	for partial, want := range map[bool]string{
		true:  "~ h0.test status: 200 -> 503\n1 changed, 0 fails, 0 new, 0 gone, 0 as before\n",
		false: "~ h0.test status: 200 -> 503\n- 2 hosts (h1.test, h2.test)\n1 changed, 0 fails, 0 new, 2 gone, 0 as before\n",
	} {
		baseline, err := report.ReadBaseline(bytes.NewReader(records), true)
		if err != nil {
			t.Fatal(err)
		}
		now := fleet(t, strings.Replace(head("A: b"), "200", "503", 1))
		got, _, _, _ := drain(now, format(t, "lines"), report.Options{Baseline: baseline, Partial: func() bool { return partial }})
		if string(got) != want {
			t.Errorf("partial %t: %s, want %s", partial, got, want)
		}
	}
}

// Of several records of a target the last one counts, with all its addresses; without an index
// they are of several targets.
func TestBaselineSuperseded(t *testing.T) {
	const ok = `,"url":"http://a.test/","status":200,"proto":"HTTP/1.1","headers":{}`
	const failed = `,"url":"http://a.test/","error":{"stage":"connect","kind":"refused","message":"x"}`
	for _, c := range []struct{ before, now, want string }{
		{`{"index":0,"target":"a.test"` + failed + "}\n" + `{"index":0,"target":"a.test"` + ok + "}\n", `{"index":0,"target":"a.test"` + ok + "}\n", "0 changed, 0 fails, 0 new, 0 gone, 1 as before\n"},
		{
			`{"index":3,"target":"a.test"` + failed + "}\n" +
				`{"index":3,"target":"a.test","edge":{"n":0,"of":2},"addr":"192.0.2.1:80"` + ok + "}\n" + `{"index":3,"target":"a.test","edge":{"n":1,"of":2},"addr":"192.0.2.2:80"` + ok + "}\n",
			`{"index":3,"target":"a.test","edge":{"n":0,"of":2},"addr":"192.0.2.1:80"` + ok + "}\n" + `{"index":3,"target":"a.test","edge":{"n":1,"of":2},"addr":"192.0.2.2:80"` + ok + "}\n",
			"0 changed, 0 fails, 0 new, 0 gone, 2 as before\n",
		},
		{`{"target":"a.test"` + ok + "}\n" + `{"target":"a.test"` + ok + "}\n", `{"target":"a.test"` + ok + "}\n", "- a.test\n0 changed, 0 fails, 0 new, 1 gone, 1 as before\n"},
	} {
		baseline, err := report.ReadBaseline(strings.NewReader(c.before), true)
		if err != nil {
			t.Fatal(err)
		}
		if got := showRecords(t, c.now, report.Options{Baseline: baseline}); got != c.want {
			t.Errorf("%s: %s, want %s", c.before, got, c.want)
		}
	}
}

// showRecords is what the lines format shows of records.
func showRecords(t *testing.T, text string, o report.Options) string {
	t.Helper()
	var list []*fetch.Result
	for record, err := range report.Records(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, record.Result())
	}
	out, _, _, err := drainForeign(list, format(t, "lines"), o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Lines that are no targets are told apart by their text, since they have no URL.
func TestBaselineOfBadTargets(t *testing.T) {
	bad := func(text string) *fetch.Result { return ask(t, text) }
	before := []*fetch.Result{bad("a b"), bad("c d")}
	got, _ := changesSince(t, "lines", before, []*fetch.Result{bad("c d"), bad("e f")})
	if want := "+ e f\n- a b\n0 changed, 0 fails, 1 new, 1 gone, 1 as before\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	again := recorded(t, before[:1], report.Options{})
	if told := failures(t, report.Check{Condition: condition(t, `url == "" && scheme == "" && error == "bad_target"`), Want: true}, again...); told != nil {
		t.Errorf("%q", told)
	}
}

// A field that has the name of an error is a field.
func TestBaselineOfAFieldError(t *testing.T) {
	got, _ := changesSince(t, "lines", fleet(t, head("A: b")), fleet(t, head("A: b\r\nError: x")))
	if want := "~ h0.test + error\n1 changed, 0 fails, 0 new, 0 gone, 0 as before\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A host whose addresses are not found now, or were not then, is compared as a whole.
func TestBaselineOfLostAddresses(t *testing.T) {
	edges := edgesOf(t, "a.test", head("A: b"), head("A: b"))
	for _, r := range edges {
		r.Addr = netip.AddrPortFrom(r.Edge.Addr, 80)
	}
	lost := ask(t, "a.test", []byte(head("A: b")))
	lost.Err = &fetch.Error{Stage: fetch.StageDNS, Kind: fetch.KindTimeout, Err: errors.New("no answer")}
	lost.Reply.Head, lost.Raw = fetch.Head{}, nil
	one := edgesOf(t, "a.test", head("A: b"))
	one[0].Addr = netip.AddrPortFrom(one[0].Edge.Addr, 80)
	for _, c := range []struct {
		before, now []*fetch.Result
		want        string
	}{
		{edges, []*fetch.Result{lost}, "! a.test error: dns: timeout\n0 changed, 1 fails, 0 new, 0 gone, 0 as before\n"},
		{
			[]*fetch.Result{lost},
			edges,
			"~ 2 hosts (a.test@192.0.2.1, a.test@192.0.2.2) error: dns: timeout -> answers with 200\n2 changed, 0 fails, 0 new, 0 gone, 0 as before\n",
		},
		{edges, one, "- a.test@192.0.2.2\n0 changed, 0 fails, 0 new, 1 gone, 1 as before\n"},
	} {
		if got, _ := changesSince(t, "lines", c.before, c.now); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// Of records of chosen fields no more is compared than what both have.
func TestBaselineOfChosenFields(t *testing.T) {
	old := `{"target":"h0.test","status":200}` + "\n" + `{"target":"h1.test","status":200,"headers":{}}` + "\n" + `{"target":"h2.test","status":404}` + "\n"
	baseline, err := report.ReadBaseline(strings.NewReader(old), true)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _, _ := drain(fleet(t, head("A: b"), head("A: b"), head("A: b")), format(t, "lines"), report.Options{Baseline: baseline})
	if want := "~ h1.test + a\n~ h2.test status: 404 -> 200\n2 changed, 0 fails, 0 new, 0 gone, 1 as before\n"; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	whole, _, _, _ := drain(fleet(t, head("A: b"), head("A: b"), head("Status: 200 OK")), format(t, "json"), report.Options{})
	if baseline, err = report.ReadBaseline(bytes.NewReader(whole), true); err != nil {
		t.Fatal(err)
	}
	bare := strings.ReplaceAll(strings.ReplaceAll(old, "404", "200"), `,"headers":{}`, "")
	if got, want := showRecords(t, bare, report.Options{Baseline: baseline}), "0 changed, 0 fails, 0 new, 0 gone, 3 as before\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Header fields that were chosen are read back, for checks and for comparing.
func TestChosenHeaderFields(t *testing.T) {
	list := fleet(t, head("Server: a\r\nVia: x\r\nVia: y\r\nStatus: 200 OK"), head("A: b"))
	out, _, _, err := drain(list, format(t, "json"), report.Options{Columns: columns(t, "target,status,server,header.via,Status")})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	if got, want := showRecords(t, text, report.Options{}), "h0.test header > HTTP/1.1 200\nh0.test header > server: a\nh0.test header > via: x\nh0.test header > via: y\nh0.test header > status: 200 OK\nh1.test header > HTTP/1.1 200\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	spaced := strings.NewReplacer(`":`, `" : `, `,"`, ` , "`).Replace(text)
	for _, c := range []struct{ before, now, want string }{
		{text, spaced, "0 changed, 0 fails, 0 new, 0 gone, 2 as before\n"},
		{text, text, "0 changed, 0 fails, 0 new, 0 gone, 2 as before\n"},
		{strings.Replace(text, `"a"`, `"OLD"`, 1), text, "~ h0.test server: OLD -> a\n1 changed, 0 fails, 0 new, 0 gone, 1 as before\n"},
	} {
		baseline, err := report.ReadBaseline(strings.NewReader(c.before), false)
		if err != nil {
			t.Fatal(err)
		}
		if got := showRecords(t, c.now, report.Options{Baseline: baseline}); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// Where both sides are read, each of several records is held against its like.
func TestBaselineOfEveryRecord(t *testing.T) {
	const records = `{"index":0,"target":"a.test","error":{"stage":"connect","kind":"refused","message":"x"}}` + "\n" + `{"index":0,"target":"a.test","status":200}` + "\n"
	baseline, err := report.ReadBaseline(strings.NewReader(records), false)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := showRecords(t, records, report.Options{Baseline: baseline}), "0 changed, 0 fails, 0 new, 0 gone, 2 as before\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
