package fetch

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket bound to the very address it connects to meets itself. That is no
// server.
func TestSelfConnection(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "::1"} {
		p, err := newPoller(t.Context(), netip.MustParseAddr(text))
		if err != nil {
			t.Fatal(err)
		}
		addr := netip.AddrPortFrom(netip.MustParseAddr(text), 0)
		family := unix.AF_INET
		if addr.Addr().Is6() {
			family = unix.AF_INET6
		}
		fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Bind(fd, sockaddr(addr)); err != nil {
			t.Fatal(err)
		}
		addr = netip.AddrPortFrom(addr.Addr(), boundPort(t, fd))
		s := &socket{poller: p, fd: fd, addr: addr}
		if err := unix.Connect(fd, sockaddr(addr)); err != nil {
			t.Fatalf("%v: %v", addr, err)
		}
		if err := s.checkSelf(); err != unix.ECONNREFUSED {
			t.Errorf("%v: %v", addr, err)
		}
		s.Close()
		p.close()
	}
}

// boundPort is the port that the system has chosen for a socket.
func boundPort(t *testing.T, fd int) uint16 {
	t.Helper()
	bound, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch bound := bound.(type) {
	case *unix.SockaddrInet4:
		return uint16(bound.Port)
	case *unix.SockaddrInet6:
		return uint16(bound.Port)
	}
	t.Fatalf("a socket of no family that is known: %T", bound)
	return 0
}
