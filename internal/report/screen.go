package report

import (
	"bytes"
	"io"
	"slices"

	"wget/internal/fetch"
)

// batchSize is how many bytes of a batched format are gathered, at least, before
// they are written while more results are ready.
const batchSize = 32 << 10

// screen holds all that Drain writes to: the sinks, and stderr with the bar at
// its bottom. Text is gathered in buffers, so that a record is one write.
type screen struct {
	outputs []output
	stderr  io.Writer
	lines   []byte // for stderr, not written yet
	bar     bar
	frame   []byte // lines and bar, as they are written; kept for its memory
	stop    func(error)
	failed  error // of the first write to a sink that failed
}

// output is a sink at work.
type output struct {
	sink     Sink
	batched  bool
	reporter Reporter
	buf      []byte // rendered, not written yet
	failed   bool   // the sink gets nothing more
}

func newScreen(sinks []Sink, stderr io.Writer, o Options, stop func(error)) *screen {
	s := &screen{stderr: stderr, stop: stop, bar: bar{width: o.Progress.Width}}
	for _, sink := range sinks {
		format := sink.format()
		s.outputs = append(s.outputs, output{sink: sink, batched: format.Batched, reporter: format.New(o)})
	}
	return s
}

func (s *screen) begin() {
	for i := range s.outputs {
		out := &s.outputs[i]
		out.buf = out.reporter.Begin(out.buf)
	}
}

// record renders r for each sink.
func (s *screen) record(r *fetch.Result) {
	for i := range s.outputs {
		if out := &s.outputs[i]; !out.failed {
			out.buf = out.reporter.Record(out.buf, r)
		}
	}
}

// whole has each sink render the results of a target that it has gathered.
func (s *screen) whole() {
	for i := range s.outputs {
		if g, gathers := s.outputs[i].reporter.(gatherer); gathers && !s.outputs[i].failed {
			s.outputs[i].buf = g.Whole(s.outputs[i].buf)
		}
	}
}

// holds reports whether some sink may hold its first records.
func (s *screen) holds() bool {
	return slices.ContainsFunc(s.outputs, func(out output) bool {
		_, holds := out.reporter.(holder)
		return holds
	})
}

// release has the sinks give up what they hold.
func (s *screen) release() {
	for i := range s.outputs {
		if h, holds := s.outputs[i].reporter.(holder); holds && !s.outputs[i].failed {
			s.outputs[i].buf = h.Release(s.outputs[i].buf)
		}
	}
}

// end renders the end of each sink, removes the bar and writes everything.
func (s *screen) end(summary *Summary) {
	for i := range s.outputs {
		if out := &s.outputs[i]; !out.failed {
			out.buf = out.reporter.End(out.buf, summary)
		}
	}
	s.bar.set("")
	s.flush()
}

// flush writes everything that was gathered.
func (s *screen) flush() {
	for i := range s.outputs {
		s.write(&s.outputs[i])
	}
	s.redraw()
}

// flushDue writes the outputs that are not batched and those whose batch is
// full, and then stderr, so that a message follows the record it belongs to.
func (s *screen) flushDue() {
	due := false
	for i := range s.outputs {
		if out := &s.outputs[i]; !out.batched || len(out.buf) >= batchSize {
			s.write(out)
			due = true
		}
	}
	if due {
		s.redraw()
	}
}

// write writes what out has gathered.
func (s *screen) write(out *output) {
	if len(out.buf) == 0 || out.failed {
		return
	}
	if out.sink.Terminal && s.bar.isShown() {
		s.stderr.Write(s.bar.erase(nil))
	}
	if _, err := out.sink.Out.Write(out.buf); err != nil {
		out.failed = true
		if s.failed == nil {
			s.failed = err
			s.stop(err)
		}
	}
	out.buf = recycle(out.buf)
}

// redraw writes to stderr the lines that were gathered and the bar below them.
func (s *screen) redraw() {
	if len(s.lines) == 0 && s.bar.isCurrent() {
		return
	}
	s.frame = s.bar.erase(s.frame)
	s.frame = append(s.frame, s.lines...)
	s.frame = s.bar.draw(s.frame)
	if len(s.frame) > 0 {
		s.stderr.Write(s.frame)
	}
	s.lines, s.frame = recycle(s.lines), recycle(s.frame)
}

// recycle empties a buffer, and drops the memory of one that a huge record has
// made large.
func recycle(b []byte) []byte {
	if cap(b) > 4*batchSize {
		return nil
	}
	return b[:0]
}

// bar is a line at the bottom of a terminal. The cursor rests at the start of
// the bar, and the bar is erased from there to the end of the screen. So all of
// the bar goes, also where a terminal that became narrower has wrapped it, or has
// echoed ^C.
type bar struct {
	width func() int // of the terminal, in columns
	line  []byte     // the bar that is wanted; empty for none
	shown []byte     // the bar that stands on the terminal; empty for none
}

const eraseBar = "\r\x1b[J"

// set changes the line, which draw then shows.
func (b *bar) set(line string) { b.line = append(b.line[:0], line...) }

func (b *bar) isShown() bool { return len(b.shown) > 0 }

// isCurrent reports whether the terminal shows the bar that is wanted.
func (b *bar) isCurrent() bool { return bytes.Equal(b.shown, b.line) }

// erase appends the sequence that removes the bar, if one is shown.
func (b *bar) erase(dst []byte) []byte {
	if b.isShown() {
		dst = append(dst, eraseBar...)
	}
	b.shown = b.shown[:0]
	return dst
}

// draw appends the bar. A bar that is too long because the terminal became
// narrower waits for the next set: it would wrap.
func (b *bar) draw(dst []byte) []byte {
	if len(b.line) == 0 || len(b.line) >= b.width() {
		return dst
	}
	b.shown = append(b.shown, b.line...)
	return append(append(dst, b.line...), '\r')
}
