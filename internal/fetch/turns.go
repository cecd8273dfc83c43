package fetch

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// ahead is how many hosts may be held for each that may be in flight: because
// they wait for their turn at an address, or because their results wait for an
// earlier one.
const ahead = 8

// turns bounds the hosts in flight: in all, and at each address.
type turns struct {
	places  chan struct{} // holds one for each host in flight
	room    chan struct{} // holds one for each host, in flight or waiting; nil if none can wait
	perAddr int           // in flight at an address; 0 means no bound

	mu     sync.Mutex
	queues map[netip.Addr]*queue
}

// queue is the hosts at an address.
type queue struct {
	asked   int
	waiting []chan struct{} // closed when the turn has come
}

func newTurns(parallel, perAddr int) *turns {
	t := &turns{places: make(chan struct{}, parallel), perAddr: perAddr}
	if perAddr > 0 {
		t.room = make(chan struct{}, parallel+ahead*parallel)
		t.queues = make(map[netip.Addr]*queue)
	}
	return t
}

// enter waits for a place. The room comes first: who waits for it must not
// keep a place from a host whose turn has come.
func (t *turns) enter() {
	if t.room != nil {
		t.room <- struct{}{}
	}
	t.places <- struct{}{}
}

func (t *turns) leave() {
	<-t.places
	if t.room != nil {
		<-t.room
	}
}

// take waits until fewer hosts than the bound are asked at an address. Another
// host has the place meanwhile.
func (t *turns) take(ctx context.Context, addr netip.Addr) error {
	turn := t.join(addr)
	if turn == nil {
		return nil
	}
	<-t.places
	select {
	case <-turn:
	case <-ctx.Done(): // for all who wait
	}
	t.places <- struct{}{}
	return ctx.Err()
}

// join returns nil if it is the host's turn at once.
func (t *turns) join(addr netip.Addr) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[addr]
	if q == nil {
		q = new(queue)
		t.queues[addr] = q
	}
	if q.asked < t.perAddr {
		q.asked++
		return nil
	}
	turn := make(chan struct{})
	q.waiting = append(q.waiting, turn)
	return turn
}

// give ends a turn that take began.
func (t *turns) give(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[addr]
	if len(q.waiting) > 0 {
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		return
	}
	if q.asked--; q.asked == 0 {
		delete(t.queues, addr)
	}
}

// await waits for the host's turn at its first address. The clock of the host
// stands still meanwhile.
func (v *visit) await() *Error {
	if v.PerAddr == 0 {
		return nil
	}
	since := time.Now()
	if err := v.turns.take(v.ctx, v.addrs[0]); err != nil {
		return fail(StageConnect, err)
	}
	v.turn = v.addrs[0]
	waited := time.Since(since)
	v.start = v.start.Add(waited)
	if !v.whole.at.IsZero() {
		v.whole.at = v.whole.at.Add(waited)
	}
	return nil
}
