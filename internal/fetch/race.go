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

// race connects to one of several addresses (RFC 8305 section 5).
type race struct {
	t       *trip
	addrs   []netip.Addr // those of a late family follow as they come
	next    int          // of addrs, to try
	running int          // attempts
	ended   chan dialed
	delay   *time.Timer // until the next attempt
	winner  dialed      // its conn is nil while there is none
	failure error       // that counts if all fail
}

// dialed is the end of an attempt.
type dialed struct {
	conn socket.Conn
	addr netip.AddrPort
	err  error
}

// race starts an attempt for each address in turn: when the one before has
// failed, or after attemptDelay. Addresses of a late family join it as they come,
// and are awaited no longer than connecting may take. The first connection wins
// and the others are closed. If all fail, the first error that may pass counts, or
// else the first.
func (t *trip) race(addrs []netip.Addr) error {
	ctx, cancel := context.WithCancel(t.v.ctx)
	defer cancel()
	r := &race{t: t, addrs: addrs, ended: make(chan dialed), delay: time.NewTimer(0)}
	defer r.delay.Stop()
	expired, stop := t.step.timer()
	defer stop()
	for !r.isOver() {
		start, late := r.awaited()
		select {
		case more := <-late:
			r.join(more)
		case <-expired:
			expired, t.late = nil, nil
		case <-start:
			if r.hasNext() {
				r.start(ctx)
			}
		case d := <-r.ended:
			if r.end(d); d.err == nil {
				cancel()
			}
		}
	}
	if r.winner.conn == nil {
		return r.failure
	}
	t.conn, t.reply.Addr = r.winner.conn, r.winner.addr
	return nil
}

func (r *race) hasWinner() bool { return r.winner.conn != nil }

// hasNext reports whether another address is to be tried: none once the time is over,
// unless nothing else tells how the race ended.
func (r *race) hasNext() bool {
	isLate := r.t.step.passed() || r.t.v.ctx.Err() != nil
	return r.next < len(r.addrs) && !(isLate && (r.running > 0 || r.failure != nil))
}

// isOver reports whether no attempt is running, and none is to come.
func (r *race) isOver() bool {
	return r.running == 0 && (r.hasWinner() || !r.hasNext() && r.t.late == nil)
}

// awaited is when the next attempt is due, and where more addresses come from. Both
// are nil if nothing of the kind is awaited. Whether the time is over is asked when an
// attempt is due: it could pass between two looks at it, and nothing would be awaited.
func (r *race) awaited() (start <-chan time.Time, late <-chan []netip.Addr) {
	if r.hasWinner() {
		return nil, nil
	}
	if r.next < len(r.addrs) {
		start = r.delay.C
	}
	return start, r.t.late
}

// join takes the addresses of a late family.
func (r *race) join(addrs []netip.Addr) {
	t := r.t
	addrs = t.unblocked(addrs)
	t.addrs = append(slices.Clip(t.addrs), addrs...) // which are shared
	r.addrs = append(r.addrs, addrs...)
	t.late = nil
}

func (r *race) start(ctx context.Context) {
	addr := netip.AddrPortFrom(r.addrs[r.next], r.t.port)
	r.next++
	r.running++
	r.delay.Reset(attemptDelay)
	go func() {
		conn, err := r.t.v.f.connector.Connect(ctx, addr, r.t.step.at)
		r.ended <- dialed{conn, addr, err}
	}()
}

// end takes the end of an attempt.
func (r *race) end(d dialed) {
	r.running--
	if r.hasWinner() {
		if d.err == nil {
			d.conn.Close()
		}
		return
	}
	r.t.noteAttempt(d.addr, d.err)
	if d.err == nil {
		r.winner = d
		return
	}
	if r.failure == nil || !r.t.mayPass(r.failure) && r.t.mayPass(d.err) {
		r.failure = d.err
	}
	r.delay.Reset(0)
}

// mayPass reports whether another try could fare better than an attempt that
// ended with err.
func (t *trip) mayPass(err error) bool {
	return newError(StageConnect, err).isTransient(t.v.f.options.RetryRefused)
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
