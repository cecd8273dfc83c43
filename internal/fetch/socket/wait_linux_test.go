package socket

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Data that a Read has left is there to be waited for, although the system has
// told of it before.
func TestWaitReadableAfterRead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e, err := newEpoll(t.Context(), netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	conn, err := e.Connect(t.Context(), l.Addr().(*net.TCPAddr).AddrPort(), time.Now().Add(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := peer.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*socket).wait(unix.EPOLLIN); err != nil {
		t.Fatal(err)
	}
	for _, want := range "ab" {
		if err := conn.WaitReadable(); err != nil {
			t.Fatalf("waiting for %q: %v", want, err)
		}
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil || b[0] != byte(want) {
			t.Fatalf("%q, %v, want %q", b, err, want)
		}
	}
}
