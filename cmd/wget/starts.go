package wget

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"wget/internal/fetch"
)

// starts counts the targets that have been started and those that are over, and
// announces the former.
type starts struct {
	n, over, failed atomic.Int64
	announced       chan *fetch.Target // nil if nobody listens

	mu      sync.Mutex
	pending map[int]*pending // hosts that are not over, by index; nil if nobody asks
}

// pending is a host in flight.
type pending struct {
	name  string
	times int // addresses that are asked, or 1
}

func newStarts(announce, name bool) *starts {
	s := new(starts)
	if announce {
		s.announced = make(chan *fetch.Target)
	}
	if name {
		s.pending = make(map[int]*pending)
	}
	return s
}

func (s *starts) count() int { return int(s.n.Load()) }

func (s *starts) finished() (n, failed int) { return int(s.over.Load()), int(s.failed.Load()) }

func (s *starts) add(t fetch.Target) {
	s.n.Add(1)
	if s.pending != nil {
		s.mu.Lock()
		host := s.pending[t.Index]
		if host == nil {
			host = &pending{name: t.Authority()}
			s.pending[t.Index] = host
		}
		host.times++
		s.mu.Unlock()
	}
	if s.announced != nil {
		announced := t // only a target that is announced is to be allocated
		s.announced <- &announced
	}
}

func (s *starts) finish(r *fetch.Result) {
	if r.Err != nil {
		s.failed.Add(1)
	}
	s.over.Add(1)
	if s.pending != nil {
		s.mu.Lock()
		host := s.pending[r.Target.Index]
		if host.times--; host.times == 0 {
			delete(s.pending, r.Target.Index)
		}
		s.mu.Unlock()
	}
}

// fewPending is how many hosts can be named that are waited for.
const fewPending = 3

// slow lists the hosts that are not over, in the order of the list; none if there
// are more than a few.
func (s *starts) slow() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) > fewPending {
		return nil
	}
	var names []string
	for _, index := range slices.Sorted(maps.Keys(s.pending)) {
		names = append(names, s.pending[index].name)
	}
	return names
}
