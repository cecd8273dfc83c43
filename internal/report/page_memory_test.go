package report

import (
	"fmt"
	"testing"
	"time"

	"wget/internal/fetch"
)

// What the page holds does not grow with the records, however different they are.
func TestPageMemory(t *testing.T) {
	p := newPage(Options{}).(*page)
	b := p.Begin(nil)
	longest := 0
	for i := range 20_000 {
		value := fmt.Sprintf("%0*d", 1+i%500, i)
		r := &fetch.Result{Target: fetch.Target{Index: i, Text: value}, Begun: time.Unix(int64(i), 0)}
		r.Head = fetch.Head{Raw: []byte("HTTP/1.1 200 OK\r\nX-" + value + ": " + value + "\r\n\r\n"), Proto: "HTTP/1.1", Status: 200}
		r.Session = &fetch.Session{Described: []fetch.Certificate{{NotAfter: time.Unix(int64(20_000-i), 0)}}}
		b = p.Record(b[:0], r)
		longest = max(longest, cap(p.heads), cap(p.text), cap(p.words))
	}
	for _, held := range []struct {
		what      string
		got, most int
	}{
		{"rows", len(p.first), pageRows},
		{"bytes that wait", longest, 2 * pageChunk},
		{"groups", len(p.tally.groups), groupsMost},
		{"certificates", len(p.tally.soonest), soonest},
	} {
		if held.got == 0 || held.got > held.most {
			t.Errorf("%d %s are held, want at most %d", held.got, held.what, held.most)
		}
	}
	for _, row := range p.first {
		for _, cell := range row {
			if len(cell) > pageCell+len("…") {
				t.Errorf("a cell of %d bytes is held", len(cell))
			}
		}
	}
	for _, g := range p.tally.groups {
		if len(g.hosts) > groupHosts || len(g.label) > 2*pageCell {
			t.Errorf("a group with a label of %d bytes and %d hosts is held", len(g.label), len(g.hosts))
		}
	}
	if got := [...]int{p.tally.records, p.tally.further, p.tally.ending}; got != [...]int{20_000, 20_000 - groupsMost, 20_000} {
		t.Errorf("records, those of further groups and ending certificates: %d", got)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12_345: "12,345", 1_234_567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// A text is cut between characters.
func TestCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{{"abcd", "abcd"}, {"abcde", "abcd…"}, {"abc☃", "abc…"}, {"☃☃☃", "☃…"}} {
		if got := string(cut([]byte(c.text), 4)); got != c.want {
			t.Errorf("%q is cut to %q, want %q", c.text, got, c.want)
		}
	}
}
