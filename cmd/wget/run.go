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
	end := outcome{again: c.keep.dir != ""}
	dest, err := c.openDestination(ctx, hosts, s)
	if end.signal = signalOf(ctx); end.signal != 0 || err == errWhole {
		return end
	}
	if err != nil {
		return outcome{err: err}
	}
	asking, showing, started := c.fetch, c.report, newStarts(c.report.Verbose)
	asking.Starting = started.add
	showing.Progress.Started, showing.Progress.Expected = started.count, dest.expected
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
	results := fetch.All(ctx, dest.targets(ctx), asking)
	summary, failed := report.Drain(results, started.announced, []report.Sink{dest.sink}, s.err, showing, stop)
	end.signal = signalOf(ctx)
	whole := end.signal == 0 && failed == nil && hosts.failed == nil
	if err := dest.close(whole); failed == nil {
		failed = err
	}

	if !c.quiet {
		c.writeClosing(s.err, dest, &summary, closing{
			started: started.count(), in: hosts.own(), whole: whole && failed == nil,
			interrupted: end.signal != 0, elapsed: time.Since(begin),
		})
	}
	if !c.exitZero {
		end.records = recordsCode(dest.all(&summary), c.fail)
	}
	switch {
	case end.signal != 0: // the rest was not to be
	case summary.Total() != started.count():
		end.err = fmt.Errorf("%d targets were started and %d reported: please report this bug", started.count(), summary.Total())
	case failed != nil:
		end.err = writeError(failed)
	case hosts.failed != nil:
		end.err = hosts.failed
	case hosts.isEmpty() && !c.quiet:
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
