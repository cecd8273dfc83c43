package fetch

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// receiveWindow is the size of the socket's receive buffer, in bytes, set
// before the connection is opened so that the server learns it with the first
// segment: what does not fit in it stays on the server. Heads of up to 8 KiB
// come in one flight with it.
const receiveWindow = 16 << 10

// attemptDelay is how long one address may take before the next is tried
// beside it (RFC 8305 section 5).
const attemptDelay = 250 * time.Millisecond

// dial connects to the first address that answers.
func (f *fetcher) dial(ctx context.Context, addrs []netip.Addr, port uint16, l limit) (net.Conn, error) {
	if len(addrs) == 1 {
		conn, err := f.connect(ctx, netip.AddrPortFrom(addrs[0], port), l)
		return conn, l.explain(err)
	}
	conn, err := f.race(ctx, interleave(addrs), port, l)
	return conn, l.explain(err)
}

// connect opens one TCP connection.
func (f *fetcher) connect(ctx context.Context, addr netip.AddrPort, l limit) (net.Conn, error) {
	if f.Dial != nil {
		ctx, cancel := l.context(ctx)
		defer cancel()
		return f.Dial(ctx, "tcp", addr.String())
	}
	d := net.Dialer{Deadline: l.at, KeepAlive: -1, Control: setReceiveWindow}
	if f.LocalAddr.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(f.LocalAddr, 0))
	}
	return d.DialContext(ctx, "tcp", addr.String())
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
func (f *fetcher) race(ctx context.Context, addrs []netip.Addr, port uint16, l limit) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type attempt struct {
		conn net.Conn
		err  error
	}
	attempts := make(chan attempt)
	delay := time.NewTimer(0)
	defer delay.Stop()
	var (
		winner   net.Conn
		firstErr error
		running  int
	)
	for next := 0; running > 0 || winner == nil && next < len(addrs); {
		var start <-chan time.Time
		if winner == nil && next < len(addrs) {
			start = delay.C
		}
		select {
		case <-start:
			addr := netip.AddrPortFrom(addrs[next], port)
			next++
			running++
			delay.Reset(attemptDelay)
			go func() {
				conn, err := f.connect(ctx, addr, l)
				attempts <- attempt{conn, err}
			}()
		case a := <-attempts:
			running--
			switch {
			case a.err != nil && winner == nil:
				if firstErr == nil {
					firstErr = a.err
				}
				delay.Reset(0)
			case a.err == nil && winner == nil:
				winner = a.conn
				cancel()
			case a.err == nil:
				a.conn.Close()
			}
		}
	}
	if winner != nil {
		return winner, nil
	}
	return nil, firstErr
}
