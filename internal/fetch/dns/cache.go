package dns

import (
	"maps"
	"net/netip"
	"time"
)

const (
	maxEntries  = 10_000
	answersLive = time.Minute // as long as in curl
	errorsLive  = 5 * time.Second
)

// entry is what is known of a name, or is about to be.
type entry struct {
	name   string
	queued chan struct{} // closed when the lookup has got its place; nil if it had one at once
	ready  chan struct{} // closed when addrs, err and partial are set
	addrs  []netip.Addr
	err    error
	// partial is set if a family was still awaited when the entry was ready.
	partial bool

	// The resolver's mutex guards what follows.
	lookup  *lookup // nil once it is over
	waiters []chan<- []netip.Addr
	all     []netip.Addr // with the late family
	learnt  time.Time
	expires time.Time
	failed  bool // for one family at least
}

// join returns the entry of a name, and the lookup to start if there is one that has its place. An entry that failed
// before since is not believed.
func (r *Resolver) join(name string, since time.Time) (e *entry, start *lookup, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		return nil, nil, r.ended
	}
	if e := r.entries[name]; e != nil && (e.lookup != nil || e.isGood(since)) {
		return e, nil, nil
	}
	e = &entry{name: name, ready: make(chan struct{})}
	l := &lookup{r: r, entry: e}
	e.lookup = l
	r.makeRoomLocked()
	r.entries[name] = e
	if r.active >= r.window.size {
		e.queued = make(chan struct{})
		r.queue.push(l)
		return e, nil, nil
	}
	r.active++
	return e, l, nil
}

func (e *entry) isGood(since time.Time) bool {
	return time.Now().Before(e.expires) && (!e.failed || e.learnt.After(since))
}

// makeRoomLocked forgets what is known when it has become too much. Lookups under way stay, however many.
func (r *Resolver) makeRoomLocked() {
	if len(r.entries) < r.room {
		return
	}
	maps.DeleteFunc(r.entries, func(_ string, e *entry) bool { return e.lookup == nil })
	r.room = max(maxEntries, 2*len(r.entries))
}

// startQueued starts lookups while there are places.
func (r *Resolver) startQueued() {
	for {
		r.mu.Lock()
		var l *lookup
		if r.active < r.window.size {
			if l = r.queue.pop(); l != nil {
				r.active++
			}
		}
		r.mu.Unlock()
		if l == nil {
			return
		}
		l.start()
	}
}

func (r *Resolver) note(t tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window.note(t)
}

// yield makes the place of a lookup free while the lookup goes on.
func (r *Resolver) yield(l *lookup) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.yielded < maxLookups {
		l.yielded = true
		r.yielded++
		r.active--
	}
}

// leaveLocked ends the time that a lookup counts.
func (r *Resolver) leaveLocked(l *lookup) {
	r.window.note(l.tally)
	l.tally = tally{}
	if l.yielded {
		r.yielded--
	} else {
		r.active--
	}
}

// handOut sets the addresses of one family. The lookup's place is free.
func (r *Resolver) handOut(l *lookup, addrs []netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveLocked(l)
	e := l.entry
	e.addrs, e.partial = addrs, true
	close(e.ready)
}

// finish sets the outcome of a lookup, and hands out the addresses of the late family if others were handed out before.
func (r *Resolver) finish(l *lookup, addrs, late []netip.Addr, partly bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := l.entry
	e.all, e.lookup, e.learnt, e.failed = addrs, nil, time.Now(), err != nil || partly
	e.expires = e.learnt.Add(answersLive)
	if e.failed {
		e.expires = e.learnt.Add(errorsLive)
	}
	for _, w := range e.waiters {
		w <- late
		close(w)
	}
	e.waiters = nil
	if !e.partial {
		r.leaveLocked(l)
		e.addrs, e.err = addrs, err
		close(e.ready)
	}
}

// answer is what an entry that is ready says.
func (r *Resolver) answer(e *entry, waited time.Duration) (Answer, error) {
	if e.err != nil {
		return Answer{Waited: waited}, e.err
	}
	if !e.partial {
		return Answer{Addrs: e.addrs, Waited: waited}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.lookup == nil && len(e.all) > 0 {
		return Answer{Addrs: e.all, Waited: waited}, nil
	}
	late := make(chan []netip.Addr, 1) // the reader may be gone
	if e.lookup == nil {
		close(late)
	} else {
		e.waiters = append(e.waiters, late)
	}
	return Answer{Addrs: e.addrs, Late: late, Waited: waited}, nil
}
