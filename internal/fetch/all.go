package fetch

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// All asks every target in a goroutine of its own, at most o.Parallel at once,
// and sends one result for each target that it started. Once ctx is canceled
// it starts no more, and what is in flight fails as canceled.
//
// The channel is closed when all results have been sent. The caller must read
// until then.
func All(ctx context.Context, targets iter.Seq[Target], o Options) <-chan *Result {
	f := newFetcher(ctx, o)
	results := make(chan *Result)
	if o.Ordered {
		go f.inOrder(ctx, targets, results)
		return results
	}
	go func() {
		defer close(results)
		anywhere := place(func(list ...*Result) { send(results, list) })
		f.each(ctx, targets, func() place { return anywhere })
	}()
	return results
}

// place takes the results of one target, all at once.
type place func(...*Result)

func send(to chan<- *Result, list []*Result) {
	for _, r := range list {
		to <- r
	}
}

// each asks every target and hands its results to the place that next gives for
// it. It returns when all have been handed over.
func (f *fetcher) each(ctx context.Context, targets iter.Seq[Target], next func() place) {
	defer f.close()
	var group errgroup.Group
	defer group.Wait()
	for target := range targets {
		if f.pace.wait(ctx) != nil {
			return
		}
		deliver := next()
		f.slots.acquire()
		f.options.Starting(target)
		v := &visit{f: f, ctx: ctx, request: &f.request, result: Result{Target: target, Reply: Reply{Target: target}}}
		group.Go(func() error {
			result := v.run()
			f.options.Done(result)
			deliver(result)
			f.slots.release()
			return nil
		})
	}
}
