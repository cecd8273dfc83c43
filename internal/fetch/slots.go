package fetch

import (
	"net/netip"
	"sync"
)

// maxWaiting is how many hosts may wait for a slot at a site, for each that may be
// in flight. While all room is taken by hosts that wait at one site, no other host
// starts. More room would put that off, but a waiting host takes about as much
// memory as one in flight.
const maxWaiting = 4

// slots bounds the hosts in flight: in all, and at each site.
type slots struct {
	inFlight chan struct{} // holds one for each host in flight
	room     chan struct{} // holds one for each host, in flight or waiting; nil if none can wait
	perAddr  int           // in flight at a site; 0 means no bound

	mu    sync.Mutex
	sites map[site]*siteSlots
	ended bool
}

// site is a place that must not be asked by too many hosts at once: an address
// or, where a proxy stands before it, a host.
type site struct {
	addr netip.Addr
	host string
}

// siteSlots are the slots at one site.
type siteSlots struct {
	used    int
	waiting []chan struct{} // each is closed when its host has a slot
}

func newSlots(parallel, perAddr int) *slots {
	s := &slots{inFlight: make(chan struct{}, parallel), perAddr: perAddr}
	if perAddr > 0 {
		s.room = make(chan struct{}, parallel+maxWaiting*parallel)
		s.sites = make(map[site]*siteSlots)
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

// tryAcquire acquires a slot if one is free.
func (s *slots) tryAcquire() bool {
	if s.room != nil {
		select {
		case s.room <- struct{}{}:
		default:
			return false
		}
	}
	select {
	case s.inFlight <- struct{}{}:
		return true
	default:
	}
	if s.room != nil {
		<-s.room
	}
	return false
}

func (s *slots) release() {
	<-s.inFlight
	if s.room != nil {
		<-s.room
	}
}

// acquireSite waits until fewer hosts than the bound are in flight at a site, or
// the run has ended. It gives the host's slot to another host meanwhile, and
// acquires one again. It waits on one channel at a time and nothing else, which
// keeps stacks small.
func (s *slots) acquireSite(at site) {
	granted := s.queueAt(at)
	if granted == nil {
		return
	}
	<-s.inFlight
	<-granted
	s.inFlight <- struct{}{}
}

// queueAt returns nil if the site has a slot at once.
func (s *slots) queueAt(at site) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.sites[at]
	if q == nil {
		q = new(siteSlots)
		s.sites[at] = q
	}
	if q.used < s.perAddr || s.ended {
		q.used++
		return nil
	}
	granted := make(chan struct{})
	q.waiting = append(q.waiting, granted)
	return granted
}

// releaseSite gives back what acquireSite acquired.
func (s *slots) releaseSite(at site) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.sites[at]
	if len(q.waiting) > 0 {
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		return
	}
	if q.used--; q.used == 0 {
		delete(s.sites, at)
	}
}

// end gives every host that waits a slot at its site.
func (s *slots) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, q := range s.sites {
		for _, granted := range q.waiting {
			close(granted)
		}
		q.used += len(q.waiting)
		q.waiting = nil
	}
}
