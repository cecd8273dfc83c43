//go:build !linux

package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// poller is what poll_linux.go has; here package net opens all connections.
type poller struct{}

func newPoller(context.Context, netip.Addr) (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) connect(context.Context, netip.AddrPort, *limit) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

func (*poller) close() {}
