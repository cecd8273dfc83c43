package fetch

import (
	"context"
	"iter"
	"sync"
)

// maxHeld is how many targets may be done before an earlier one, for each host
// that may be in flight.
const maxHeld = 8

// maxHeldBytes bounds the memory of the results that are held back. The garbage
// collector lets the heap grow to twice what is in use, so it can take 64 MiB.
const maxHeldBytes = 32 << 20

// inOrder sends the results in the order of the targets. When a slow host holds
// back so many results that there is no room, no more hosts are started.
func (f *fetcher) inOrder(ctx context.Context, targets iter.Seq[Target], results chan<- *Result) {
	defer close(results)
	// The room in between lets hosts run on behind a slow one.
	places := make(chan chan []*Result, maxHeld*f.options.Parallel)
	held := newBacklog()
	go func() {
		defer close(places)
		f.each(ctx, targets, func() receiver {
			held.start()
			kept := make(chan []*Result, 1) // so that a host need not wait for its turn
			places <- kept
			return func(list ...*Result) {
				held.add(list)
				kept <- list
			}
		})
	}()
	for kept := range places {
		list := <-kept
		send(results, list)
		held.remove(list)
	}
}

// backlog is the results that are held back until those of an earlier target
// are there.
type backlog struct {
	mu       sync.Mutex
	changed  sync.Cond
	inFlight int // hosts that have no results yet
	held     int // hosts whose results are held back
	bytes    int // memory of these results, about
}

func newBacklog() *backlog {
	b := new(backlog)
	b.changed.L = &b.mu
	return b
}

// start waits until there is room for the results of one more host, should all
// in flight turn out as large as those that are held back. While anything is held
// back, the host that everything waits for has been started, so the wait ends.
func (b *backlog) start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.held > 0 && b.bytes+b.inFlight*(b.bytes/b.held-visitSize) > maxHeldBytes {
		b.changed.Wait()
	}
	b.inFlight++
}

func (b *backlog) add(list []*Result) { b.change(-1, 1, sizeOf(list)) }

func (b *backlog) remove(list []*Result) { b.change(0, -1, -sizeOf(list)) }

func (b *backlog) change(inFlight, held, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight += inFlight
	b.held += held
	b.bytes += bytes
	b.changed.Signal()
}

// visitSize is about the memory that a result takes, whether it is held back or is
// still to come: the visit, its place in the order, the session.
const visitSize = 1 << 10

// sizeOf is about the memory of the results of a target.
func sizeOf(list []*Result) int {
	size := 0
	for _, r := range list {
		size += visitSize + len(r.Target.Text) + r.Reply.size()
		for i := range r.Hops {
			size += visitSize + r.Hops[i].size()
		}
	}
	return size
}

// size is the memory of what servers decide the length of.
func (r *Reply) size() int {
	size := len(r.Raw)
	if r.Session != nil {
		for _, certificate := range r.Session.sent {
			size += len(certificate)
		}
	}
	return size
}
