package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// run is the pipeline: hosts, targets, a goroutine each, results, one writer.
func run(ctx context.Context, c *Config, s streams, samples fs.FS) error {
	hosts, err := openHosts(c, s.in)
	if err != nil {
		return err
	}
	defer hosts.close()
	out, err := openOutput(c.Output, s.out)
	if err != nil {
		return err
	}
	if c.Demo {
		route, stop, err := startDemo(samples)
		if err != nil {
			return err
		}
		defer stop()
		c.Fetch.Routes = []fetch.Route{route}
	}

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var started atomic.Int64
	starts := make(chan *fetch.Target)
	c.Fetch.Starting = func(t fetch.Target) {
		started.Add(1)
		if c.Report.Verbose {
			starts <- &t
		}
	}
	c.Report.Progress.Started = func() int { return int(started.Load()) }
	c.Report.Progress.Expected = hosts.expected
	begin := time.Now()
	results := fetch.All(ctx, hosts.targets(ctx), c.Fetch)
	sinks := []report.Sink{{Format: c.Format, Out: out, Terminal: toStdout(c.Output) && isTerminal(s.out)}}
	summary, failed := report.Drain(results, starts, sinks, s.err, c.Report, stop)
	if err := out.Close(); failed == nil {
		failed = err
	}

	var interrupted Interrupted
	errors.As(context.Cause(ctx), &interrupted)
	if !c.Quiet && (started.Load() > 1 || interrupted.Signal != 0) {
		fmt.Fprintf(s.err, "%s\n%s", summary.Line(time.Since(begin)), summary.Breakdown())
	}
	switch {
	case interrupted.Signal != 0:
		return interrupted
	case summary.Total() != int(started.Load()):
		return fmt.Errorf("%d targets were started and %d reported: please report this bug", started.Load(), summary.Total())
	}
	if failed != nil {
		failed = fmt.Errorf("writing: %w", failed)
	} else {
		failed = hosts.failed
	}
	switch records := judge(&summary, c); {
	case failed != nil:
		return fileError{failed, records}
	case records != exitOK:
		return records
	}
	return nil
}

// toStdout reports whether a name of an output stands for stdout.
func toStdout(name string) bool { return name == "" || name == "-" }

// openOutput is stdout, which is not ours to close, or a file.
func openOutput(name string, stdout io.Writer) (io.WriteCloser, error) {
	if toStdout(name) {
		return struct {
			io.Writer
			io.Closer
		}{stdout, io.NopCloser(nil)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fileError{err: fmt.Errorf("--output-document: %w", err)}
	}
	return f, nil
}
