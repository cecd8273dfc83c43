package report_test

import (
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wget/internal/fetch"
	"wget/internal/report"
)

// recordOf is the record that a result should have, without what its bytes were parsed into.
func recordOf(r *fetch.Result) report.Record {
	want := report.Record{Index: r.Target.Index, Target: r.Target.Text, Time: r.Begun, Answer: answerOf(&r.Reply)}
	for i := range r.Hops {
		want.Hops = append(want.Hops, answerOf(&r.Hops[i]))
	}
	if r.Tries > 1 {
		want.Tries = r.Tries
	}
	for a := range r.Anomalies().All() {
		want.Anomalies = append(want.Anomalies, a.Name)
	}
	if e := r.Err; e != nil {
		want.Error = &report.Failure{Stage: e.Stage, Kind: e.Kind, Message: report.Escape(e.Err.Error()), Hint: e.Hint}
	}
	return want
}

// answerOf is the same for one request.
func answerOf(r *fetch.Reply) report.Answer {
	seconds := func(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }
	want := report.Answer{
		URL: r.Target.URL(), Addr: r.Addr, Proxy: r.Proxy, Bytes: len(r.Raw), Raw: r.Raw,
		Seconds: report.Seconds{
			DNS: seconds(r.Times.DNS), Connect: seconds(r.Times.Connect), TLS: seconds(r.Times.TLS),
			FirstByte: seconds(r.Times.FirstByte), Total: seconds(r.Times.Total),
		},
	}
	if s := r.Session; s != nil {
		want.TLS = &report.TLS{
			Version: s.Version, Cipher: s.Cipher, Curve: s.Curve, ALPN: s.ALPN, SNI: s.ServerName,
			Verified: s.Verified, Stapled: s.Stapled,
		}
		for i, c := range s.Certificates() {
			if i == 0 {
				want.TLS.Certificate = report.Certificate(c)
			} else {
				want.TLS.Chain = append(want.TLS.Chain, report.Certificate(c))
			}
		}
	}
	return want
}

// All that a record says of a result is read back.
func TestRecords(t *testing.T) {
	list := results(t)
	list[0].Tries = 3
	out, _, _, err := drain(list, format(t, "json"), report.Options{IncludeRaw: true})
	if err != nil {
		t.Fatal(err)
	}
	options := cmp.Options{
		cmpopts.IgnoreTypes(report.Section{}, []report.Section{}), // checkJSON compares these
		cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateApprox(0, 1e-9),
	}
	read := 0
	for got, err := range report.Records(strings.NewReader(string(out))) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(recordOf(list[read]), *got, options); diff != "" {
			t.Errorf("%s (-want +got):\n%s", got.Target, diff)
		}
		read++
	}
	if read != len(list) {
		t.Errorf("%d records of %d", read, len(list))
	}
}

// A record of another version, or of another program, is read as far as it is known.
func TestRecordsForeign(t *testing.T) {
	const line = `{"later":[{}],"headers":{"b":["1","2"],"a":[],"c":["3"],"b":["4"]},"interim":[{"status":103,"headers":{"l":["5"]}}]}`
	for got, err := range report.Records(strings.NewReader(line)) {
		want := &report.Record{
			Index: -1,
			Answer: report.Answer{
				Section: report.Section{Headers: report.Fields{{"b", "1"}, {"b", "2"}, {"c", "3"}, {"b", "4"}}},
				Interim: []report.Section{{Status: 103, Headers: report.Fields{{"l", "5"}}}},
			},
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	}
}

// A line that is no record is told by its number and spoils no other.
func TestRecordsWrong(t *testing.T) {
	const record = `{"index":7}` + "\n"
	for _, c := range []struct {
		name, text string
		want       []string // "" for a record, or part of the error
	}{
		{"empty", "", nil},
		{"no last line end", record + `{"index":8}`, []string{"", ""}},
		{"cut short", record + record[:5], []string{"", "line 2: unexpected EOF"}},
		{"empty line", record + "\n" + record, []string{"", "line 2: ", ""}},
		{"text", "header > x\n" + record, []string{"line 1: ", ""}},
		{"list", "[]\n" + record, []string{"line 1: ", ""}},
		{"two on a line", record[:11] + record, []string{"line 1: "}},
		{"wrong type", `{"index":"7"}` + "\n" + record, []string{"line 1: ", ""}},
		{"wrong address", `{"addr":"x"}` + "\n" + record, []string{"line 1: ", ""}},
		{"headers in a list", `{"headers":[]}` + "\n" + record, []string{"line 1: ", ""}},
		{"header without a list", `{"headers":{"a":"b"}}` + "\n" + record, []string{"line 1: ", ""}},
		{"long", `{"target":"` + strings.Repeat("x", 1<<20) + `"}` + "\n" + record, []string{"", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			for r, err := range report.Records(strings.NewReader(c.text)) {
				switch {
				case n >= len(c.want):
					t.Fatalf("more than %d lines", n)
				case c.want[n] == "" && err != nil:
					t.Errorf("line %d: %v", n+1, err)
				case c.want[n] != "" && (err == nil || !strings.Contains(err.Error(), c.want[n])):
					t.Errorf("line %d: error %v, want %q", n+1, err, c.want[n])
				case (r == nil) != (err != nil):
					t.Errorf("line %d: record %v beside error %v", n+1, r, err)
				}
				n++
			}
			if n != len(c.want) {
				t.Errorf("%d lines, want %d", n, len(c.want))
			}
		})
	}
}

// An error in reading is the last.
func TestRecordsUnreadable(t *testing.T) {
	broken := errors.New("broken disk")
	var got []error
	for _, err := range report.Records(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken))) {
		got = append(got, err)
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], broken) {
		t.Errorf("errors %v, want none and %v", got, broken)
	}
}
