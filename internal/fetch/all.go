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

// maxHeld is how many targets may be done before an earlier one, for each host
// that may be in flight.
const maxHeld = 8

// inOrder sends the results in the order of the targets. When a slow host holds
// back so many results that there is no room, no more hosts are started.
func (f *fetcher) inOrder(ctx context.Context, targets iter.Seq[Target], results chan<- *Result) {
	defer close(results)
	// The room in between lets hosts run on behind a slow one.
	places := make(chan chan []*Result, maxHeld*f.options.Parallel)
	go func() {
		defer close(places)
		f.each(ctx, targets, func() place {
			kept := make(chan []*Result, 1) // so that a host need not wait for its turn
			places <- kept
			return func(list ...*Result) { kept <- list }
		})
	}()
	for kept := range places {
		send(results, <-kept)
	}
}

// each asks every target and hands its results to the place that next gives for
// it. It returns when all have been handed over.
func (f *fetcher) each(ctx context.Context, targets iter.Seq[Target], next func() place) {
	defer f.close()
	var group errgroup.Group
	defer group.Wait()
	for target := range targets {
		if f.pace.Wait(ctx) != nil {
			return
		}
		deliver := next()
		f.slots.acquire()
		f.options.Starting(target)
		v := &visit{f: f, ctx: ctx, request: &f.request, result: Result{Target: target, Reply: Reply{Target: target}}}
		group.Go(func() error {
			deliver(v.run())
			f.slots.release()
			return nil
		})
	}
}
