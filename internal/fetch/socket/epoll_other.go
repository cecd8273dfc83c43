//go:build !linux

package socket

import (
	"context"
	"errors"
	"net/netip"
)

// newEpoll is that of epoll_linux.go; here package net opens all connections.
func newEpoll(context.Context, netip.Addr) (Connector, error) { return nil, errors.ErrUnsupported }
