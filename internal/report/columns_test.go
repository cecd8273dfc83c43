package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

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
	for _, value := range []string{`=1+1`, `+1`, `-1`, `@x`, `=`, "a,b", `"`, `""`, "a\tb", " x ", "-1e5", "\xff,\"", "\u00a0=1"} {
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
				if strings.ContainsAny(cell[:min(1, len(cell))], "=@\t\r") {
					t.Errorf("cell %q", cell)
				}
			}
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
	for _, name := range []string{"中文主机.example", "e\u0301\u0301.example", "日本語", "x"} {
		r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\nServer: "+name+strings.Repeat("界", 40)+"\r\n\r\n"))
		r.Target.Text = name
		list = append(list, r)
	}
	for _, width := range []int{0, 40, 60, 80, 200} {
		out, _, _, _ := drain(list, format(t, "table"), report.Options{Width: width, Columns: columns(t, "target,status,server")})
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != len(list)+1 {
			t.Fatalf("%d rows of %d", len(lines), len(list)+1)
		}
		column := runewidth.StringWidth(lines[0][:strings.Index(lines[0], "status")])
		for _, line := range lines {
			if shown := runewidth.StringWidth(line); width > 0 && shown > width {
				t.Errorf("%d columns of %d: %s", shown, width, line)
			}
			if before := runewidth.Truncate(line, column, ""); runewidth.StringWidth(before) != column || !strings.HasSuffix(before, " ") {
				t.Errorf("width %d: status does not begin at column %d of %q", width, column, line)
			}
		}
	}
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
