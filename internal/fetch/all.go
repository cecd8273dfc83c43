package fetch

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// All asks every target in a goroutine of its own, at most o.Parallel at once,
// and sends one result for each target that it started, or for each address of
// the target, one directly after the other, if o.AllAddrs. Once ctx is canceled
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
		if o.AllAddrs {
			anywhere = together(anywhere)
		}
		f.each(ctx, targets, func() place { return anywhere })
	}()
	return results
}

// place takes the results of one target, all at once.
type place func(...*Result)

// together is a place that takes the results of one target after those of another.
func together(p place) place {
	var mu sync.Mutex
	return func(list ...*Result) {
		mu.Lock()
		defer mu.Unlock()
		p(list...)
	}
}

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
			list := v.results()
			for _, r := range list {
				f.options.Done(r)
			}
			deliver(list...)
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
	return []*Result{v.run()}
}
