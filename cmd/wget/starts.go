package wget

import (
	"sync/atomic"

	"wget/internal/fetch"
)

// starts counts the targets that have been started and those that are over, and
// announces the former.
type starts struct {
	n, over, failed atomic.Int64
	announced       chan *fetch.Target // nil if nobody listens
}

func newStarts(announce bool) *starts {
	s := new(starts)
	if announce {
		s.announced = make(chan *fetch.Target)
	}
	return s
}

func (s *starts) count() int { return int(s.n.Load()) }

func (s *starts) finished() (n, failed int) { return int(s.over.Load()), int(s.failed.Load()) }

func (s *starts) add(t fetch.Target) {
	s.n.Add(1)
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
}
