package fetch

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// How long a host waits for a descriptor, a port, memory or a place at a Unix
// socket that other hosts, or other programs, are about to give back: in pauses that
// grow, and no longer than connecting may take.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = 640 * time.Millisecond
	allPauses    = 10 * time.Second
)

// dial connects to the first address that answers.
func (t *trip) dial() *Error {
	t.step = t.v.whole.step(t.v.now(), t.v.f.options.ConnectTimeout)
	err := t.connect()
	if isShortage(err) {
		err = t.connectInPauses(err)
	}
	if err != nil {
		if t.proxy != nil || !t.pinned().IsValid() {
			t.reply.Addr = netip.AddrPort{}
		}
		if t.proxy != nil {
			return t.proxyError(newError(StageConnect, t.step.reword(err)))
		}
		return newError(StageConnect, t.step.reword(err))
	}
	t.stream = t.conn
	t.reply.Times.Connect = t.v.elapsed()
	return nil
}

// connectInPauses makes further attempts until what was short is there. It is a
// function of its own so that the stacks of hosts that lack nothing stay small.
func (t *trip) connectInPauses(err error) error {
	waited, pause := time.Duration(0), firstPause
	for isShortage(err) && waited < allPauses && t.v.pause(pause, t.step) {
		err = t.connect()
		if waited, pause = waited+pause, 2*pause; pause >= longestPause {
			pause = longestPause - rand.N(longestPause/2) // the hosts that wait began together, and few places come free at once
		}
	}
	return err
}

// connect makes one attempt at all addresses.
func (t *trip) connect() (err error) {
	if len(t.addrs) > 1 || t.late != nil {
		return t.race(interleave(t.addrs))
	}
	t.reply.Addr = netip.AddrPortFrom(t.addrs[0], t.port)
	t.conn, err = t.v.f.connector.Connect(t.v.ctx, t.reply.Addr, t.step.at)
	t.noteAttempt(t.reply.Addr, err)
	return err
}
