package fetch_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// A host waits for a place among the connections that a Unix socket holds until its server takes them.
func TestFullBacklog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := listenUnix(t, path, 1)
	var held []net.Conn
	for {
		conn, err := net.Dial("unix", path)
		if errors.Is(err, syscall.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	var server *testserver.Server
	takeThem := sync.OnceFunc(func() {
		server = testserver.Serve(l, answer(okHead))
		for _, conn := range held {
			conn.Close()
		}
	})
	o := fetch.Options{Tries: 1, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		takeThem()
		return conn, err
	}}
	if r := askOne(t, t.Context(), o, "192.0.2.1"); r.Err != nil || r.Tries != 1 {
		t.Errorf("error %v after %d tries", r.Err, r.Tries)
	}
	server.Close()
}

func listenUnix(t *testing.T, path string, backlog int) net.Listener {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		t.Fatal(err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
