package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// Progress says how far a run is, on stderr. The zero value says nothing.
type Progress struct {
	Style ProgressStyle
	Delay time.Duration // from the start of the run to the first bar

	Width    func() int                     // of the terminal, in columns
	Started  func() int                     // hosts started so far
	Finished func() (hosts, failed int)     // hosts that are over so far; nil means those that were reported
	Expected func() (hosts int, exact bool) // hosts in all; 0 means not known
	Slow     func() []string                // hosts in flight, if they are few; nil means that they are not named
}

// ProgressStyle is how progress is shown.
type ProgressStyle int

const (
	NoProgress    ProgressStyle = iota
	ProgressBar                 // a line at the bottom of a terminal, drawn anew
	ProgressLines               // a line every ten seconds
)

const (
	barInterval   = 200 * time.Millisecond
	linesInterval = 10 * time.Second
	rateWindow    = 10 * time.Second // how far back the rate looks
	maxETA        = 1000 * time.Hour // an estimate above is not shown
)

// progress renders how far the run is; screen writes it.
type progress struct {
	Progress
	ticks <-chan time.Time // when to update; nil for never
	stop  func()           // ends ticks
	bar   *pb.ProgressBar
	begin time.Time
	past  []sample // within rateWindow, oldest first
}

// sample is a count of hosts that were done at a time.
type sample struct {
	at   time.Time
	done int
}

func newProgress(o Progress) *progress {
	p := &progress{Progress: o, stop: func() {}}
	interval := map[ProgressStyle]time.Duration{ProgressBar: barInterval, ProgressLines: linesInterval}[o.Style]
	if interval == 0 {
		return p
	}
	ticker := time.NewTicker(interval)
	p.ticks, p.stop = ticker.C, ticker.Stop
	p.begin = time.Now()
	p.past = []sample{{at: p.begin}}
	p.bar = new(pb.ProgressBar).Set(pb.Static, true).Set(pb.Terminal, false)
	return p
}

// update adds a line to the screen, or changes its bar. It is called at each
// tick.
func (p *progress) update(screen *screen, s *Summary) {
	text := p.render(s)
	switch {
	case p.Style == ProgressLines:
		screen.lines = append(append(screen.lines, text...), '\n')
	case time.Since(p.begin) >= p.Delay:
		screen.bar.set(text[:min(len(text), max(0, p.Width()-1))])
	}
}

// minBar is the width of the shortest bar that shows anything, in columns.
const minBar = 10

// render returns one line of ASCII. For a terminal the line is made to fit: it
// loses its bar first, and then its facts from the end.
func (p *progress) render(s *Summary) string {
	done, failed := s.Total(), s.Failed
	if p.Finished != nil {
		done, failed = p.Finished()
	}
	total, exact := p.Expected()
	rate := p.rate(done)
	facts := []string{fmt.Sprintf("%.0f/s", rate)}
	if left := float64(total-done) / rate; total > 0 && left >= 0 && left < maxETA.Seconds() {
		facts = append(facts, "ETA "+(time.Duration(left)*time.Second).String())
	}
	inFlight := fmt.Sprintf("%d in flight", p.Started()-done)
	facts = append(facts, fmt.Sprintf("%d failed", failed), inFlight)

	count, room := countOf(done, total, exact), p.Width()-1
	after := strings.Join(facts, ", ")
	if p.Slow != nil {
		if slow := p.Slow(); len(slow) > 0 && len(count)+minBar+len(after)+len(": ")+len(strings.Join(slow, ", "))+2 <= room {
			after += ": " + strings.Join(slow, ", ")
		}
	}
	switch {
	case p.Style == ProgressLines:
		return count + " hosts, " + after
	case total > 0 && len(count)+minBar+len(after)+2 <= room:
		p.bar.SetTotal(int64(total)).SetCurrent(int64(done)).SetWidth(room)
		p.bar.Set("before", count+" ").Set("after", after)
		return p.bar.SetTemplateString(`{{string . "before"}}{{bar . "[" "=" ">" " " "]"}} {{string . "after"}}`).String()
	case total == 0:
		count += " hosts"
	}
	return joinFitting(append([]string{count}, facts...), room)
}

// countOf is "639", "639 of 2600", or "639 of ~2600".
func countOf(done, total int, exact bool) string {
	switch {
	case total == 0:
		return strconv.Itoa(done)
	case exact:
		return fmt.Sprintf("%d of %d", done, total)
	}
	return fmt.Sprintf("%d of ~%d", done, total)
}

// joinFitting joins as many parts as there is room for, at least the first.
func joinFitting(parts []string, room int) string {
	text := parts[0]
	for _, part := range parts[1:] {
		if len(text)+len(", ")+len(part) > room {
			break
		}
		text += ", " + part
	}
	return text
}

// rate is how many hosts per second were done within rateWindow.
func (p *progress) rate(done int) float64 {
	now := time.Now()
	p.past = append(p.past, sample{now, done})
	for len(p.past) > 2 && now.Sub(p.past[1].at) >= rateWindow {
		p.past = p.past[1:]
	}
	return float64(done-p.past[0].done) / now.Sub(p.past[0].at).Seconds()
}
