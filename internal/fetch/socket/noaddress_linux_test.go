package socket

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// isolate moves the test to a network of its own, in which no interface is up. Its thread
// ends with it.
func isolate(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network can be made: %v", err)
	}
}

// connectBoth connects with epoll and with package net, and checks the errors.
func connectBoth(t *testing.T, addr string, want error) {
	t.Helper()
	epoll, err := newEpoll(t.Context(), netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	defer epoll.Close()
	for name, c := range map[string]Connector{"epoll": epoll, "net": New(t.Context(), Config{Dial: dialer(netip.Addr{})})} {
		if _, err := c.Connect(t.Context(), netip.MustParseAddrPort(addr), time.Now().Add(10*time.Second)); !errors.Is(err, want) {
			t.Errorf("%s, %s: %v, want %v", name, addr, err, want)
		}
	}
}

// A system without an IPv6 address is not out of ports.
func TestWithoutIPv6(t *testing.T) {
	isolate(t)
	connectBoth(t, "[::1]:81", unix.ENETUNREACH)
	connectBoth(t, "[2001:db8::1]:81", unix.ENETUNREACH)
}

func TestOutOfPorts(t *testing.T) {
	isolate(t)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, _ := unix.NewIfreq("lo")
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("50000 50000"), 0); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "[::1]:81")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", "[::1]:81")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	connectBoth(t, "[::1]:81", unix.EADDRNOTAVAIL)
}
