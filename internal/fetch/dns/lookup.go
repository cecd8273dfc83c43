package dns

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// lookup finds the addresses of one name. It has no goroutine: whatever happens (an answer, a timer, a socket that
// fails) calls advance, which sends what is due and settles what can be settled.
type lookup struct {
	r     *Resolver
	entry *entry

	mu         sync.Mutex // guards what follows, and the questions
	settings   *settings
	servers    []*server // in the order to ask
	candidates []candidate
	begun      time.Time
	deadline   time.Time
	jitter     [8]byte        // at random, the same for both families
	winner     *candidate     // its addresses were handed out, and another family is awaited
	asked      netip.AddrPort // the server of the last answer
	tally      tally          // for the window
	timer      *time.Timer
	wake       time.Time // when the timer fires; zero if it does not
	stop       []func()  // end what runs by TCP
	yielded    bool      // its place
	over       bool
}

// start begins the lookup, which has its place.
func (l *lookup) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	now := time.Now()
	l.begun, l.deadline = now, now.Add(l.r.config.Timeout)
	binary.NativeEndian.PutUint64(l.jitter[:], rand.Uint64())
	if l.entry.queued != nil {
		close(l.entry.queued)
	}
	if l.r.system != nil {
		l.askSystem()
		return
	}
	sys := l.r.files()
	l.settings, l.servers = &sys.settings, sys.order(now)
	names, typed := sys.settings.candidates(l.entry.name)
	l.candidates = make([]candidate, len(names))
	types := l.r.types(&sys.settings)
	for i, name := range names {
		c := &l.candidates[i]
		c.typed = i == typed
		c.questions = make([]question, len(types))
		for j, t := range types {
			c.questions[j].init(l, name, t)
		}
	}
	l.advance(now)
}

// types are those of the addresses that are wanted.
func (r *Resolver) types(s *settings) []dnsmessage.Type {
	types := []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA}
	switch r.config.Family {
	case 4:
		return types[:1]
	case 6:
		types = types[1:]
	}
	if s.noAAAA {
		return types[:len(types)-1]
	}
	return types
}

// handle lets something happen to the lookup. If that makes its place free, others start.
func (l *lookup) handle(event func(now time.Time)) {
	l.mu.Lock()
	had := l.hasPlace()
	if !l.over {
		now := time.Now()
		event(now)
		if !l.over {
			l.advance(now)
		}
	}
	has := l.hasPlace()
	l.mu.Unlock()
	if had && !has {
		l.r.startQueued()
	}
}

func (l *lookup) hasPlace() bool { return !l.over && !l.yielded && l.winner == nil }

// receive takes the reply to a question in flight.
func (l *lookup) receive(t ticket, f flight, r reply) {
	l.handle(func(now time.Time) {
		slow := f.server.hear(f, now, r.outcome)
		if f.question.drop(t) {
			f.question.count(slow)
			f.question.take(f.server, r, now)
		}
	})
}

// lose notes that no answer will come to a question in flight, since its socket has failed.
func (l *lookup) lose(k *socket, f flight, err error) {
	l.handle(func(now time.Time) {
		if f.question.leave(k) {
			f.question.refuse(f.question.attempt(f.server), systemError(err), now)
		}
	})
}

// tick is what the timer calls.
func (l *lookup) tick() {
	defer l.r.running.Done()
	l.handle(func(time.Time) { l.wake = time.Time{} })
}

// advance sends what is due and settles what can be settled. l.mu is held.
func (l *lookup) advance(now time.Time) {
	if l.winner != nil {
		l.winner.advance(l, now)
		if !l.winner.isPending() {
			l.finish(l.winner, nil)
			return
		}
		l.sleep(now)
		return
	}
	c, failure, wait := l.choose(now)
	if l.tally.lost > 0 {
		l.r.note(l.tally) // before the end, since that is long to come
		l.tally = tally{}
	}
	if wait && !l.yielded && now.Sub(l.begun) >= yieldAfter {
		l.r.yield(l)
	}
	switch {
	case c != nil && !c.isPending():
		l.finish(c, nil)
	case c != nil:
		l.handOut(c)
		l.sleep(now)
	case !wait:
		l.finish(nil, failure)
	default:
		l.sleep(now)
	}
}

