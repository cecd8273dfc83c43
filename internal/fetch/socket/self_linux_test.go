package socket

import (
	"net"
	"net/netip"
	"strconv"
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
		err = unix.Bind(fd, addressOf(t, addr))
		for ; err == unix.EADDRINUSE; err = unix.Bind(fd, addressOf(t, addr)) {
			addr = netip.AddrPortFrom(addr.Addr(), addr.Port()+1)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &socket{epoll: e.(*epoll), fd: fd, addr: addr}
		if err := unix.Connect(fd, addressOf(t, addr)); err != nil {
			t.Fatalf("%v: %v", addr, err)
		}
		if err := s.checkSelf(); err != unix.ECONNREFUSED {
			t.Errorf("%v: %v", addr, err)
		}
		s.Close()
		e.Close()
	}
}

func addressOf(t *testing.T, addr netip.AddrPort) unix.Sockaddr {
	t.Helper()
	address, err := sockaddr(addr)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// A zone is the name of an interface or its number.
func TestZone(t *testing.T) {
	loopback, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	for _, zone := range []string{"lo", strconv.Itoa(loopback.Index)} {
		address := addressOf(t, netip.AddrPortFrom(netip.MustParseAddr("fe80::1%"+zone), 80))
		if got := address.(*unix.SockaddrInet6).ZoneId; got != uint32(loopback.Index) {
			t.Errorf("zone %s is %d, want %d", zone, got, loopback.Index)
		}
	}
	if _, err := sockaddr(netip.MustParseAddrPort("[fe80::1%nosuch]:80")); err == nil || err.Error() != "no network interface nosuch" {
		t.Errorf("zone nosuch: %v", err)
	}
}
