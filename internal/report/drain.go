package report

import (
	"io"
	"time"

	"wget/internal/fetch"
)

// Drain reads results until the channel is closed, and starts beside them. Each
// result becomes a record in every sink, and each target in starts a line on
// stderr. Drain is the only writer of the sinks and of stderr while it runs.
//
// The first failed write to a sink is returned, after stop was called with it at
// the time of the failure, so that no more hosts are started for nothing. The
// results that still come are counted, and written to the other sinks. Failed
// writes to stderr are ignored: there is nowhere left to complain.
func Drain(results <-chan *fetch.Result, starts <-chan *fetch.Target, sinks []Sink, stderr io.Writer, o Options, stop func(error)) (Summary, error) {
	var summary Summary
	o.before = new(coloured)
	messages := newMessages(sinks, o)
	screen := newScreen(sinks, stderr, o, func(err error) {
		messages.canceled = false // hosts are not to blame for it
		stop(err)
	})
	judge := newJudge(o, &summary.Checks)
	progress := newProgress(o.Progress)
	defer progress.stop()
	var before *fetch.Result
	complete := true // all results of the target at hand have come
	whole := func() {
		screen.whole()
		screen.lines = messages.appendAbsent(screen.lines)
		screen.flushDue()
	}
	inputs := inputs{results: results, starts: starts, ticks: progress.ticks, idle: func() {
		if complete {
			screen.flush()
		}
	}}

	screen.begin()
	for {
		switch e := inputs.next(); {
		case e.closed:
			whole()
			screen.end(&summary)
			return summary, screen.failed
		case e.result != nil:
			further := follows(before, e.result)
			before = e.result
			if !complete && !further {
				whole()
			}
			summary.add(e.result, further)
			judge.take(e.result)
			if judge.shows(e.result) {
				screen.record(e.result)
				screen.lines = messages.appendResult(screen.lines, e.result)
				if inputs.release == nil && screen.holds() {
					inputs.release = time.After(firstRowsTime)
				}
			} else if o.Baseline != nil {
				o.Baseline.take(e.result) // it is not shown, and yet it is not gone
			}
			screen.lines = judge.appendFailures(screen.lines, e.result, further, &messages)
			if complete = isLast(e.result); complete {
				whole()
			}
		case e.start != nil:
			screen.lines = messages.appendStart(screen.lines, e.start)
			screen.flush()
		case e.release:
			screen.release()
			screen.flush()
		case e.tick:
			progress.update(screen, &summary)
			screen.flush()
		}
	}
}

// inputs is all that Drain waits for.
type inputs struct {
	results <-chan *fetch.Result
	starts  <-chan *fetch.Target // nil if starts are not announced
	ticks   <-chan time.Time     // nil if there is no progress to show
	release <-chan time.Time     // when records are held no longer; nil before the first
	idle    func()               // called before a wait
}

// event is one arrival. Exactly one field is set.
type event struct {
	result  *fetch.Result
	start   *fetch.Target
	tick    bool
	release bool
	closed  bool // the results are over
}

// next returns an event that is ready, or else calls idle and waits for one.
func (in *inputs) next() event {
	select {
	case r, open := <-in.results:
		return event{result: r, closed: !open}
	case t := <-in.starts:
		return event{start: t}
	case <-in.ticks:
		return event{tick: true}
	case <-in.release:
		return event{release: true}
	default:
	}
	in.idle()
	select {
	case r, open := <-in.results:
		return event{result: r, closed: !open}
	case t := <-in.starts:
		return event{start: t}
	case <-in.ticks:
		return event{tick: true}
	case <-in.release:
		return event{release: true}
	}
}
