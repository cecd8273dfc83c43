package wget

import (
	"context"
	"io"
	"syscall"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// shown is what came of the results that were shown.
type shown struct {
	summary report.Summary
	elapsed time.Duration
	signal  syscall.Signal // that ended it early; 0 for none
	failed  error          // of the first output that could not be written or closed
}

// source is where results come from.
type source struct {
	results func(context.Context) <-chan *fetch.Result
	starts  <-chan *fetch.Target // targets to be announced; nil for none
	failed  func() error         // asked once the results are over: why there were not more of them
}

// show writes results to the sinks until there are no more. A write that fails
// ends the context of the results.
func (c *config) show(ctx context.Context, from source, sinks []report.Sink, p report.Progress, stderr io.Writer) shown {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	options := c.report
	options.Progress = p
	options.Partial = func() bool { return ctx.Err() != nil || from.failed() != nil }
	since := time.Now()
	summary, failed := report.Drain(from.results(ctx), from.starts, sinks, stderr, options, stop)
	return shown{summary, time.Since(since), signalOf(ctx), failed}
}

// close takes the errors of closing the outputs.
func (s *shown) close(errs ...error) {
	for _, err := range errs {
		if s.failed == nil {
			s.failed = err
		}
	}
}
