package dns

const (
	// maxLookups and minLookups bound how many names are looked up at once. Resolvers drop what comes in bursts.
	maxLookups = 512
	minLookups = 32
)

// window is how many names may be looked up at once. It shrinks when more questions are lost than answered, as they are
// when a resolver is asked more than it can serve, and not when a network loses some of them.
type window struct {
	size           int
	answered, lost int
}

// note counts questions. Each is counted once, when it is answered or when it is due to be sent again.
func (w *window) note(answered, lost int) {
	w.answered += answered
	w.lost += lost
	total := w.answered + w.lost
	if total < w.size {
		return
	}
	switch {
	case w.lost > total/2:
		w.size = max(w.size/2, minLookups)
	case w.lost < total/4:
		w.size = min(w.size+w.size/4, maxLookups)
	}
	w.answered, w.lost = 0, 0
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
		q.lookups = append(q.lookups[:0], q.lookups[q.head:]...)
		q.head = 0
	}
	return l
}
