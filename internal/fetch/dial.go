package fetch

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"wget/internal/fetch/socket"
)

// attemptDelay is how long one address may take before the next is tried
// beside it (RFC 8305 section 5).
const attemptDelay = 250 * time.Millisecond

// How long a host waits for a descriptor, a port or memory that other hosts,
// or other programs, are about to give back: about ten seconds in all, and no
// longer than connecting may take.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 10 * time.Second
)

// dial connects to the first address that answers.
func (t *trip) dial() *Error {
	t.step = t.v.whole.step(t.v.now(), t.v.f.options.ConnectTimeout)
	err := t.connect()
	for pause := firstPause; isExhausted(err) && pause < lastPause && t.v.pause(pause, t.step); pause *= 2 {
		err = t.connect()
	}
	if err != nil {
		if !t.pinned().IsValid() {
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

// isExhausted reports whether the system lacks what another host could be
// holding. The host that meets this is not to blame for it.
func isExhausted(err error) bool { return err != nil && kindOf(StageConnect, err) == KindLimit }

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

// interleave alternates the families, beginning with the first address's, so
// that a family without a route costs one delay (RFC 8305 section 4).
func interleave(addrs []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, a := range addrs {
		if a.Is4() == addrs[0].Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	mixed := make([]netip.Addr, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed
}

// race starts an attempt for each address in turn: when the one before has
// failed, or after attemptDelay. Addresses of a late family join it as they come,
// and are awaited no longer than connecting may take. The first connection wins and the others are closed (RFC 8305 section 5). If
// all fail, the first error that may pass counts, or else the first.
func (t *trip) race(addrs []netip.Addr) error {
	ctx, cancel := context.WithCancel(t.v.ctx)
	defer cancel()
	type attempt struct {
		conn socket.Conn
		addr netip.AddrPort
		err  error
	}
	attempts := make(chan attempt)
	delay := time.NewTimer(0)
	defer delay.Stop()
	expired, stop := t.step.timer()
	defer stop()
	var (
		winner  attempt
		failure error
		running int
	)
	for next := 0; running > 0 || winner.conn == nil && (next < len(addrs) || t.late != nil); {
		var (
			start <-chan time.Time
			late  <-chan []netip.Addr
		)
		if winner.conn == nil {
			late = t.late
			if next < len(addrs) {
				start = delay.C
			}
		}
		select {
		case more := <-late:
			more = t.unblocked(more)
			t.addrs = append(slices.Clip(t.addrs), more...) // which are shared
			addrs = append(addrs, more...)
			t.late = nil
		case <-expired:
			expired, t.late = nil, nil
		case <-start:
			addr := netip.AddrPortFrom(addrs[next], t.port)
			next++
			running++
			delay.Reset(attemptDelay)
			go func() {
				conn, err := t.v.f.connector.Connect(ctx, addr, t.step.at)
				attempts <- attempt{conn, addr, err}
			}()
		case a := <-attempts:
			running--
			if winner.conn == nil {
				t.noteAttempt(a.addr, a.err)
			}
			switch {
			case a.err != nil && winner.conn == nil:
				if failure == nil || !t.mayPass(failure) && t.mayPass(a.err) {
					failure = a.err
				}
				delay.Reset(0)
			case a.err == nil && winner.conn == nil:
				winner = a
				cancel()
			case a.err == nil:
				a.conn.Close()
			}
		}
	}
	if winner.conn == nil {
		return failure
	}
	t.conn, t.reply.Addr = winner.conn, winner.addr
	return nil
}

// mayPass reports whether another try could fare better than an attempt that
// ended with err.
func (t *trip) mayPass(err error) bool {
	return newError(StageConnect, err).isTransient(t.v.f.options.RetryRefused)
}
