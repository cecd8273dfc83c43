package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"wget/internal/fetch"
	"wget/internal/report"
)

func columns(t *testing.T, list string) []report.Column {
	t.Helper()
	c, err := report.ParseColumns(list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseColumns(t *testing.T) {
	for _, c := range []struct{ list, wrong string }{
		{"status", ""},
		{"status, Server , x-a", ""},
		{"header.status,tls.not_after,seconds.total,error", ""},
		{"header.x.y", ""},
		{"x.y", "seconds.first_byte"},
		{"tls.nosuch", "tls.not_after"},
		{"", "an empty name"},
		{"a,,b", "an empty name"},
		{"header.", "an empty name"},
		{"status,server,status", `"status" comes twice`},
		{"a b", "neither a key"},
		{"a:b", "neither a key"},
	} {
		_, err := report.ParseColumns(c.list)
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q: error %v, want %q", c.list, err, c.wrong)
		}
	}
}

// Each row of csv reads back with as many cells as the header line has, and none
// of them begins like a formula.
func TestCSVReadsBack(t *testing.T) {
	list := results(t)
	for _, value := range []string{`=1+1`, `+1`, `-1`, `@x`, `=`, "a,b", `"`, `""`, "a\tb", " x ", "-1e5", "\xff,\"", "\u00a0=1", "-inf", "+0x1p2", "-.5", "\t=1", "1\v2"} {
		list = append(list, ask(t, "h.test", []byte("HTTP/1.1 200 "+value+"\r\nServer: "+value+"\r\nServer: b\r\nX-One: "+value+"\r\n\r\n")))
	}
	for _, o := range []report.Options{{}, {Columns: columns(t, "target,server,x-one,reason,headers,anomalies,error,raw,seconds,tls")}} {
		out, _, _, err := drain(list, format(t, "csv"), o)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil || len(rows) != len(list)+1 {
			t.Fatalf("%d rows of %d, error %v in\n%s", len(rows), len(list)+1, err, out)
		}
		for _, row := range rows {
			for _, cell := range row {
				if number, err := strconv.ParseFloat(cell, 64); strings.ContainsAny(cell[:min(1, len(cell))], "=@+-\t\r") && (err != nil || math.IsInf(number, 0)) {
					t.Errorf("cell %q", cell)
				}
			}
		}
	}
}

// Python's reader finds the same cells as Go's.
func TestCSVInPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	out, _, _, err := drain(results(t), format(t, "csv"), report.Options{Columns: columns(t, "target,status,reason,header.set-cookie,headers,x-quote,x-spaces,hops,error")})
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, "-c", "import csv, io, json, sys; print(json.dumps(list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline=''), strict=True))))")
	command.Stdin = bytes.NewReader(out)
	text, err := command.Output()
	var got [][]string
	if err := errors.Join(err, json.Unmarshal(text, &got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-Go +Python):\n%s", diff)
	}
}

// A message is escaped once, as in the line of the error.
func TestColumnMessage(t *testing.T) {
	r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\r\n"))
	r.Err = &fetch.Error{Stage: fetch.StageHead, Kind: fetch.KindMalformed, Err: errors.New("\x1b[31m")}
	out, _, _, _ := drain([]*fetch.Result{r}, format(t, "csv"), report.Options{Columns: columns(t, "error,error.message,error.kind")})
	if want := "error,error.message,error.kind\nhead: \\x1b[31m,\\x1b[31m,malformed\n"; string(out) != want {
		t.Errorf("%s, want %s", out, want)
	}
}

// A key is found by any way that the record can have it: the fields as pairs, the
// bytes and the group without the flags that ask for them.
func TestColumnsOnRequest(t *testing.T) {
	list := []*fetch.Result{ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"))}
	for names, want := range map[string]string{
		"fields":         `{"fields":[{"name":"A","value":"b"}]}`,
		"headers,fields": `{"headers":{"a":["b"]},"fields":null}`,
		"raw":            `{"raw":"SFRUUC8xLjEgMjAwIE9LDQpBOiBiDQoNCg=="}`,
	} {
		out, _, _, _ := drain(list, format(t, "json"), report.Options{Columns: columns(t, names)})
		if string(out) != want+"\n" {
			t.Errorf("%s: %s, want %s", names, out, want)
		}
	}
}

// A flat object has the keys that were asked for, in their order, and the values
// that a record has.
func TestFlatJSON(t *testing.T) {
	list := results(t)
	names := []string{"status", "X-Utf8", "seconds.total", "error.kind", "error", "headers", "header.set-cookie", "interim", "nosuch"}
	out, _, _, _ := drain(list, format(t, "json"), report.Options{Columns: columns(t, strings.Join(names, ","))})
	full, _, _, _ := drain(list, format(t, "json"), report.Options{})
	records := bytes.Split(full, []byte("\n"))
	for i, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var flat, record map[string]any
		if err := json.Unmarshal(line, &flat); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if err := json.Unmarshal(records[i], &record); err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, name := range names {
			place := bytes.Index(line[at:], []byte(`"`+name+`":`))
			if place < 0 {
				t.Fatalf("no %s behind byte %d of %s", name, at, line)
			}
			at += place
		}
		seconds := record["seconds"].(map[string]any)
		if len(flat) != len(names) || fmt.Sprint(flat["status"]) != fmt.Sprint(record["status"]) ||
			flat["seconds.total"] != seconds["total"] || fmt.Sprint(flat["headers"]) != fmt.Sprint(record["headers"]) ||
			fmt.Sprint(flat["error"]) != fmt.Sprint(record["error"]) || flat["nosuch"] != nil {
			t.Errorf("%s of %s", line, records[i])
		}
	}
}

