package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// page is a format of the test that needs all there is: a head and a foot, several results of one target in
// one record, and the counts at the end.
type page struct{ held []*fetch.Result }

func (p *page) Begin(b []byte) []byte { return append(b, "<"...) }

func (p *page) Record(b []byte, r *fetch.Result) []byte {
	if len(p.held) > 0 && p.held[0].Target.Index != r.Target.Index {
		b = p.release(b)
	}
	p.held = append(p.held, r)
	return b
}

func (p *page) release(b []byte) []byte {
	if len(p.held) > 0 {
		b = fmt.Appendf(b, "[%s %d]", p.held[0].Target.Text, len(p.held))
	}
	p.held = nil
	return b
}

func (p *page) End(b []byte, s *report.Summary) []byte {
	return fmt.Appendf(p.release(b), "%d>", s.Total())
}

func pageFormat(batched bool) report.Format {
	return report.Format{Name: "page", Batched: batched, ShowsErrors: true, New: func(report.Options) report.Reporter { return new(page) }}
}

func feed(list ...*fetch.Result) <-chan *fetch.Result {
	results := make(chan *fetch.Result)
	go func() {
		defer close(results)
		for _, r := range list {
			results <- r
		}
	}()
	return results
}

// at is a result of the target with that index, which may have several.
func at(index int, name string) *fetch.Result {
	r := answered(name)
	r.Target.Index = index
	return r
}

func refused(index int, name string) *fetch.Result {
	return &fetch.Result{
		Target: fetch.Target{Index: index, Text: name, Host: name},
		Err:    &fetch.Error{Stage: fetch.StageConnect, Kind: fetch.KindRefused, Err: syscall.ECONNREFUSED},
	}
}

// A format has a beginning and an end, once each, whatever comes between.
func TestFramed(t *testing.T) {
	for _, c := range []struct {
		name string
		list []*fetch.Result
		want string
	}{
		{"nothing", nil, "<0>"},
		{"one", []*fetch.Result{at(0, "a")}, "<[a 1]1>"},
		{"several of a target", []*fetch.Result{at(0, "a"), at(1, "b"), at(1, "b"), at(2, "c")}, "<[a 1][b 2][c 1]4>"},
	} {
		for _, batched := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", c.name, batched), func(t *testing.T) {
				out, stderr, _, err := drain(c.list, pageFormat(batched), report.Options{})
				if err != nil || string(out) != c.want || len(stderr) > 0 {
					t.Errorf("%q, stderr %q, error %v, want %q", out, stderr, err, c.want)
				}
			})
		}
	}
}

// What a format begins with does not wait for the first record.
func TestBeginIsWrittenFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results, out := make(chan *fetch.Result), &device{room: -1}
		go func() {
			defer close(results)
			synctest.Wait()
			if !slices.Equal(out.writes, []string{"<"}) {
				t.Errorf("%q is written before the first record", out.writes)
			}
		}()
		report.Drain(results, nil, []report.Sink{{Format: pageFormat(true), Out: out}}, io.Discard, report.Options{}, nil)
	})
}

// Each sink gets every record, in its own format.
func TestSinks(t *testing.T) {
	var lines, records bytes.Buffer
	sinks := []report.Sink{{Out: &lines}, {Format: pageFormat(true), Out: &records}}
	s, err := report.Drain(feed(at(0, "a"), refused(1, "b"), at(2, "c")), nil, sinks, io.Discard, report.Options{}, nil)
	if err != nil || s.Total() != 3 {
		t.Errorf("%d records, error %v", s.Total(), err)
	}
	got := []string{lines.String(), records.String()}
	want := []string{"a header > HTTP/1.1 200 OK\na header > A: b\nc header > HTTP/1.1 200 OK\nc header > A: b\n", "<[a 1][b 1][c 1]3>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An error is on stderr once, unless every sink shows it.
func TestSinksErrors(t *testing.T) {
	lines, records := report.Sink{Out: io.Discard}, report.Sink{Format: pageFormat(true), Out: io.Discard}
	for _, c := range []struct {
		name  string
		sinks []report.Sink
		want  string
	}{
		{"shown by no sink", []report.Sink{lines, lines}, "b error > connect: connection refused\n"},
		{"shown by one", []report.Sink{lines, records}, "b error > connect: connection refused\n"},
		{"shown by all", []report.Sink{records, records}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr bytes.Buffer
			report.Drain(feed(refused(0, "b")), nil, c.sinks, &stderr, report.Options{}, nil)
			if stderr.String() != c.want {
				t.Errorf("%q, want %q", stderr.String(), c.want)
			}
		})
	}
}

// A sink that fails does not take the others with it, and the first failure is the one that is told.
func TestSinksFail(t *testing.T) {
	var good bytes.Buffer
	var stops []error
	sinks := []report.Sink{{Out: new(device)}, {Format: pageFormat(false), Out: &good}, {Out: writerFunc(func([]byte) (int, error) {
		return 0, io.ErrClosedPipe
	})}}
	s, err := report.Drain(feed(at(0, "a"), at(1, "b")), nil, sinks, io.Discard, report.Options{}, func(err error) { stops = append(stops, err) })
	if !errors.Is(err, errFull) || len(stops) != 1 || !errors.Is(stops[0], errFull) {
		t.Errorf("error %v, stopped with %v, want %v once", err, stops, errFull)
	}
	if good.String() != "<[a 1][b 1]2>" || s.Total() != 2 {
		t.Errorf("the other sink has %q, and %d results are counted", good.String(), s.Total())
	}
}

// Records of a batched sink wait for each other, also beside a sink that waits for none.
func TestSinksBatch(t *testing.T) {
	list := make([]*fetch.Result, 100)
	for i := range list {
		list[i] = at(i, "a")
	}
	results := make(chan *fetch.Result, len(list)) // all are ready, so that nothing but the size of a batch ends it
	for _, r := range list {
		results <- r
	}
	close(results)
	lines, page := &device{room: -1}, &device{room: -1}
	report.Drain(results, nil, []report.Sink{{Out: lines}, {Format: pageFormat(true), Out: page}}, io.Discard, report.Options{}, nil)
	if len(lines.writes) != 100 || len(page.writes) != 1 {
		t.Errorf("%d and %d writes of 100 records, want 100 and 1", len(lines.writes), len(page.writes))
	}
}