// choose goes through the candidates in order, has those asked whose turn it is, and returns the one that the name
// stands for. The answer of a search domain counts only if all candidates before it are known to have no address; the
// name as it was typed counts also after a failure.
func (l *lookup) choose(now time.Time) (winner *candidate, failure *Error, wait bool) {
	slow := false // whether the first candidate still open has taken too long
	for i := range l.candidates {
		c := &l.candidates[i]
		if failure != nil && !c.typed {
			continue
		}
		if wait && !slow && c.begun.IsZero() {
			break
		}
		c.advance(l, now)
		switch {
		case c.hasAddresses():
			if wait && (!c.typed || now.Before(l.heldUntil())) {
				continue
			}
			if c.isPending() && !c.isReady(l, now) {
				return nil, failure, true
			}
			return c, nil, false
		case c.isPending():
			if !wait {
				wait, slow = true, !c.typed && !now.Before(c.slowAt(l))
			}
		default:
			if err := c.failure(); err != nil && failure == nil {
				failure = err
			}
		}
	}
	if failure == nil && !wait {
		failure = l.notFound()
	}
	return nil, failure, wait
}

// heldUntil is when the name as it was typed no longer waits for search domains that are not answered for.
func (l *lookup) heldUntil() time.Time { return l.begun.Add(l.deadline.Sub(l.begun) / 2) }

// notFound is the error for a name of which all candidates are known to have no address.
func (l *lookup) notFound() *Error {
	e := &Error{NotFound: true, Reason: "no such host"}
	for i := range l.candidates {
		c := &l.candidates[i]
		if len(c.questions) == 0 || c.has(func(q *question) bool { return q.outcome == noData }) {
			e.Reason = noAddress(l.r.config.Family)
		}
	}
	if l.asked.IsValid() {
		e.Asked = []netip.AddrPort{l.asked}
	}
	return e
}

// sleep sets the timer for what is due next.
func (l *lookup) sleep(now time.Time) {
	next := l.deadline
	sooner := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for i := range l.candidates {
		c := &l.candidates[i]
		if c.begun.IsZero() || !c.isPending() {
			continue
		}
		if l.winner == nil {
			sooner(c.slowAt(l))
			sooner(c.deadline(l))
		}
		if !c.partial.IsZero() {
			sooner(c.partial.Add(resolutionDelay))
		}
		for j := range c.questions {
			if q := &c.questions[j]; q.isPending() && !q.begun.IsZero() {
				sooner(q.due)
			}
		}
	}
	if len(l.candidates) > 1 {
		sooner(l.heldUntil())
	}
	if l.winner == nil && !l.yielded {
		sooner(l.begun.Add(yieldAfter))
	}
	if l.wake.Equal(next) {
		return
	}
	l.wake = next
	d := next.Sub(now)
	switch {
	case l.timer == nil:
		l.r.running.Add(1)
		l.timer = time.AfterFunc(d, l.tick)
	case !l.timer.Reset(d):
		l.r.running.Add(1) // the timer had fired, so that another call of tick is to come
	}
}

// handOut gives the addresses of the candidate to those who wait. The lookup goes on without a place, for the family
// that is late.
func (l *lookup) handOut(c *candidate) {
	l.winner = c
	for i := range l.candidates {
		if other := &l.candidates[i]; other != c {
			other.cancel()
		}
	}
	l.r.handOut(l, c.addrs(l.r))
}

// finish ends the lookup with the addresses of a candidate or an error.
func (l *lookup) finish(c *candidate, err error) {
	var late, addrs []netip.Addr
	partly := false
	if c != nil {
		addrs = c.addrs(l.r)
		partly = c.failure() != nil
		if l.winner != nil {
			late = slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return slices.Contains(l.entry.addrs, a) })
		}
	}
	for i := range l.candidates {
		l.candidates[i].cancel()
	}
	for _, stop := range l.stop {
		stop()
	}
	if l.timer != nil && l.timer.Stop() {
		l.r.running.Done()
	}
	l.over = true
	l.r.finish(l, addrs, late, partly, err)
}

// abort ends the lookup since the run is over.
func (l *lookup) abort(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.finish(nil, err)
	}
}
