package wget

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"syscall"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// run asks the targets and shows what comes of them. It calls begin once nothing
// blocks that does not know ctx, before the first is asked.
func run(ctx context.Context, c *config, s streams, samples fs.FS, begin func()) outcome {
	hosts, err := newHosts(c, s.in)
	if err != nil {
		return outcome{err: err}
	}
	if err := checkOutputs(c.outputs(s), c.inputs(s)); err != nil {
		return outcome{err: err}
	}
	if c.keep.isOn() {
		begin()
	}
	end := outcome{again: c.keep.dir != ""}
	dest, err := c.openDestination(ctx, hosts, s)
	if err == errWhole || err != nil && signalOf(ctx) != 0 {
		return end
	}
	if err != nil {
		return outcome{err: err}
	}
	if c.fetch.TLS.InsecureSkipVerify {
		if err := lookAtAnything(); err != nil {
			return outcome{err: err}
		}
	}
	asking, showing, started := c.fetch, c.report, newStarts(c.report.Verbose)
	asking.Starting, asking.Done = started.add, started.finish
	showing.Progress.Started, showing.Progress.Finished, showing.Progress.Expected = started.count, started.finished, dest.expected
	if asking.AllAddrs { // how many are behind a name is known when it has been looked up
		showing.Progress.Expected = func() (int, bool) { return 0, false }
	}
	if c.demo {
		stop, err := startDemo(samples, &asking)
		if err != nil {
			return outcome{err: err}
		}
		defer stop()
	}

	begin()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	since := time.Now()
	results := fetch.All(ctx, dest.targets(ctx), asking)
	summary, failed := report.Drain(results, started.announced, []report.Sink{dest.sink}, s.err, showing, stop)
	end.signal = signalOf(ctx)
	whole := end.signal == 0 && failed == nil && hosts.failed == nil
	if err := dest.close(whole); failed == nil {
		failed = err
	}
	elapsed, interrupted := time.Since(since), end.signal != 0
	all := dest.all(&summary)
	summary.Checks = all.Checks
	c.writeClosing(s.err, &summary, elapsed, interrupted)
	if dest.kept != nil && failed == nil && (whole || interrupted) {
		c.writeReceipt(s.err, dest.kept.receipt(hosts.own(), whole), elapsed)
	}
	end.records = c.judge(all)
	switch {
	case end.signal != 0: // the rest was not to be
	case summary.Total() != started.count():
		end.err = fmt.Errorf("%d targets were started and %d reported: please report this bug", started.count(), summary.Total())
	case failed != nil:
		end.err = writeError(failed)
	case hosts.failed != nil:
		end.err = hosts.failed
	case hosts.isEmpty():
		fmt.Fprintf(s.err, "%s: no target in %s\n", showing.Program, report.Escape(hosts.names()))
	}
	return end
}

// signalOf is the signal that canceled ctx, or 0.
func signalOf(ctx context.Context) syscall.Signal {
	var i Interrupted
	errors.As(context.Cause(ctx), &i)
	return i.Signal
}

// starts counts the targets that have been started and those that are over, and
// announces the former.
type starts struct {
	n, over, failed atomic.Int64
	announced       chan *fetch.Target // nil if nobody listens
}

func newStarts(announce bool) *starts {
	s := new(starts)
	if announce {
		s.announced = make(chan *fetch.Target)
	}
	return s
}

func (s *starts) count() int { return int(s.n.Load()) }

func (s *starts) finished() (n, failed int) { return int(s.over.Load()), int(s.failed.Load()) }

func (s *starts) add(t fetch.Target) {
	s.n.Add(1)
	if s.announced != nil {
		announced := t // only a target that is announced is to be allocated
		s.announced <- &announced
	}
}

func (s *starts) finish(r *fetch.Result) {
	if r.Err != nil {
		s.failed.Add(1)
	}
	s.over.Add(1)
}
