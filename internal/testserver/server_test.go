package testserver_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"wget/internal/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestServe(t *testing.T) {
	s := testserver.Serve(listen(t), testserver.Answer("HTTP/1.1 204 No Content\r\n\r\n"))
	defer s.Close()
	for range 3 {
		conn := dial(t, s.Addr())
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h.test\r\n\r\n")
		if got, err := io.ReadAll(conn); err != nil || string(got) != "HTTP/1.1 204 No Content\r\n\r\n" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// Close ends handlers that wait for a client, and returns after the last of them.
func TestCloseWaits(t *testing.T) {
	const clients = 10
	var returned atomic.Int32
	begun := make(chan struct{})
	s := testserver.Serve(listen(t), func(conn net.Conn) {
		begun <- struct{}{}
		testserver.Silent(conn)
		returned.Add(1)
	})
	for range clients {
		dial(t, s.Addr())
		<-begun
	}
	s.Close()
	if n := returned.Load(); n != clients {
		t.Errorf("%d of %d handlers had returned", n, clients)
	}
	if conn, err := net.Dial("tcp", s.Addr()); err == nil {
		conn.Close()
		t.Error("the server still listens")
	}
}

func TestReadRequest(t *testing.T) {
	for _, c := range []struct {
		sent, want string
		err        error
	}{
		{"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", nil},
		{"GET / HTTP/1.0\r\nA: b\r\n\r\nmore", "GET / HTTP/1.0\r\nA: b\r\n\r\n", nil},
		{"GET / HTTP/1.0\r\nA:", "GET / HTTP/1.0\r\nA:", io.EOF},
		{"", "", io.EOF},
	} {
		if got, err := testserver.ReadRequest(strings.NewReader(c.sent)); got != c.want || err != c.err {
			t.Errorf("of %q: %q, %v; want %q, %v", c.sent, got, err, c.want, c.err)
		}
	}
}

// A held port refuses connections, and a server that asks for it gets it.
func TestHoldPort(t *testing.T) {
	held, err := testserver.HoldPort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	addr := held.LocalAddr().String()
	if conn, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connection %v, error %v, want a refusal", conn, err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial(t, addr)
}

// Once a server has settled, it has handled what clients that are gone have sent.
func TestSettle(t *testing.T) {
	var handled atomic.Int64
	s := testserver.Serve(listen(t), func(conn net.Conn) {
		if _, err := testserver.ReadRequest(conn); err == nil {
			handled.Add(1)
		}
	})
	defer s.Close()
	for i := range int64(200) {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
		conn.Close()
		if err := s.Settle(); err != nil || handled.Load() != i+1 {
			t.Fatalf("%d of %d requests handled, error %v", handled.Load(), i+1, err)
		}
	}
}
