package socket

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// portable is the Connector for connections on which package net waits.
type portable struct {
	ctx  context.Context // of all connections
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// dialer opens connections with package net.
func dialer(local netip.Addr) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{KeepAlive: -1, Control: func(_, address string, c syscall.RawConn) error {
			addr, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return c.Control(func(fd uintptr) { setReceiveWindow(fd, receiveWindow(addr.Addr())) })
		}}
		if local.IsValid() {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
		}
		return d.DialContext(ctx, network, address)
	}
}

func (p *portable) Connect(ctx context.Context, addr netip.AddrPort, deadline time.Time) (Conn, error) {
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	conn, err := p.dial(ctx, "tcp", addr.String())
	if err != nil {
		return nil, explainNoAddress(err, addr)
	}
	b := &boundConn{Conn: conn, ctx: p.ctx}
	b.unbind = context.AfterFunc(p.ctx, func() { conn.SetDeadline(longAgo()) })
	if err := b.SetDeadline(deadline); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (*portable) Close() {}

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

// WaitReadable does not wait: package net has no call for that.
func (c *boundConn) WaitReadable() error { return nil }

func (c *boundConn) ResetOnClose() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

func (c *boundConn) Close() error {
	c.unbind()
	return c.Conn.Close()
}
