package report

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"wget/internal/fetch"
)

func BenchmarkEscape(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"Clean", "Set-Cookie: sid=0123456789abcdef; path=/; HttpOnly"},
		{"Hostile", "X-Esc: \x1b]0;owned\x07 \xc2\x9b31m \u202egnp.exe caf\xe9 \\x1b \x00\r"},
	} {
		b.Run(c.name, func(b *testing.B) {
			var out []byte
			b.SetBytes(int64(len(c.line)))
			b.ReportAllocs()
			for b.Loop() {
				out = appendEscaped(out[:0], []byte(c.line))
			}
		})
	}
}

// typical is the result of a typical host.
func typical(b *testing.B) *fetch.Result {
	raw, err := os.ReadFile("../../testdata/typical.http")
	if err != nil {
		b.Fatal(err)
	}
	addr := netip.MustParseAddr("203.0.113.9")
	target := fetch.Target{Index: 123_456, Text: "www.example.com", Host: "www.example.com", Port: 80, Path: "/"}
	return &fetch.Result{
		Target: target,
		Reply: fetch.Reply{
			Target: target, Addr: netip.AddrPortFrom(addr, 80),
			Head: fetch.Head{Raw: raw, Proto: "HTTP/1.1", Status: 200},
			Raw:  raw,
			Times: fetch.Times{
				DNS: 2100 * time.Microsecond, Connect: 10300 * time.Microsecond,
				FirstByte: 21 * time.Millisecond, Total: 21200 * time.Microsecond,
			},
		},
		Tries: 1,
	}
}

// BenchmarkRecord renders the record of a typical host.
func BenchmarkRecord(b *testing.B) {
	r := typical(b)
	for _, c := range []struct {
		name     string
		reporter Reporter
	}{
		{"Lines", newLines(Options{})},
		{"LinesColor", newLines(Options{Color: true})},
		{"JSON", newJSON(Options{})},
		{"JSONRaw", newJSON(Options{IncludeRaw: true})},
		{"JSONGroup", newJSON(Options{Group: new(GroupBy)})},
		{"CSV", newCSV(Options{})},
		{"Table", newTable(Options{})},
		{"Raw", newRaw(Options{})},
	} {
		b.Run(c.name, func(b *testing.B) {
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				out = c.reporter.Record(out[:0], r)
			}
		})
	}
}

// BenchmarkDrain takes typical results from a channel that always has one, and writes them to nowhere.
func BenchmarkDrain(b *testing.B) {
	r := typical(b)
	for _, f := range append(Formats(), Page()) {
		b.Run(f.Name, func(b *testing.B) {
			results := make(chan *fetch.Result, 1)
			go func() {
				defer close(results)
				for range b.N {
					results <- r
				}
			}()
			b.ReportAllocs()
			Drain(results, nil, []Sink{{Format: f, Out: io.Discard}}, io.Discard, Options{}, nil)
		})
	}
}

// BenchmarkRecords reads the record of a typical host.
func BenchmarkRecords(b *testing.B) {
	line := newJSON(Options{}).Record(nil, typical(b))
	many := bytes.Repeat(line, 1000)
	b.ReportAllocs()
	for n := 0; n < b.N; {
		for _, err := range Records(bytes.NewReader(many)) {
			if n++; err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkChecks is the cost of a policy of four parts.
func BenchmarkChecks(b *testing.B) {
	r := typical(b)
	var checks []Check
	for _, text := range []string{"status < 400", "hsts == -1 || hsts >= 300", `!(server matches "^Apache/\\d+")`, `all(cookies, .Path == "/") && h["x"] == ""`} {
		c, err := ParseCondition(text)
		if err != nil {
			b.Fatal(err)
		}
		checks = append(checks, Check{c, true})
	}
	var found Checks
	judge := newJudge(Options{Checks: checks}, &found)
	messages := newMessages(nil, Options{})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		judge.take(r)
		buf = judge.appendFailures(buf[:0], r, false, &messages)
	}
	if found.Failed > 0 {
		b.Fatal(string(buf))
	}
}
