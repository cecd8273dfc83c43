package report_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
	"wget/internal/testpicture"
)

// The film of the bar shows what a run writes to its terminal, at the time at which it is written: 2,600 hosts, three of
// which are slow. With -update it is drawn anew.
func TestFilm(t *testing.T) {
	const path = "../../docs/bar.svg"
	synctest.Test(t, func(t *testing.T) {
		drawn := testpicture.Draw("the bar of a long run: how many hosts are done, how fast, time left, failures, and in the end which hosts are waited for", film()...)
		if *update {
			if err := os.WriteFile(path, []byte(drawn), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(kept), drawn); diff != "" {
			t.Errorf("go test ./internal/report -run Film -update draws it anew (-picture +run):\n%s", diff)
		}
	})
}

// film is what the terminal shows in the course of the run.
func film() []testpicture.Frame {
	const hosts, rate, parallel = 2600, 500, 128
	shell := screen{begin: time.Now(), lines: []string{""}}
	fmt.Fprintln(&shell, "$ wget -i hosts.txt -O headers.txt")
	var over atomic.Int64
	slow := []string{"slow.example", "asleep.example", "far.example"}
	results := make(chan *fetch.Result)
	go func() {
		defer close(results)
		time.Sleep(time.Millisecond) // not when the bar is drawn
		for i := range hosts {
			pause, r := time.Second/rate, answered("")
			if i >= hosts-len(slow) {
				pause = 900 * time.Millisecond
			}
			time.Sleep(pause)
			r.Times.FirstByte = time.Duration(20+i%97) * time.Millisecond
			switch i {
			case 700:
				r = failed("typo.example", fetch.StageDNS, fetch.KindNotFound, errors.New("no such host"))
			case 1500:
				r = failed("closed.example", fetch.StageConnect, fetch.KindRefused, syscall.ECONNREFUSED)
			case hosts - 1:
				r = failed("far.example", fetch.StageRead, fetch.KindTimeout, errors.New("timed out after 10s"))
			}
			over.Add(1)
			results <- r
		}
	}()
	o := report.Options{ColorErr: true, Progress: report.Progress{
		Style: report.ProgressBar, Delay: time.Second,
		Width:    func() int { return 80 },
		Started:  func() int { return min(int(over.Load())+parallel, hosts) },
		Expected: func() (int, bool) { return hosts, true },
		Slow: func() []string {
			if left := hosts - int(over.Load()); left <= len(slow) {
				return slow[len(slow)-left:]
			}
			return nil
		},
	}}
	summary, _ := report.Drain(results, nil, []report.Sink{{Out: io.Discard}}, &shell, o, nil)
	fmt.Fprint(&shell, o.Quiet(summary.Line(time.Since(shell.begin))+"\n"+summary.Breakdown())+"$ ")
	return shell.frames
}

func failed(name string, stage fetch.Stage, kind fetch.Kind, err error) *fetch.Result {
	return &fetch.Result{Target: fetch.Target{Text: name, Host: name}, Err: &fetch.Error{Stage: stage, Kind: kind, Err: err}}
}

// screen is a terminal that knows as much as the bar needs: lines, and erasing the one with the cursor.
type screen struct {
	begin  time.Time
	lines  []string // the last is the one with the cursor
	frames []testpicture.Frame
}

func (s *screen) Write(p []byte) (int, error) {
	last := len(s.lines) - 1
	written := strings.Split(s.lines[last]+strings.ReplaceAll(string(p), "\r", ""), "\n")
	for i, line := range written {
		if at := strings.LastIndex(line, "\x1b[J"); at >= 0 {
			written[i] = line[at+len("\x1b[J"):]
		}
	}
	s.lines = append(s.lines[:last], written...)
	frame := testpicture.Frame{At: time.Since(s.begin), Lines: slices.Clone(s.lines)}
	if n := len(s.frames); n > 0 && s.frames[n-1].At == frame.At {
		s.frames = s.frames[:n-1]
	}
	s.frames = append(s.frames, frame)
	return len(p), nil
}
