package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"wget/internal/fetch"
	"wget/internal/report"
)

var errFull = errors.New("no space left")

// A device takes a number of writes and then is full.
type device struct {
	room   int
	writes []string
}

func (d *device) Write(p []byte) (int, error) {
	if d.room == 0 {
		return 0, errFull
	}
	d.room--
	d.writes = append(d.writes, string(p))
	return len(p), nil
}

func answered(name string) *fetch.Result {
	raw := []byte("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")
	return &fetch.Result{
		Target: fetch.Target{Text: name, Host: name},
		Reply:  fetch.Reply{Head: fetch.Head{Raw: raw, Proto: "HTTP/1.1", Status: 200}, Raw: raw},
	}
}

// The first failed write stops the run, is returned, and loses no count.
func TestDrainFailingWriter(t *testing.T) {
	for _, f := range report.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				results := make(chan *fetch.Result)
				stopped := make(chan error, 10) // a second call is an error, not a hang
				go func() {
					defer close(results)
					for i := range 5 {
						results <- answered(fmt.Sprint("h", i))
						synctest.Wait() // until it is written
					}
				}()
				out := &device{room: 2}
				if f.Name == "table" { // which holds its first rows
					out.room = 0 // there is one write, at the end
				}
				want := out.room
				s, err := report.Drain(results, nil, []report.Sink{{Format: f, Out: out}}, io.Discard, report.Options{}, func(err error) { stopped <- err })
				if !errors.Is(err, errFull) {
					t.Errorf("error %v, want %v", err, errFull)
				}
				if s.Answered != 5 {
					t.Errorf("%d records counted, want 5", s.Answered)
				}
				if len(out.writes) != want {
					t.Errorf("%d writes before the failure, want %d", len(out.writes), want)
				}
				if len(stopped) != 1 || !errors.Is(<-stopped, errFull) {
					t.Error("the run is not stopped once, with the failure")
				}
			})
		})
	}
}

// A record is one write, so that hosts do not mix.
func TestDrainOneWritePerHost(t *testing.T) {
	results := make(chan *fetch.Result)
	go func() {
		defer close(results)
		for i := range 100 {
			results <- answered(fmt.Sprint("h", i))
		}
	}()
	out := &device{room: -1}
	if _, err := report.Drain(results, nil, []report.Sink{{Out: out}}, io.Discard, report.Options{}, func(error) {}); err != nil {
		t.Fatal(err)
	}
	if len(out.writes) != 100 {
		t.Errorf("%d writes for 100 hosts", len(out.writes))
	}
	for i, w := range out.writes {
		if want := fmt.Sprintf("h%d header > HTTP/1.1 200 OK\nh%d header > A: b\n", i, i); w != want {
			t.Errorf("write %d is %q, want %q", i, w, want)
		}
	}
}

