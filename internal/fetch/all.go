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
	if o.Ordered {
		return f.inOrder(ctx, targets)
	}
	results := make(chan *Result)
	go func() {
		defer close(results)
		f.each(ctx, targets, func() chan<- *Result { return results })
	}()
	return results
}

// maxHeld is how many results may wait for an earlier one, for each host that
// may be in flight.
const maxHeld = 8

// inOrder is All with the results in the order of the targets. When a slow host
// holds back so many results that there is no room, no more hosts are started.
func (f *fetcher) inOrder(ctx context.Context, targets iter.Seq[Target]) <-chan *Result {
	// Each slot is the promise of one result. The room in between lets hosts
	// run on behind a slow one.
	slots := make(chan chan *Result, maxHeld*f.Parallel)
	go func() {
		defer close(slots)
		f.each(ctx, targets, func() chan<- *Result {
			slot := make(chan *Result, 1) // filled without waiting for its turn
			slots <- slot
			return slot
		})
	}()
	results := make(chan *Result)
	go func() {
		defer close(results)
		for slot := range slots {
			results <- <-slot
		}
	}()
	return results
}

// each asks every target and sends its result to the channel that place gives
// for it. It returns when all have been sent.
func (f *fetcher) each(ctx context.Context, targets iter.Seq[Target], place func() chan<- *Result) {
	defer f.close()
	var group errgroup.Group
	defer group.Wait()
	for target := range targets {
		if f.pace.Wait(ctx) != nil {
			return
		}
		results := place()
		f.turns.enter()
		f.Starting(target)
		v := &visit{fetcher: f, ctx: ctx, Result: Result{Target: target}}
		group.Go(func() error {
			results <- v.run()
			f.turns.leave()
			return nil
		})
	}
}
