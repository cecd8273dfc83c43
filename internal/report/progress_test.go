package report_test

import (
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// log is the order in which stdout and stderr are written to.
type log struct {
	start   time.Time
	entries []string
}

func (l *log) writer(name string) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		l.entries = append(l.entries, fmt.Sprintf("%.1f %s %q", time.Since(l.start).Seconds(), name, p))
		return len(p), nil
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A run of three hosts: one answers after half a second, one fails after 1.15,
// one answers after 1.65. Each case is every write there is.
func TestProgress(t *testing.T) {
	const (
		h0   = `"h0 header > HTTP/1.1 200 OK\nh0 header > A: b\n"`
		h1   = `h1 error > connect: connection refused\n`
		h2   = `"h2 header > HTTP/1.1 200 OK\nh2 header > A: b\n"`
		wipe = `\r\x1b[J`
		one  = `1 of 3 [========>                  ] 1/s, ETA 2s, 0 failed, 2 in flight\r`
		two  = `2 of 3 [=================>         ] 2/s, ETA 0s, 1 failed, 1 in flight\r`
		less = `2 of 3 [=================>         ] 1/s, ETA 0s, 1 failed, 1 in flight\r`
	)
	known := func() (int, bool) { return 3, true }
	for _, c := range []struct {
		name     string
		o        report.Progress
		terminal bool // stdout is the one that stderr is
		want     []string
	}{
		{"none", report.Progress{}, false, []string{`0.5 stdout ` + h0, `1.1 stderr "` + h1 + `"`, `1.6 stdout ` + h2}},
		{
			"shared",
			report.Progress{Style: report.ProgressBar, Delay: time.Second, Expected: known},
			true,
			[]string{
				`0.5 stdout ` + h0,
				`1.0 stderr "` + one + `"`,
				`1.1 stderr "` + wipe + h1 + one + `"`,
				`1.2 stderr "` + wipe + two + `"`,
				`1.4 stderr "` + wipe + less + `"`,
				`1.6 stderr "` + wipe + `"`,
				`1.6 stdout ` + h2,
				`1.6 stderr "` + less + `"`,
				`1.6 stderr "` + wipe + `"`,
			},
		},
		{
			"apart",
			report.Progress{Style: report.ProgressBar, Delay: time.Second, Expected: known},
			false,
			[]string{
				`0.5 stdout ` + h0,
				`1.0 stderr "` + one + `"`,
				`1.1 stderr "` + wipe + h1 + one + `"`,
				`1.2 stderr "` + wipe + two + `"`,
				`1.4 stderr "` + wipe + less + `"`,
				`1.6 stdout ` + h2,
				`1.6 stderr "` + wipe + `"`,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.o.Width = func() int { return 72 }
				c.o.Started = func() int { return 3 }
				l := log{start: time.Now()}
				results := make(chan *fetch.Result)
				go func() {
					defer close(results)
					for i, pause := range []time.Duration{500, 650, 500} {
						time.Sleep(pause * time.Millisecond)
						r := answered(fmt.Sprint("h", i))
						if i == 1 {
							r = &fetch.Result{Target: r.Target, Err: &fetch.Error{Stage: fetch.StageConnect, Kind: fetch.KindRefused, Err: syscall.ECONNREFUSED}}
						}
						results <- r
						synctest.Wait()
					}
				}()
				report.Drain(results, nil, []report.Sink{{Out: l.writer("stdout"), Terminal: c.terminal}}, l.writer("stderr"), report.Options{Progress: c.o}, nil)
				if diff := cmp.Diff(c.want, l.entries); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A long run without a terminal has a line every ten seconds.
func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done atomic.Int64
		o := report.Progress{
			Style:   report.ProgressLines,
			Width:   func() int { return 80 },
			Started: func() int { return int(done.Load()) + 7 },
			Expected: func() (int, bool) {
				switch {
				case done.Load() < 1000:
					return 0, false
				case done.Load() < 2000:
					return 2600, false
				}
				return 2500, true
			},
		}
		l := log{start: time.Now()}
		results := make(chan *fetch.Result)
		go func() {
			defer close(results)
			time.Sleep(time.Millisecond) // not when a line is due
			for range 2500 {
				time.Sleep(time.Second / 64)
				results <- answered("h")
				done.Add(1)
			}
		}()
		report.Drain(results, nil, []report.Sink{{Out: io.Discard}}, l.writer("stderr"), report.Options{Progress: o}, nil)
		if diff := cmp.Diff([]string{
			`10.0 stderr "639 hosts, 64/s, 0 failed, 7 in flight\n"`,
			`20.0 stderr "1279 of ~2600 hosts, 64/s, ETA 20s, 0 failed, 7 in flight\n"`,
			`30.0 stderr "1919 of ~2600 hosts, 64/s, ETA 10s, 0 failed, 7 in flight\n"`,
		}, l.entries); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// However narrow the terminal, the bar does not wrap.
func TestProgressIsNarrow(t *testing.T) {
	for _, width := range []int{1, 2, 10, 40, 79, 80, 200} {
		synctest.Test(t, func(t *testing.T) {
			o := report.Progress{
				Style: report.ProgressBar,
				Width: func() int { return width }, Started: func() int { return 99 }, Expected: func() (int, bool) { return 99, true },
			}
			results := make(chan *fetch.Result)
			go func() {
				defer close(results)
				time.Sleep(time.Second)
			}()
			report.Drain(results, nil, []report.Sink{{Out: io.Discard}}, writerFunc(func(p []byte) (int, error) {
				if len(p) > width-1+len("\r\x1b[J\r") {
					t.Errorf("%d bytes in %d columns: %q", len(p), width, p)
				}
				return len(p), nil
			}), report.Options{Progress: o}, nil)
		})
	}
}

// A narrow terminal has no room for the bar, then for what stands last. Nothing is
// cut in the middle.
func TestProgressFits(t *testing.T) {
	for width, want := range map[int]string{
		60: `90 of ~200 [====>    ] 450/s, ETA 0s, 3 failed, 7 in flight`,
		58: `90 of ~200, 450/s, ETA 0s, 3 failed, 7 in flight`,
		40: `90 of ~200, 450/s, ETA 0s, 3 failed`,
		30: `90 of ~200, 450/s, ETA 0s`,
		20: `90 of ~200, 450/s`,
		12: `90 of ~200`,
		5:  `90 o`,
	} {
		synctest.Test(t, func(t *testing.T) {
			o := report.Progress{
				Style: report.ProgressBar,
				Width: func() int { return width }, Started: func() int { return 97 },
				Finished: func() (int, int) { return 90, 3 }, // none of them has been reported
				Expected: func() (int, bool) { return 200, false },
			}
			results := make(chan *fetch.Result)
			go func() {
				defer close(results)
				time.Sleep(300 * time.Millisecond)
			}()
			l := log{start: time.Now()}
			report.Drain(results, nil, nil, l.writer("stderr"), report.Options{Progress: o}, nil)
			if diff := cmp.Diff([]string{`0.2 stderr "` + want + `\r"`, `0.3 stderr "\r\x1b[J"`}, l.entries); diff != "" {
				t.Errorf("%d columns (-want +got):\n%s", width, diff)
			}
		})
	}
}

// A bar that has become too long for the terminal is not put back as it was.
func TestProgressIsNarrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var width atomic.Int64
		width.Store(60)
		o := report.Progress{
			Style: report.ProgressBar,
			Width: func() int { return int(width.Load()) }, Started: func() int { return 9 }, Expected: func() (int, bool) { return 9, true },
		}
		l := log{start: time.Now()}
		results := make(chan *fetch.Result)
		go func() {
			defer close(results)
			time.Sleep(300 * time.Millisecond)
			width.Store(30)
			results <- answered("a")
			time.Sleep(200 * time.Millisecond)
		}()
		report.Drain(results, nil, []report.Sink{{Out: l.writer("stdout"), Terminal: true}}, l.writer("stderr"), report.Options{Progress: o}, nil)
		if diff := cmp.Diff([]string{
			`0.2 stderr "0 of 9 [                       ] 0/s, 0 failed, 9 in flight\r"`,
			`0.3 stderr "\r\x1b[J"`,
			`0.3 stdout "a header > HTTP/1.1 200 OK\na header > A: b\n"`,
			`0.4 stderr "1 of 9, 2/s, ETA 3s, 0 failed\r"`,
			`0.5 stderr "\r\x1b[J"`,
		}, l.entries); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
