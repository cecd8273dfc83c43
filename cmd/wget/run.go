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

// run asks the targets and shows what comes of them.
func run(ctx context.Context, c *config, s streams, samples fs.FS) outcome {
	hosts, err := openHosts(c, s.in)
	if err != nil {
		return outcome{err: err}
	}
	defer hosts.close()
	out, err := openSinks(c, s)
	if err != nil {
		return outcome{err: err}
	}
	asking, showing, started := c.fetch, c.report, newStarts(c.report.Verbose)
	asking.Starting = started.add
	showing.Progress.Started, showing.Progress.Expected = started.count, hosts.expected
	if c.demo {
		route, stop, err := startDemo(samples)
		if err != nil {
			return outcome{err: err}
		}
		defer stop()
		asking.Routes, asking.Proxies, asking.Family = []fetch.Route{route}, fetch.Proxies{}, 0
	}

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	begin := time.Now()
	results := fetch.All(ctx, hosts.targets(ctx), asking)
	summary, failed := report.Drain(results, started.announced, out.list, s.err, showing, stop)
	if err := out.close(); failed == nil {
		failed = err
	}

	end := outcome{signal: signalOf(ctx)}
	if !c.quiet && (started.count() > 1 || end.signal != 0) {
		fmt.Fprintf(s.err, "%s\n%s", summary.Line(time.Since(begin)), summary.Breakdown())
		if len(showing.Checks) > 0 {
			fmt.Fprintln(s.err, report.Escape(summary.Checks.String()))
		}
	}
	if !c.exitZero {
		end.records = recordsCode(&summary, c.fail)
	}
	switch {
	case end.signal != 0: // the rest was not to be
	case summary.Total() != started.count():
		end.err = fmt.Errorf("%d targets were started and %d reported: please report this bug", started.count(), summary.Total())
	case failed != nil:
		end.err = fileError(fmt.Errorf("writing: %w", failed))
	case hosts.failed != nil:
		end.err = hosts.failed
	case started.count() == 0 && !c.quiet:
		fmt.Fprintf(s.err, "wget: no target in %s\n", report.Escape(hosts.names()))
	}
	return end
}

// signalOf is the signal that canceled ctx, or 0.
func signalOf(ctx context.Context) syscall.Signal {
	var i Interrupted
	errors.As(context.Cause(ctx), &i)
	return i.Signal
}

// starts counts the targets that have been started, and announces them.
type starts struct {
	n         atomic.Int64
	announced chan *fetch.Target // nil if nobody listens
}

func newStarts(announce bool) *starts {
	s := new(starts)
	if announce {
		s.announced = make(chan *fetch.Target)
	}
	return s
}

func (s *starts) count() int { return int(s.n.Load()) }

func (s *starts) add(t fetch.Target) {
	s.n.Add(1)
	if s.announced != nil {
		announced := t // only a target that is announced is to be allocated
		s.announced <- &announced
	}
}
