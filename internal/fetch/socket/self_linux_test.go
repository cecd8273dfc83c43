package socket

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket bound to the very address it connects to meets itself. That is no
// server.
func TestSelfConnection(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "::1"} {
		e, err := newEpoll(t.Context(), netip.MustParseAddr(text))
		if err != nil {
			t.Fatal(err)
		}
		addr := netip.AddrPortFrom(netip.MustParseAddr(text), 1<<15) // or the next that is free
		family := unix.AF_INET
		if addr.Addr().Is6() {
			family = unix.AF_INET6
		}
		fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		err = unix.Bind(fd, sockaddr(addr))
		for ; err == unix.EADDRINUSE; err = unix.Bind(fd, sockaddr(addr)) {
			addr = netip.AddrPortFrom(addr.Addr(), addr.Port()+1)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &socket{epoll: e.(*epoll), fd: fd, addr: addr}
		if err := unix.Connect(fd, sockaddr(addr)); err != nil {
			t.Fatalf("%v: %v", addr, err)
		}
		if err := s.checkSelf(); err != unix.ECONNREFUSED {
			t.Errorf("%v: %v", addr, err)
		}
		s.Close()
		e.Close()
	}
}
