package fetch

import (
	"net/netip"
	"sync"
)

// maxWaiting is how many hosts may wait for a slot at an address, for each that
// may be in flight. More would hold nobody up for longer, but each takes about
// as much memory as a host in flight.
const maxWaiting = 4

// slots bounds the hosts in flight: in all, and at each address.
type slots struct {
	inFlight chan struct{} // holds one for each host in flight
	room     chan struct{} // holds one for each host, in flight or waiting; nil if none can wait
	perAddr  int           // in flight at an address; 0 means no bound

	mu    sync.Mutex
	addrs map[netip.Addr]*addrSlots
	ended bool
}

// addrSlots are the slots at one address.
type addrSlots struct {
	used    int
	waiting []chan struct{} // each is closed when its host has a slot
}

func newSlots(parallel, perAddr int) *slots {
	s := &slots{inFlight: make(chan struct{}, parallel), perAddr: perAddr}
	if perAddr > 0 {
		s.room = make(chan struct{}, parallel+maxWaiting*parallel)
		s.addrs = make(map[netip.Addr]*addrSlots)
	}
	return s
}

// acquire waits for a slot. Room comes before the slot, so that a host that
// waits for room never holds a slot.
func (s *slots) acquire() {
	if s.room != nil {
		s.room <- struct{}{}
	}
	s.inFlight <- struct{}{}
}

func (s *slots) release() {
	<-s.inFlight
	if s.room != nil {
		<-s.room
	}
}

// acquireAddr waits until fewer hosts than the bound are in flight at an
// address, or the run has ended. Another host has the slot of this one
// meanwhile. The wait is on one channel and nothing else, which keeps stacks
// small.
func (s *slots) acquireAddr(addr netip.Addr) {
	turn := s.queueAt(addr)
	if turn == nil {
		return
	}
	<-s.inFlight
	<-turn
	s.inFlight <- struct{}{}
}

// queueAt returns nil if the address has a slot at once.
func (s *slots) queueAt(addr netip.Addr) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.addrs[addr]
	if at == nil {
		at = new(addrSlots)
		s.addrs[addr] = at
	}
	if at.used < s.perAddr || s.ended {
		at.used++
		return nil
	}
	turn := make(chan struct{})
	at.waiting = append(at.waiting, turn)
	return turn
}

// releaseAddr gives back what acquireAddr acquired.
func (s *slots) releaseAddr(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.addrs[addr]
	if len(at.waiting) > 0 {
		close(at.waiting[0])
		at.waiting = at.waiting[1:]
		return
	}
	if at.used--; at.used == 0 {
		delete(s.addrs, addr)
	}
}

// end gives every host that waits a slot at its address.
func (s *slots) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, at := range s.addrs {
		for _, turn := range at.waiting {
			close(turn)
		}
		at.used += len(at.waiting)
		at.waiting = nil
	}
}
