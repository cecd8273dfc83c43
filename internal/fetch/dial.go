package fetch

import (
	"net/netip"
	"time"
)

// How long a host waits for a descriptor, a port, memory or a place at a Unix
// socket that other hosts, or other programs, are about to give back: about ten
// seconds in all, and no longer than connecting may take.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 10 * time.Second
)

// dial connects to the first address that answers.
func (t *trip) dial() *Error {
	t.step = t.v.whole.step(t.v.now(), t.v.f.options.ConnectTimeout)
	err := t.connect()
	for pause := firstPause; isShortage(err) && pause < lastPause && t.v.pause(pause, t.step); pause *= 2 {
		err = t.connect()
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
