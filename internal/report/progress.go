package report

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// Progress says how far a run is, on talk. The zero value says nothing.
type Progress struct {
	Style    ProgressStyle
	Patience time.Duration // how long a bar waits before it is first shown
	Shared   bool          // out is the terminal that talk is

	Width    func() int                     // of the terminal, in columns
	Started  func() int                     // hosts started so far
	Expected func() (hosts int, exact bool) // hosts in all; 0 means not known
}

// ProgressStyle is how progress is said.
type ProgressStyle int

const (
	NoProgress    ProgressStyle = iota
	ProgressBar                 // a line at the bottom of a terminal, drawn anew
	ProgressLines               // a line every ten seconds
)

const (
	barEvery   = 200 * time.Millisecond
	linesEvery = 10 * time.Second
	maxETA     = 1000 * time.Hour // more is no estimate
	rateOver   = 10 * time.Second // how far back the rate looks
	eraseBar   = "\r\x1b[J"
)

// progress renders; Drain writes. So nothing that is written can be torn, and a
// bar stands below the last line of it. The cursor rests at the bar's start, and
// the bar is erased from there to the end of the screen: that is all of it, also
// when a terminal that became narrower has wrapped it, or has echoed ^C.
type progress struct {
	Progress
	tick  <-chan time.Time
	stop  func()
	bar   *pb.ProgressBar
	begin time.Time
	past  []sample // of the time that the rate is about, oldest first
	line  []byte   // the bar; empty for none
	shown []byte   // what of it stands in the terminal
}

type sample struct {
	at   time.Time
	done int
}

func newProgress(o Progress) *progress {
	p := &progress{Progress: o, stop: func() {}}
	every := map[ProgressStyle]time.Duration{ProgressBar: barEvery, ProgressLines: linesEvery}[o.Style]
	if every == 0 {
		return p
	}
	ticker := time.NewTicker(every)
	p.tick, p.stop = ticker.C, ticker.Stop
	p.past = []sample{{at: time.Now()}}
	p.begin = p.past[0].at
	p.bar = new(pb.ProgressBar).Set(pb.Static, true).Set(pb.Terminal, false)
	return p
}

// rate is how many hosts a second are done, of late.
func (p *progress) rate(done int) float64 {
	now := time.Now()
	p.past = append(p.past, sample{now, done})
	for len(p.past) > 2 && now.Sub(p.past[1].at) >= rateOver {
		p.past = p.past[1:]
	}
	return float64(done-p.past[0].done) / now.Sub(p.past[0].at).Seconds()
}

// update is to be called at each tick. It appends to talk what is to be said
// for good, and changes the line at the bottom.
func (p *progress) update(talk []byte, s *Summary) []byte {
	text := p.render(s)
	switch {
	case p.Style == ProgressLines:
		return append(append(talk, text...), '\n')
	case time.Since(p.begin) >= p.Patience:
		p.line = append(p.line[:0], text[:min(len(text), max(0, p.Width()-1))]...)
	}
	return talk
}

// above appends what makes room for lines above the bar.
func (p *progress) above(b []byte) []byte {
	if len(p.shown) > 0 {
		b = append(b, eraseBar...)
	}
	p.shown = p.shown[:0]
	return b
}

// around appends lines and the bar below them, or nothing if that would change
// nothing. A bar that is too long by now, since the terminal is narrower than at
// the last tick, waits for the next: it would wrap where it is written.
func (p *progress) around(b, lines []byte) []byte {
	if len(lines) == 0 && bytes.Equal(p.shown, p.line) {
		return b
	}
	b = append(p.above(b), lines...)
	if len(p.line) == 0 || len(p.line) >= p.Width() {
		return b
	}
	p.shown = append(p.shown, p.line...)
	return append(append(b, p.line...), '\r')
}

// render says what there is to say, in ASCII.
func (p *progress) render(s *Summary) string {
	done, started := s.Total(), p.Started()
	total, exact := p.Expected()
	rate := p.rate(done)
	count, bar, eta := strconv.Itoa(done), "hosts, ", ""
	if total > 0 {
		about := "~"
		if exact {
			about = ""
		}
		count += fmt.Sprintf(" of %s%d", about, total)
		if p.Style == ProgressBar {
			bar = `{{bar . "[" "=" ">" " " "]"}} `
		}
		if left := float64(total-done) / rate; left >= 0 && left < maxETA.Seconds() {
			eta = ", ETA " + (time.Duration(left) * time.Second).String()
		}
	}
	p.bar.SetTotal(int64(total)).SetCurrent(int64(done)).SetWidth(p.Width() - 1)
	p.bar.Set("before", count+" ").Set("after", fmt.Sprintf("%.0f/s%s, %d failed, %d in flight", rate, eta, s.Failed, started-done))
	return p.bar.SetTemplateString(`{{string . "before"}}` + bar + `{{string . "after"}}`).String()
}
