package wget

import (
	"context"
	"fmt"
	"io"
	"io/fs"

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
	page, err := c.openPage(ctx, s)
	if err != nil {
		return outcome{err: err}
	}
	defer page.close()
	dest, err := c.openDestination(ctx, hosts, s)
	switch {
	case err == errWhole || err != nil && signalOf(ctx) != 0:
		return outcome{again: c.keep.dir != ""}
	case err != nil:
		return outcome{err: err}
	}
	if c.fetch.TLS.InsecureSkipVerify {
		if err := lookAtAnything(); err != nil {
			return outcome{err: err}
		}
	}
	asking := c.fetch
	if c.demo {
		stop, err := startDemo(samples, &asking)
		if err != nil {
			return outcome{err: err}
		}
		defer stop()
	}
	if err := empty(page.file, dest.file); err != nil {
		return outcome{err: err}
	}
	begin()
	return c.ask(ctx, asking, hosts, dest, page, s.err)
}

// ask asks the targets of a destination, and says how that ended.
func (c *config) ask(ctx context.Context, o fetch.Options, list *hosts, dest *destination, page page, stderr io.Writer) outcome {
	started := newStarts(c.report.Verbose, c.report.Progress.Style == report.ProgressBar)
	o.Starting, o.Done = started.add, started.finish
	progress := c.report.Progress
	progress.Started, progress.Finished, progress.Expected = started.count, started.finished, dest.expected
	if started.pending != nil {
		progress.Slow = started.slow
	}
	if o.AllAddrs { // how many are behind a name is known when it has been looked up
		progress.Expected = func() (int, bool) { return 0, false }
	}
	from := source{
		results: func(ctx context.Context) <-chan *fetch.Result { return fetch.All(ctx, dest.targets(ctx), o) },
		starts:  started.announced,
		failed:  func() error { return list.failed },
	}
	came := c.show(ctx, from, append(page.sinks, dest.sink), progress, stderr)

	interrupted := came.signal != 0
	whole := !interrupted && came.failed == nil && list.failed == nil
	closing, stop := withGrace(ctx)
	defer stop()
	came.close(dest.close(closing, whole), page.close())
	all := dest.all(&came.summary)
	came.summary.Checks = all.Checks
	c.writeClosing(stderr, &came.summary, came.elapsed, interrupted)
	if dest.kept != nil && came.failed == nil && (whole || interrupted) {
		c.writeReceipt(stderr, dest.kept.receipt(list.own(), whole), came.elapsed)
	}
	end := outcome{signal: came.signal, again: c.keep.dir != "", records: c.judge(all)}
	switch {
	case interrupted: // the rest was not to be
	case came.summary.Total() != started.count():
		end.err = fmt.Errorf("%d targets were started and %d reported: please report this bug", started.count(), came.summary.Total())
	case came.failed != nil:
		end.err = writeError(came.failed)
	case list.failed != nil:
		end.err = list.failed
	case list.isEmpty():
		fmt.Fprintf(stderr, "%s: no target in %s\n", c.report.Program, report.Escape(inputNames(list.inputs)))
	}
	return end
}
