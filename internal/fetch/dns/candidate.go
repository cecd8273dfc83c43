package dns

import (
	"net/netip"
	"time"
)

const (
	// resolutionDelay is how long a family that was answered for waits for the other (RFC 8305 section 3).
	resolutionDelay = 50 * time.Millisecond
	// slowCandidate is when the candidates after one that is not answered for are asked beside it.
	slowCandidate = time.Second
)

// candidate is one name that the name could stand for (resolv.conf(5), search).
type candidate struct {
	typed     bool // the name as it was typed
	questions []question
	begun     time.Time
	partial   time.Time // when the first of two families had addresses
}

// slowAt is when the candidates after this one are asked beside it.
func (c *candidate) slowAt(l *lookup) time.Time {
	return c.begun.Add(min(slowCandidate, l.deadline.Sub(l.begun)/4))
}

// advance begins the candidate, and sends its questions that are due.
func (c *candidate) advance(l *lookup, now time.Time) {
	if c.begun.IsZero() {
		c.begun = now
	}
	for i := range c.questions {
		q := &c.questions[i]
		if q.isPending() && !now.Before(c.deadline(l)) {
			q.expire(c.deadline(l).Sub(l.begun))
		}
		q.advance(now)
		if q.isPending() && l.settings.singleRequest {
			break
		}
	}
	if c.partial.IsZero() && c.hasAddresses() {
		c.partial = now
	}
}

// deadline is when the candidate has failed if nothing was heard.
func (c *candidate) deadline(l *lookup) time.Time {
	if !l.settings.bounded {
		return l.deadline
	}
	deadline := c.begun.Add(l.settings.timeout * time.Duration(l.settings.attempts*len(l.servers)))
	if deadline.After(l.deadline) {
		return l.deadline
	}
	return deadline
}

func (c *candidate) isPending() bool { return c.has((*question).isPending) }

func (c *candidate) hasAddresses() bool { return c.has((*question).hasAddresses) }

// has reports whether something is so for one of the families.
func (c *candidate) has(property func(*question) bool) bool {
	for i := range c.questions {
		if property(&c.questions[i]) {
			return true
		}
	}
	return false
}

// isReady reports whether one family is enough to begin with: the other has had its time, and there is a route.
func (c *candidate) isReady(l *lookup, now time.Time) bool {
	if now.Sub(c.partial) < resolutionDelay {
		return false
	}
	return c.has(func(q *question) bool {
		if !q.hasAddresses() {
			return false
		}
		_, ok := l.r.sourceFor(q.addrs[0])
		return ok
	})
}

// failure is that of the first family that has failed.
func (c *candidate) failure() *Error {
	for i := range c.questions {
		if c.questions[i].outcome == failed {
			return c.questions[i].err
		}
	}
	return nil
}

// addrs are those of all families that were answered for, best first.
func (c *candidate) addrs(r *Resolver) []netip.Addr {
	var all []netip.Addr
	for i := range c.questions {
		all = append(all, c.questions[i].addrs...)
	}
	return r.bestFirst(families(all))
}

func (c *candidate) cancel() {
	for i := range c.questions {
		if q := &c.questions[i]; q.isPending() {
			q.settle(failed)
		}
	}
}
