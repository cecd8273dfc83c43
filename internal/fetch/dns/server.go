package dns

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// minRetransmit and maxRetransmit bound how long a question waits before it is sent again, or to the next server.
	minRetransmit = 400 * time.Millisecond
	maxRetransmit = 2 * time.Second
	// minSilence is how long a server must have said nothing to be doubted. Where many servers share the time of a lookup,
	// they are waited for no longer than that.
	minSilence = minRetransmit / 2
	// avoidFor is how long a server that failed is asked after the others.
	avoidFor = 10 * time.Second
)

// server is one resolver to ask: the sockets to it, and what is known of it.
type server struct {
	addr    netip.AddrPort
	dial    Dialer
	running *sync.WaitGroup // the readers of its sockets

	mu         sync.Mutex
	closed     bool
	current    [2]*socket // that take questions; a second one for single-request-reopen
	sockets    map[*socket]struct{}
	heard      time.Time     // its last answer
	served     time.Time     // its last answer that was no failure
	suspect    time.Time     // until when it is asked after the others; zero while it serves
	retransmit time.Duration // when a question is sent again: twice the usual time to answer
	best       time.Duration // its least time to answer
	knows      bool          // it has answered a question with EDNS
	plain      bool          // it gets questions without EDNS
}

// hear notes the answer to a flight, and reports whether it took long for the server. The server serves if it
// answered the question, whatever the answer was. Where it has said something only when a question came without EDNS,
// a firewall drops the others.
func (s *server) hear(f flight, now time.Time, o outcome) (slow bool) {
	took := now.Sub(f.sent)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = now
	s.knows = s.knows || f.withEDNS
	s.plain = s.plain || o == oldServer || !s.knows
	s.retransmit += (2*took - s.retransmit) / 8
	if s.best == 0 || took < s.best {
		s.best = max(took, 1)
	}
	switch o {
	case found, noData, noName, truncated:
		s.served, s.suspect = now, time.Time{}
	}
	return took > max(slowAnswer, slowdown*s.best)
}

// doubt notes that a question that was sent at a moment has failed. Where other questions fared better since, the
// reason is the question.
func (s *server) doubt(sent, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served.Before(sent) {
		s.suspect = now.Add(avoidFor)
	}
}

// isAvoided reports whether others are asked first. When the time is over, one lookup finds out for all: one that asks this
// server first, since the others may never get to it.
func (s *server) isAvoided(now time.Time, isFirst bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.suspect.IsZero():
		return false
	case now.Before(s.suspect), !isFirst:
		return true
	}
	s.suspect = now.Add(avoidFor)
	return false
}

// wait is how long to wait for an answer to a question that is sent for the nth time. A server that has said nothing
// since the first time gets twice as long each time.
func (s *server) wait(n int, since time.Time, most time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := min(max(s.retransmit, minRetransmit), maxRetransmit)
	if s.heard.Before(since) {
		for ; n > 1 && d < most; n-- {
			d *= 2
		}
	}
	return min(d, most)
}

func (s *server) isPlain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plain
}

// close ends the readers of its sockets.
func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for k := range s.sockets {
		k.conn.Close()
	}
}
