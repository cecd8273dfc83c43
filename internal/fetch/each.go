package fetch

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// receiver takes the results of one target, all at once.
type receiver func(...*Result)

func send(to chan<- *Result, list []*Result) {
	for _, r := range list {
		to <- r
	}
}

// each asks every target and hands its results to the receiver that next returns
// for the target. It returns when all have been handed over.
func (f *fetcher) each(ctx context.Context, targets iter.Seq[Target], next func() receiver) {
	defer f.close()
	var group errgroup.Group
	defer group.Wait()
	for target := range targets {
		// A text that is no target takes no turn: nothing is asked.
		if target.Err == nil && f.pace.wait(ctx) != nil {
			return
		}
		deliver := next()
		f.slots.acquire()
		if ctx.Err() != nil {
			f.slots.release()
			deliver() // its place in the order stays empty
			return
		}
		f.options.Starting(target)
		v := &visit{f: f, ctx: ctx, request: &f.request, result: Result{Target: target, Reply: Reply{Target: target}}}
		group.Go(func() error {
			deliver(v.results()...)
			f.slots.release()
			return nil
		})
	}
}

// results asks the target, and returns its results.
func (v *visit) results() []*Result {
	if v.f.options.AllAddrs {
		return v.runEdges()
	}
	return []*Result{v.finish()}
}
