package fetch

import (
	"context"
	"iter"
	"sync"
)

// All asks every target in a goroutine of its own, at most o.Parallel at once,
// and sends one result for each target that it started, or for each address of
// the target, one directly after the other, if o.AllAddrs. Once ctx is canceled
// it starts no more, and the hosts in flight fail as canceled.
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
		forAll := receiver(func(list ...*Result) { send(results, list) })
		if o.AllAddrs {
			forAll = oneAtATime(forAll)
		}
		f.each(ctx, targets, func() receiver { return forAll })
	}()
	return results
}

// oneAtATime is a receiver that takes the results of one target after those of
// another.
func oneAtATime(to receiver) receiver {
	var mu sync.Mutex
	return func(list ...*Result) {
		mu.Lock()
		defer mu.Unlock()
		to(list...)
	}
}
