package dns

import "slices"

const (
	// maxLookups and minLookups bound how many names are looked up at once. Resolvers drop what comes in bursts, so that
	// it begins with firstLookups.
	maxLookups   = 512
	firstLookups = 64
	minLookups   = 32
	// yieldAfter is when a lookup without an answer leaves its place to another. It sends little by then. As many as
	// maxLookups go on so.
	yieldAfter = 3 * minRetransmit
	// An answer slower than slowAnswer, and than slowdown times the server's best, is a sign of an overloaded server.
	slowAnswer = minRetransmit / 2
	slowdown   = 4
)

// window is how many names may be looked up at once. It grows while answers come, and shrinks when they stay away: when
// more than half of the questions are lost, which no network does to them, or an eighth while the others take longer
// than they did at first, as with a server that is asked more than it can serve.
type window struct {
	size int
	tally
}

// tally counts questions. Each is counted once: when it is answered, or when it is due to be sent again.
type tally struct {
	answered, slow, lost int // the slow ones are among those answered
}

func (w *window) note(t tally) {
	w.answered += t.answered
	w.slow += t.slow
	w.lost += t.lost
	total := w.answered + w.lost
	if total < w.size {
		return
	}
	few, much := total/4, total/2
	if w.slow > w.answered/2 {
		few, much = -1, total/8
	}
	switch {
	case w.lost > much:
		w.size = max(w.size/2, minLookups)
	case w.lost <= few:
		w.size = min(w.size+w.size/2, maxLookups)
	}
	w.tally = tally{}
}

// queue holds the lookups that wait for a place, first come, first served.
type queue struct {
	lookups []*lookup
	head    int
}

func (q *queue) push(l *lookup) { q.lookups = append(q.lookups, l) }

// pop returns nil if none waits.
func (q *queue) pop() *lookup {
	if q.head == len(q.lookups) {
		return nil
	}
	l := q.lookups[q.head]
	q.lookups[q.head] = nil
	if q.head++; q.head > len(q.lookups)/2 {
		q.lookups = slices.Delete(q.lookups, 0, q.head) // which clears what is behind the new end
		q.head = 0
	}
	return l
}
