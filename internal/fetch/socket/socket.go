package socket

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// A Connector opens TCP connections.
type Connector interface {
	// Connect opens a connection, unless ctx ends or the deadline passes before
	// it stands; a zero deadline never passes. On Linux both are looked at only
	// when a call has to wait. The deadline stays that of the connection. The error
	// is the system's, a context's, or one whose Timeout method returns true.
	Connect(ctx context.Context, addr netip.AddrPort, deadline time.Time) (Conn, error)
	// Close gives back what the connections shared. No connection may be in
	// use any more.
	Close()
}

// Conn is a connection whose reads and writes fail when the context of its
// Connector has ended; on Linux, when they have to wait then.
type Conn interface {
	net.Conn
	// WaitReadable returns when a Read may find something, where that can be
	// waited for without a buffer; it need not wait.
	WaitReadable() error
	// ResetOnClose lets Close drop what has not been sent. The system would
	// keep it for minutes for a server that does not read.
	ResetOnClose()
}

// Config says how connections are opened. The zero value works.
type Config struct {
	LocalAddr netip.Addr // address to bind to; invalid means the system's choice
	// Dial opens connections in place of the network; nil means the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// New makes a Connector whose connections live until ctx ends at most.
func New(ctx context.Context, c Config) Connector {
	if c.Dial == nil {
		if e, err := newEpoll(ctx, c.LocalAddr); err == nil {
			return e
		}
		c.Dial = dialer(c.LocalAddr)
	}
	return &portable{ctx, c.Dial}
}
