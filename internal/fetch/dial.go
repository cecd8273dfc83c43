package fetch

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// The sizes of a socket's receive buffer, in bytes (docs/window.md has the
// measurements).
const (
	// A body comes in the same flight as the head, as far as the window lets
	// it. It is set before the connection is opened, so that the server learns
	// it with the first segment: what does not fit stays on the server. Two
	// full segments fit, which is a long head.
	wireWindow = 3 << 10
	// Loopback has no wire to keep a body off, and segments of 64 KiB, for
	// which a small window costs CPU time.
	loopbackWindow = 16 << 10
)

func receiveWindow(addr netip.Addr) int {
	if addr.IsLoopback() {
		return loopbackWindow
	}
	return wireWindow
}

// attemptDelay is how long one address may take before the next is tried
// beside it (RFC 8305 section 5).
const attemptDelay = 250 * time.Millisecond

// connect opens one TCP connection.
type connect func(ctx context.Context, addr netip.AddrPort, l *limit) (net.Conn, error)

// newConnect chooses how connections are opened. The second result is to be
// called when no more will be.
func newConnect(ctx context.Context, o Options) (connect, func()) {
	if o.Dial != nil {
		return func(ctx context.Context, addr netip.AddrPort, l *limit) (net.Conn, error) {
			ctx, cancel := l.context(ctx)
			defer cancel()
			return o.Dial(ctx, "tcp", addr.String())
		}, func() {}
	}
	if !o.Portable {
		if p, err := newPoller(ctx, o.LocalAddr); err == nil {
			return p.connect, p.close
		}
	}
	return portable(o.LocalAddr), func() {}
}

// portable opens connections with package net.
func portable(local netip.Addr) connect {
	return func(ctx context.Context, addr netip.AddrPort, l *limit) (net.Conn, error) {
		d := net.Dialer{Deadline: l.at, KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { setReceiveWindow(fd, receiveWindow(addr.Addr())) })
		}}
		if local.IsValid() {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
		}
		return d.DialContext(ctx, "tcp", addr.String())
	}
}

// dial connects to the first address that answers. The connection fails when
// the context ends.
func (v *visit) dial() *Error {
	err := v.open()
	for pause := firstPause; isExhausted(err) && pause < lastPause && v.pause(pause); pause *= 2 {
		err = v.open()
	}
	if err != nil {
		v.Addr, v.conn = netip.AddrPort{}, nil
		return fail(StageConnect, v.step.explain(err))
	}
	v.conn = bind(v.ctx, v.conn)
	v.stream = v.conn
	v.Times.Connect = v.elapsed()
	return nil
}

// How long a host waits for a descriptor, a port or memory that other hosts,
// or other programs, are about to give back: about ten seconds in all.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 10 * time.Second
)

// isExhausted reports whether the system lacks what another host could be
// holding. The host that meets this is not to blame for it.
func isExhausted(err error) bool { return err != nil && kindOf(StageConnect, err) == KindLimit }

// pause waits, and reports whether the host may go on. It does not begin a wait
// that would outlast the host's time.
func (v *visit) pause(d time.Duration) bool {
	if !v.whole.at.IsZero() && time.Until(v.whole.at) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-v.ctx.Done():
		return false
	}
}

// open makes one attempt at all addresses.
func (v *visit) open() (err error) {
	v.step = v.whole.within(v.ConnectTimeout)
	if len(v.addrs) == 1 {
		v.Addr = netip.AddrPortFrom(v.addrs[0], v.port)
		v.conn, err = v.connect(v.ctx, v.Addr, &v.step)
		return err
	}
	return v.race(interleave(v.addrs))
}

// bind makes the end of ctx fail what conn is waiting for.
func bind(ctx context.Context, conn net.Conn) net.Conn {
	if c, ok := conn.(interface{ bind(context.Context) }); ok {
		c.bind(ctx)
		return conn
	}
	b := &boundConn{Conn: conn, ctx: ctx}
	b.unbind = context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo()) })
	return b
}

// boundConn is a connection of package net that fails when a context ends.
type boundConn struct {
	net.Conn
	ctx    context.Context
	unbind func() bool
}

func longAgo() time.Time { return time.Unix(1, 0) }

// SetDeadline keeps the past as the deadline once the context has ended.
func (c *boundConn) SetDeadline(t time.Time) error {
	if err := c.Conn.SetDeadline(t); err != nil || c.ctx.Err() == nil {
		return err
	}
	return c.Conn.SetDeadline(longAgo())
}

// SetLinger is that of net.TCPConn.
func (c *boundConn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}

func (c *boundConn) Close() error {
	c.unbind()
	return c.Conn.Close()
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
// failed, or after attemptDelay. The first connection wins, the others are
// closed, and if all fail the first error counts (RFC 8305 section 5).
func (v *visit) race(addrs []netip.Addr) error {
	ctx, cancel := context.WithCancel(v.ctx)
	defer cancel()
	type attempt struct {
		conn net.Conn
		addr netip.AddrPort
		err  error
	}
	attempts := make(chan attempt)
	delay := time.NewTimer(0)
	defer delay.Stop()
	var (
		winner   attempt
		firstErr error
		running  int
	)
	for next := 0; running > 0 || winner.conn == nil && next < len(addrs); {
		var start <-chan time.Time
		if winner.conn == nil && next < len(addrs) {
			start = delay.C
		}
		select {
		case <-start:
			addr := netip.AddrPortFrom(addrs[next], v.port)
			next++
			running++
			delay.Reset(attemptDelay)
			go func() {
				conn, err := v.connect(ctx, addr, &v.step)
				attempts <- attempt{conn, addr, err}
			}()
		case a := <-attempts:
			running--
			switch {
			case a.err != nil && winner.conn == nil:
				if firstErr == nil {
					firstErr = a.err
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
		return firstErr
	}
	v.conn, v.Addr = winner.conn, winner.addr
	return nil
}
