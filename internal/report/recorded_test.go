package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// recorded makes results of the records of results.
func recorded(t *testing.T, list []*fetch.Result, o report.Options) (again []*fetch.Result) {
	t.Helper()
	out, _, _, err := drain(list, format(t, "json"), o)
	if err != nil {
		t.Fatal(err)
	}
	for record, err := range report.Records(bytes.NewReader(out)) {
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, record.Result())
	}
	return again
}

// Records with the sections show in every format as the results did; so do those
// without, in formats that show parsed fields.
func TestRecordedShowsAlike(t *testing.T) {
	list := results(t)
	list = append(list, edgesOf(t, "edges.test", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: c\r\n\r\n", "")...)
	for i := range list {
		list[i].Target.Index = i
		if e := list[i].Edge; e != nil {
			list[i].Target.Index = list[i-e.N].Target.Index
			list[i].Addr = netip.AddrPortFrom(e.Addr, 80)
		}
		for k := range list[i].Hops { // a record has no room for it
			list[i].Hops[k].Withheld = nil
		}
		list[i].Withheld = nil
	}
	everything := recorded(t, list, report.Options{IncludeRaw: true})
	parts := recorded(t, list, report.Options{})
	for _, f := range report.Formats() {
		want, wantErr, wantSummary, _ := drain(list, f, report.Options{Verbose: true})
		got, gotErr, gotSummary, _ := drain(everything, f, report.Options{Verbose: true})
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-result +recorded):\n%s", f.Name, diff)
		}
		if diff := cmp.Diff(string(wantErr), string(gotErr)); diff != "" {
			t.Errorf("%s, stderr (-result +recorded):\n%s", f.Name, diff)
		}
		if want, got := wantSummary.Line(0)+wantSummary.Breakdown(), gotSummary.Line(0)+gotSummary.Breakdown(); want != got {
			t.Errorf("%s: closing lines %q, want %q", f.Name, got, want)
		}
		if slices.Contains([]string{"lines", "raw", "csv", "table"}, f.Name) {
			continue // names, order and bytes are not all in the record
		}
		got, _, _, _ = drain(parts, f, report.Options{})
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s without raw (-result +recorded):\n%s", f.Name, diff)
		}
	}
}

// A record with pairs keeps names and order without the sections.
func TestRecordedPairs(t *testing.T) {
	list := []*fetch.Result{ask(t, "a.test", []byte("HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\nb: 3\r\n\r\n"))}
	want, _, _, _ := drain(list, format(t, "lines"), report.Options{})
	got, _, _, _ := drain(recorded(t, list, report.Options{Pairs: true}), format(t, "lines"), report.Options{})
	if string(want) != string(got) {
		t.Errorf("%s, want %s", got, want)
	}
}

// A record of somebody else's is shown as far as it goes, and cannot add lines.
func TestRecordedForeign(t *testing.T) {
	for _, text := range []string{
		`{"target":"a.test"}`,
		`{"target":"a.test","url":"nonsense://","status":-5,"proto":"HTTP/1.1"}`,
		`{"target":"a.test","status":99999,"proto":"HTTP/9","headers":{"x":["a\r\nb: c\n\n"],"":[""],"a b":["c"]}}`,
		`{"target":"a.test","proto":"HTTP/1.1","status":200,"raw":"AAAA","interim":[{}],"hops":[{}],"tls":{},"error":{},"edge":{"n":7,"of":2}}`,
		`{"target":"a.test","proto":"HTTP/2","raw":"SFRUUC8yIHgNCg0KSFRUUC8yIDIwMA0KDQo="}`,
		`{"target":"a.test","status":200,"proto":"\"\nb: c","reason":"OK\r\nb: c\n","headers":{}}`,
		`{"target":"a.test","addr":"[fe80::1%\"\\]:80","edge":{"n":0,"of":1},"error":{"stage":"\"","kind":"\\","message":"x"}}`,
		`{"target":"a.test","proto":"HTTP/2","raw":"SFRUUC8yIDEwMw0KDQoNCg0K"}`, // whose second section is empty
		`{"target":"a.test","seconds":{"dns":-0.5,"first_byte":-1e300,"total":1e300}}`,
	} {
		for record, err := range report.Records(strings.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Formats() {
				out, _, s, err := drainForeign([]*fetch.Result{record.Result()}, f, report.Options{Verbose: true})
				if err != nil || s.Total() != 1 || bytes.Contains(out, []byte("\nb: c")) {
					t.Errorf("%s: %s: %v, %q", f.Name, text, err, out)
				}
				if f.Name == "json" && !json.Valid(out) {
					t.Errorf("%s: %q is not JSON", text, out)
				}
			}
		}
	}
}

