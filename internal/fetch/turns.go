package fetch

import (
	"net/netip"
	"sync"
	"time"
)

// maxWaiting is how many hosts may wait for their turn at an address, for each
// that may be in flight. More would hold nobody up for longer, but each takes
// about as much memory as one in flight.
const maxWaiting = 4

// turns bounds the hosts in flight: in all, and at each address.
type turns struct {
	places  chan struct{} // holds one for each host in flight
	room    chan struct{} // holds one for each host, in flight or waiting; nil if none can wait
	perAddr int           // in flight at an address; 0 means no bound

	mu     sync.Mutex
	queues map[netip.Addr]*queue
	ended  bool
}

// queue is the hosts at an address.
type queue struct {
	asked   int
	waiting []chan struct{} // closed when the turn has come
}

func newTurns(parallel, perAddr int) *turns {
	t := &turns{places: make(chan struct{}, parallel), perAddr: perAddr}
	if perAddr > 0 {
		t.room = make(chan struct{}, parallel+maxWaiting*parallel)
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

// take waits until fewer hosts than the bound are asked at an address, or the
// run has ended. Another host has the place meanwhile. It waits on one channel
// and nothing else, which keeps stacks small.
func (t *turns) take(addr netip.Addr) {
	turn := t.join(addr)
	if turn == nil {
		return
	}
	<-t.places
	<-turn
	t.places <- struct{}{}
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
	if q.asked < t.perAddr || t.ended {
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

// end gives all who wait their turn.
func (t *turns) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for _, q := range t.queues {
		for _, turn := range q.waiting {
			close(turn)
		}
		q.asked += len(q.waiting)
		q.waiting = nil
	}
}

// await waits for the host's turn at its first address. The clock of the host
// stands still meanwhile.
func (v *visit) await() *Error {
	if v.PerAddr == 0 {
		return nil
	}
	since := time.Now()
	v.turns.take(v.addrs[0])
	v.turn = true
	if err := v.ctx.Err(); err != nil {
		return fail(StageConnect, err)
	}
	waited := time.Since(since)
	v.start = v.start.Add(waited)
	if !v.whole.at.IsZero() {
		v.whole.at = v.whole.at.Add(waited)
	}
	return nil
}
