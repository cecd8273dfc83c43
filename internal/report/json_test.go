package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// inJSON shows a result and reads it back.
func inJSON(t *testing.T, r *fetch.Result) (string, report.Record) {
	t.Helper()
	out, _, _, err := drain([]*fetch.Result{r}, format(t, "json"), report.Options{IncludeRaw: true})
	if err != nil {
		t.Fatal(err)
	}
	line, found := strings.CutSuffix(string(out), "\n")
	if !found || strings.Contains(line, "\n") {
		t.Fatalf("not one line: %q", out)
	}
	if c, bad := unsafe(line); bad {
		t.Errorf("%q shows %U", line, c)
	}
	var got report.Record
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return line, got
}

// text reads bytes as UTF-8 if they are that, and as Latin-1 if not.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// lower puts the ASCII letters of a name in lower case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// byName maps each name to its values; it is nil where there is no section.
func byName(fields report.Fields) map[string][]string {
	if fields == nil {
		return nil
	}
	values := make(map[string][]string)
	for _, f := range fields {
		values[f.Name] = append(values[f.Name], f.Value)
	}
	return values
}

// keys are the names in headers, in the order in which they stand.
func keys(t *testing.T, line string) []string {
	t.Helper()
	var outer map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &outer); err != nil {
		t.Fatal(err)
	}
	if outer["headers"] == nil {
		return nil
	}
	var names []string
	d := json.NewDecoder(bytes.NewReader(outer["headers"]))
	depth := 0
	for {
		token, err := d.Token()
		if err != nil {
			return names
		}
		switch token := token.(type) {
		case json.Delim:
			depth += map[json.Delim]int{'{': 1, '[': 1, '}': -1, ']': -1}[token]
		case string:
			if depth == 1 {
				names = append(names, token)
			}
		}
	}
}

func checkJSON(t *testing.T, r *fetch.Result) {
	t.Helper()
	line, got := inJSON(t, r)
	if got.Index != r.Target.Index || got.Target != r.Target.Text || got.URL != r.Reply.Target.URL() {
		t.Errorf("%s: want index %d, target %q, url %q", line, r.Target.Index, r.Target.Text, r.Reply.Target.URL())
	}
	if got.Status != r.Head.Status || got.Reason != text(r.Head.Reason()) || len(got.Interim) != len(r.Interim) {
		t.Errorf("%s: want status %d, reason %q, %d interim", line, r.Head.Status, text(r.Head.Reason()), len(r.Interim))
	}
	if !bytes.Equal(got.Raw, r.Raw) || got.Bytes != len(r.Raw) {
		t.Errorf("%s: want raw %q", line, r.Raw)
	}
	var order []string
	want := map[string][]string{}
	if r.Head.Proto == "" {
		want = nil
	} else {
		for name, value := range r.Head.Fields() {
			key := lower(text(name))
			if want[key] == nil {
				order = append(order, key)
			}
			want[key] = append(want[key], text(value))
		}
	}
	if diff := cmp.Diff(want, byName(got.Headers)); diff != "" {
		t.Errorf("%s: headers (-want +got):\n%s", line, diff)
	}
	if diff := cmp.Diff(order, keys(t, line)); diff != "" {
		t.Errorf("%s: order of headers (-want +got):\n%s", line, diff)
	}
	if (got.Error == nil) != (r.Err == nil) {
		t.Errorf("%s: want error %v", line, r.Err)
	}
	if r.Err != nil && (got.Error.Stage != r.Err.Stage || got.Error.Kind != r.Err.Kind) {
		t.Errorf("%s: want error %v", line, r.Err)
	}
}

func TestJSON(t *testing.T) {
	for _, r := range results(t) {
		checkJSON(t, r)
	}
}

// A hostile server sends thousands of fields; their names keep their order and their values.
func TestJSONManyFields(t *testing.T) {
	for _, names := range []int{1, 7, 63, 64, 65, 5000} {
		var b strings.Builder
		b.WriteString("HTTP/1.1 200 OK\r\n")
		for i := range names {
			fmt.Fprintf(&b, "X-%d: %d\r\nx-%d:\r\nSame: %d\r\n", i, i, i, i)
		}
		b.WriteString("\r\n")
		checkJSON(t, ask(t, "h.test", []byte(b.String())))
	}
}

// A character that is escaped is the same when it is read back, also one beyond the
// first 65536.
func TestJSONInvisible(t *testing.T) {
	checkJSON(t, ask(t, "h.test", []byte("HTTP/1.1 200 a\U000e0041b\r\nX: \u3164\U000e0100\U0001f600\u200b\r\n\r\n")))
}

// What a record does not know, it does not mention.
func TestJSONAbsent(t *testing.T) {
	for _, c := range []struct {
		target, reply string
		want          []string // the keys, sorted
	}{
		{"h.test", "HTTP/1.1 200 OK\r\n\r\n", []string{"addr", "bytes", "headers", "index", "proto", "reason", "seconds", "status", "target", "time", "url"}},
		{"h.test", "", []string{"addr", "error", "index", "seconds", "target", "time", "url"}},
		{"h.test", "nonsense\r\n", []string{"addr", "bytes", "error", "index", "seconds", "target", "time", "url"}},
		{"bad host", "", []string{"error", "index", "seconds", "target", "time"}},
	} {
		out, _, _, _ := drain([]*fetch.Result{ask(t, c.target, []byte(c.reply))}, format(t, "json"), report.Options{})
		var record map[string]any
		if err := json.Unmarshal(out, &record); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]bool)
		for key := range record {
			got[key] = true
		}
		want := make(map[string]bool)
		for _, key := range c.want {
			want[key] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %q: keys (-want +got):\n%s", c.target, c.reply, diff)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range samples() {
		f.Add([]byte(s.bytes), s.target)
	}
	f.Add([]byte("HTTP/1.1 200 \xff\"\\\r\n\xe9\": \\\r\n\u0130: \u212a\r\nK: 1\r\nk: 2\r\n\r\n"), "h.test/\"\\")
	f.Add([]byte("HTTP/1.1 100 C\r\n\r\nHTTP/9.9 999\r\nA:\r\n b\r\n\r\n"), "\x00\xff")
	f.Fuzz(func(t *testing.T, reply []byte, target string) {
		if _, err := fetch.Parse(target, fetch.Defaults{}); err == nil && strings.Contains(target, "/") {
			target = "h.test" // a block would be asked for more than once
		}
		r := ask(t, target, reply)
		if r.Target.Err != nil { // shown as text, whatever it is made of
			r.Target.Text = text([]byte(r.Target.Text))
		}
		checkJSON(t, r)
	})
}

// Two names that are the same text, one in UTF-8 and one in Latin-1, are one key.
func TestSameTextIsOneKey(t *testing.T) {
	r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\xc3\x89t: a\r\n\xc9t: b\r\nOther: c\r\n\xc3\x89T: d\r\n\r\n"))
	json, _ := report.LookupFormat("json")
	out, _, _, err := drain([]*fetch.Result{r}, json, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := `"headers":{"Ét":["a","b","d"],"other":["c"]}`; !bytes.Contains(out, []byte(want)) {
		t.Errorf("%s, want it to hold %s", out, want)
	}
}