// Whatever a file of records holds, every format shows it without a panic and without a control character, and its JSON
// can be read back.
func FuzzRecords(f *testing.F) {
	list := results(f)
	for _, o := range []report.Options{{IncludeRaw: true}, {Pairs: true}} {
		out, _, _, err := drainForeign(list, format(f, "json"), o)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(out) {
			f.Add(line)
		}
	}
	f.Add([]byte(`{"target":"a.test","status":200}`))
	f.Add([]byte(`{"target":"a.test","status":200,"server":["a"],"header.via":["x","y\n"],"x":null,"error.kind":null}`))
	f.Add([]byte(`{"target":"a.test","raw":"SFRUUC8xLjEgMTAzIEhpDQoNCg=="}`)) // an interim section alone
	f.Add([]byte(`{"target":"a.test","status":200,"raw":"SFRUUC8xLjEgMTAzIEhpDQoNCg=="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for record, err := range report.Records(bytes.NewReader(text)) {
			if err != nil || record.Check() != nil {
				continue
			}
			showRecord(t, record)
		}
	})
}

func showRecord(t *testing.T, record *report.Record) {
	list := []*fetch.Result{record.Result()}
	for _, f := range report.Formats() {
		for _, o := range []report.Options{{IncludeRaw: true, Verbose: true, Detailed: true}, {Group: new(report.GroupBy)}} {
			out, stderr, _, err := drainForeign(list, f, o)
			if err != nil {
				t.Fatal(err)
			}
			if isText := !f.Binary && f.Name != "json"; isText && bytes.ContainsAny(out, "\x1b\r\x00") || bytes.ContainsAny(stderr, "\x1b\r\x00") {
				t.Errorf("%s: %q, and on stderr %q", f.Name, out, stderr)
			}
			if f.Name != "json" {
				continue
			}
			for again, err := range report.Records(bytes.NewReader(out)) {
				if err != nil || again.Check() != nil {
					t.Errorf("%s cannot be read back: %v, %v", out, err, again.Check())
				}
			}
		}
	}
}

// Interim sections and anomalies come back without the bytes, also where no final section came.
func TestRecordedWithoutTheBytes(t *testing.T) {
	for _, answers := range [][]string{
		{"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"},
		{"HTTP/1.1 103 Early Hints\nLink: a\n\n"},
		{"HTTP/1.1 302 Found\nLocation: /x\n\n", ""},
		{"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "HTTP/1.1 103 Early Hints\nLink: a\n\n"},
	} {
		var replies [][]byte
		for _, answer := range answers {
			replies = append(replies, []byte(answer))
		}
		list := []*fetch.Result{ask(t, "a.test", replies...)}
		want, wantErr, _, _ := drain(list, format(t, "json"), report.Options{Verbose: true})
		got, gotErr, _, _ := drain(recorded(t, list, report.Options{}), format(t, "json"), report.Options{Verbose: true})
		if string(got) != string(want) || string(gotErr) != string(wantErr) {
			t.Errorf("%q (-result +recorded):\n%s%s", answers, cmp.Diff(string(want), string(got)), cmp.Diff(string(wantErr), string(gotErr)))
		}
	}
}

// A record of chosen fields is read with what is absent, and says nothing of what it does not
// hold.
func TestRecordedChosenFields(t *testing.T) {
	list := []*fetch.Result{ask(t, "a.test", []byte("HTTP/1.1 200 OK\r\n\r\n")), ask(t, "b.test", []byte(""))}
	out, _, _, err := drain(list, format(t, "json"), report.Options{Columns: columns(t, "target,status,error,headers,interim,hops,tls,fields")})
	if err != nil {
		t.Fatal(err)
	}
	var again []*fetch.Result
	for record, err := range report.Records(bytes.NewReader(out)) {
		if err != nil || record.Check() != nil {
			t.Fatal(err, record.Check())
		}
		again = append(again, record.Result())
	}
	_, _, s, _ := drain(again, format(t, "lines"), report.Options{})
	if got, want := s.Line(0)+s.Breakdown(), "2 hosts: 1 answered, 1 failed in 0.00 sstatus: 2xx 1\nfailed: closed 1\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A last line without a line end is called cut short only if it is.
func TestRecordsCutShort(t *testing.T) {
	for text, cut := range map[string]bool{
		`{"target":"a.te`: true, `{"target":"a.test"`: true, `{"status":2`: true, `{"a":tru`: true, "{": true,
		`{"target":"a.test","status":"200"}`: false, `{"status":200}x`: false, `[]`: false, `{]`: false,
	} {
		for _, err := range report.Records(strings.NewReader(text)) {
			if err == nil || errors.Is(err, io.ErrUnexpectedEOF) != cut {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