// When nothing more is waiting, what is known has been written.
func TestDrainFlushesWhenIdle(t *testing.T) {
	for _, f := range report.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				results := make(chan *fetch.Result)
				out := &device{room: -1}
				go func() {
					defer close(results)
					synctest.Wait()
					begun := len(out.writes) // with what comes before all records
					for i := range 3 {
						results <- answered(fmt.Sprint("h", i))
						synctest.Wait()
						if written := len(out.writes) - begun; written != i+1 && f.Name != "table" {
							t.Errorf("%d writes after %d records", written, i+1)
						}
					}
				}()
				if _, err := report.Drain(results, nil, []report.Sink{{Format: f, Out: out}}, io.Discard, report.Options{}, nil); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Starts are announced on stderr, escaped, beside the results.
func TestDrainStarts(t *testing.T) {
	results, starts := make(chan *fetch.Result), make(chan *fetch.Target)
	go func() {
		defer close(results)
		starts <- &fetch.Target{Text: "a.test", Host: "a.test"}
		starts <- &fetch.Target{Text: "b\x1b[31m", Host: "b"}
		results <- answered("a.test")
	}()
	var stderr bytes.Buffer
	if _, err := report.Drain(results, starts, []report.Sink{{Out: io.Discard}}, &stderr, report.Options{Verbose: true}, nil); err != nil {
		t.Error(err)
	}
	if want := "wget a.test...\nwget b\\x1b[31m...\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

// Stderr may be gone; the records are still written.
func TestDrainWithoutStderr(t *testing.T) {
	list := results(t)
	want, _, _, _ := drain(list, report.Format{}, report.Options{})
	feed := make(chan *fetch.Result)
	go func() {
		defer close(feed)
		for _, r := range list {
			feed <- r
		}
	}()
	var out bytes.Buffer
	if _, err := report.Drain(feed, nil, []report.Sink{{Out: &out}}, &device{}, report.Options{}, nil); err != nil || out.String() != string(want) {
		t.Errorf("error %v, printed\n%s", err, out.String())
	}
}

// host is the sequence before a host's name, which the golden files pin.
func host(t *testing.T, name string) string {
	t.Helper()
	out, _, _, _ := drain([]*fetch.Result{answered(name)}, report.Format{}, report.Options{Color: true})
	before, _, found := strings.Cut(string(out), name)
	if !found {
		t.Fatalf("no %s in %q", name, out)
	}
	return before
}

// A host has the same colour in every run, whoever else is asked.
func TestPaletteStable(t *testing.T) {
	for _, name := range []string{"sina.com.cn", "sohu.com", "163.com"} {
		colour := host(t, name)
		if colour == "" {
			t.Errorf("%s has no colour", name)
		}
		out, _, _, _ := drain([]*fetch.Result{answered("other.test"), answered(name)}, report.Format{}, report.Options{Color: true})
		if again := host(t, name); again != colour || !strings.Contains(string(out), "\n"+colour+name) {
			t.Errorf("%s has colour %q, then %q, and beside another host\n%q", name, colour, again, out)
		}
	}
	seen := make(map[string]int)
	for i := range 1000 {
		seen[host(t, fmt.Sprintf("host-%d.test", i))]++
	}
	if len(seen) < 12 {
		t.Errorf("1000 hosts share %d colours", len(seen))
	}
	for colour := range seen {
		if colour == "" || strings.Contains(colour, "[31") || strings.Contains(colour, "[91") {
			t.Errorf("colour %q, which is kept for errors", colour)
		}
	}
}

// Colour adds sequences and changes nothing else.
func TestPaletteOnlyAdds(t *testing.T) {
	list := results(t)
	plain, plainStderr, _, _ := drain(list, report.Format{}, report.Options{Verbose: true})
	out, stderr, _, _ := drain(list, report.Format{}, report.Options{Verbose: true, Color: true, ColorErr: true})
	if got := withoutColour(string(out)); got != string(plain) {
		t.Errorf("stdout without colour is\n%q, want\n%q", got, plain)
	}
	if got := withoutColour(string(stderr)); got != string(plainStderr) {
		t.Errorf("stderr without colour is\n%q, want\n%q", got, plainStderr)
	}
	if bytes.Contains(plain, []byte("\x1b")) {
		t.Error("escape sequences without colour")
	}
}

// withoutColour drops SGR sequences.
func withoutColour(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

// Hosts that were canceled are named where that is of use: not on a terminal,
// which gets a count, and not once the output has failed.
func TestDrainInterrupted(t *testing.T) {
	const line = "h1 error > read: interrupted\n"
	for _, c := range []struct {
		name string
		o    report.Options
		room int // writes until the output is full
		want string
	}{
		{"log", report.Options{}, -1, line},
		{"terminal", report.Options{CountInterrupted: true}, -1, ""},
		{"full", report.Options{}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			results := make(chan *fetch.Result)
			go func() {
				defer close(results)
				results <- answered("h0")
				results <- &fetch.Result{
					Target: fetch.Target{Text: "h1"},
					Err:    &fetch.Error{Stage: fetch.StageRead, Kind: fetch.KindCanceled, Err: errors.New("interrupted")},
				}
			}()
			var stderr bytes.Buffer
			summary, _ := report.Drain(results, nil, []report.Sink{{Out: &device{room: c.room}}}, &stderr, c.o, func(error) {})
			if stderr.String() != c.want {
				t.Errorf("stderr %q, want %q", stderr.String(), c.want)
			}
			if got := summary.Interrupted(); got != "interrupted with 1 host in flight" {
				t.Errorf("%q", got)
			}
		})
	}
}