// The columns of a table stand below each other by the widths that a terminal
// shows, and no row is wider than the terminal.
func TestTableFits(t *testing.T) {
	list := results(t)
	narrow := &runewidth.Condition{StrictEmojiNeutral: true} // as most terminals, whatever the locale
	for _, name := range []string{"中文主机.example", "e\u0301\u0301.example", "日本語", "x"} {
		r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\nServer: "+name+strings.Repeat("界", 40)+"\r\n\r\n"))
		r.Target.Text = name
		list = append(list, r)
	}
	list = append(list, ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\nServer: a\tb\u200b\u00ad…¡\r\n\r\n")))
	for _, width := range []int{0, 20, 40, 60, 80, 200} {
		out, _, _, _ := drain(list, format(t, "table"), report.Options{Width: width, Columns: columns(t, "target,status,server,url")})
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != len(list)+1 {
			t.Fatalf("%d rows of %d", len(lines), len(list)+1)
		}
		column := narrow.StringWidth(lines[0][:strings.Index(lines[0], "st")])
		for _, line := range lines {
			if shown := narrow.StringWidth(line); width > 0 && shown > width {
				t.Errorf("%d columns of %d: %s", shown, width, line)
			}
			if before := narrow.Truncate(line, column, ""); narrow.StringWidth(before) != column || !strings.HasSuffix(before, " ") {
				t.Errorf("width %d: status does not begin at column %d of %q", width, column, line)
			}
		}
	}
}

// The last column has the room that is left, for what the first rows did not need.
func TestTableLastColumn(t *testing.T) {
	list := []*fetch.Result{ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\r\n")), ask(t, "gone.test", nil)}
	reporter := format(t, "table").New(report.Options{Width: 70})
	reporter.Record(nil, list[0])
	reporter.(interface{ Release([]byte) []byte }).Release(nil)
	if row := string(reporter.Record(nil, list[1])); !strings.HasSuffix(row, "  read: closed without a reply\n") {
		t.Errorf("%q", row)
	}
}

// One huge cell does not fill up those of the other rows.
func TestTableHugeCell(t *testing.T) {
	var list []*fetch.Result
	for _, n := range []int{1, 100_000, 1} {
		list = append(list, ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\nServer: "+strings.Repeat("x", n)+"\r\n\r\n")))
	}
	out, _, _, _ := drain(list, format(t, "table"), report.Options{})
	if len(out) > 101_000 || bytes.Count(out, []byte("x")) != 100_002 {
		t.Errorf("%d bytes", len(out))
	}
}

// The rows that are held so that columns fit are shown soon, though no further host
// answers.
func TestTableReleases(t *testing.T) {
	r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\r\n"))
	synctest.Test(t, func(t *testing.T) {
		results, out := make(chan *fetch.Result), &device{room: -1}
		go func() {
			defer close(results)
			for _, c := range []struct {
				wait time.Duration
				rows int
			}{{0, 0}, {299 * time.Millisecond, 0}, {2 * time.Millisecond, 5}, {time.Hour, 7}} {
				time.Sleep(c.wait)
				synctest.Wait()
				if got := strings.Count(strings.Join(out.writes, ""), "\n"); got != c.rows && c.rows > 0 || got > c.rows {
					t.Errorf("%d rows, want %d", got, c.rows)
				}
				results <- r
				results <- r
			}
		}()
		report.Drain(results, nil, []report.Sink{{Format: format(t, "table"), Out: out}}, io.Discard, report.Options{}, nil)
		if got := strings.Count(strings.Join(out.writes, ""), "\n"); got != 9 {
			t.Errorf("%d rows, want 9", got)
		}
	})
}

// Few rows are held, however many come.
func TestTableIsFlat(t *testing.T) {
	f := format(t, "table")
	reporter := f.New(report.Options{})
	r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\r\n"))
	written := 0
	for range 1000 {
		written += bytes.Count(reporter.Record(nil, r), []byte("\n"))
	}
	if written < 1000-250 {
		t.Errorf("%d rows of 1000 written", written)
	}
}

// Whatever a server sends, each format has a row of as many cells as columns for
// it, and no cell that a terminal or a spreadsheet would obey.
func FuzzCells(f *testing.F) {
	for _, s := range samples() {
		f.Add([]byte(s.bytes), s.target)
	}
	f.Add([]byte("HTTP/1.1 200 =1+1\r\nServer: =1,\"\t\r\nServer: \xff\r\nX: @\r\n\r\n"), "=h")
	chosen, err := report.ParseColumns("target,url,proto,status,reason,headers,raw,anomalies,bytes,group,error,error.message,server,x,set-cookie,location")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, reply []byte, target string) {
		r := ask(t, "h.test", reply)
		r.Target.Text = target
		o := report.Options{Columns: chosen, Width: 300}
		for _, name := range []string{"csv", "table", "json", "lines"} {
			out, _, _, err := drain([]*fetch.Result{r}, format(t, name), o)
			if err != nil {
				t.Fatal(err)
			}
			if c, bad := unsafe(strings.ReplaceAll(string(out), "\n", "")); bad {
				t.Errorf("%s: %q shows %U", name, out, c)
			}
			switch lines := bytes.Count(out, []byte("\n")); name {
			case "table":
				if lines != 2 {
					t.Errorf("table: %d lines in %q", lines, out)
				}
			case "json":
				if lines != 1 || !json.Valid(out) {
					t.Errorf("json: %q", out)
				}
			case "csv":
				rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
				if err != nil || len(rows) != 2 {
					t.Fatalf("csv: %d rows, error %v in %q", len(rows), err, out)
				}
				for _, cell := range rows[1] {
					if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(cell[:min(1, len(cell))], "=@+-\t\r") {
						t.Errorf("csv: cell %q", cell)
					}
				}
			}
		}
	})
}

// The status line is the first that is not empty, whatever blanks stand before it, and no other
// is one.
func TestStatusLineBehindBlanks(t *testing.T) {
	list := []*fetch.Result{ask(t, "a.test", []byte("\r\n\t HTTP/1.1 200 OK\r\nServer: x\r\nHTTP/1.1 404: y\r\n\r\n"))}
	for chosen, want := range map[string]string{
		"server": "a.test header > Server: x\n",
		"status": "a.test header > \t HTTP/1.1 200 OK\n",
	} {
		out, _, _, _ := drain(list, format(t, "lines"), report.Options{Columns: columns(t, chosen)})
		if string(out) != want {
			t.Errorf("%s: %q, want %q", chosen, out, want)
		}
	}
	plain, _, _, _ := drain(list, format(t, "lines"), report.Options{})
	coloured, _, _, _ := drain(list, format(t, "lines"), report.Options{Color: true})
	if got := withoutColour(string(coloured)); got != string(plain) {
		t.Errorf("in colour %q, without %q", got, plain)
	}
	if want := "\x1b[0m OK"; !strings.Contains(string(coloured), want) {
		t.Errorf("no coloured code in %q", coloured)
	}
	edges := edgesOf(t, "b.test", " HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")
	_, stderr, _, _ := drain(edges, format(t, "lines"), report.Options{Verbose: true})
	if strings.Contains(string(stderr), "absent") {
		t.Errorf("a field that came is absent: %s", stderr)
	}
}

// Failures stand in the groups, and so not on stderr too, whatever fields are chosen.
func TestGroupedFailures(t *testing.T) {
	list := []*fetch.Result{ask(t, "a.test", []byte("HTTP/1.1 200 OK\r\n\r\n")), ask(t, "b.test", []byte(""))}
	for chosen, want := range map[string]string{"server": "", "error": ""} {
		_, stderr, _, _ := drain(list, format(t, "lines"), report.Options{Columns: columns(t, chosen), Group: &report.GroupBy{}})
		if string(stderr) != want {
			t.Errorf("%s: %s", chosen, stderr)
		}
	}
	for _, f := range []report.Format{format(t, "lines"), report.Page()} {
		_, stderr, _, _ := drain(list, f, report.Options{Columns: columns(t, "server"), Group: &report.GroupBy{}})
		if len(stderr) > 0 {
			t.Errorf("%s: %s", f.Name, stderr)
		}
	}
	_, stderr, _, _ := drain(list, format(t, "json"), report.Options{Columns: columns(t, "server"), Group: &report.GroupBy{}})
	if want := "b.test error > read: closed without a reply\n"; string(stderr) != want {
		t.Errorf("%q, want %q", stderr, want)
	}
}
