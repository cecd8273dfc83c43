//go:build linux && !race

package fetch_test

import (
	"net"
	"runtime"
	"strings"
	"testing"

	"wget/internal/fetch"
)

// A host that waits for its reply must do so on the smallest stack there is: a
// frame too many in the way doubles what ten thousand of them take.
//
// A goroutine that is preempted at a bad moment grows too, so the best of
// several runs counts.
func TestWaitingStack(t *testing.T) {
	const tries = 8
	var each uint64
	for range tries {
		if each = waitingStack(t); each <= 3<<10 {
			return
		}
	}
	t.Errorf("a waiting host holds %d bytes of stack, want 2 KiB", each)
}

// waitingStack is what one of many waiting hosts holds on average, in bytes.
func waitingStack(t *testing.T) uint64 {
	const hosts = 500
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	spec, err := fetch.Parse(listener.Addr().String(), fetch.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	targets := func(yield func(fetch.Target) bool) {
		for range hosts {
			for target := range spec.All() {
				if !yield(target) {
					return
				}
			}
		}
	}
	var before, waiting runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	results := fetch.All(t.Context(), targets, fetch.Options{Parallel: hosts})

	var held []net.Conn
	request := make([]byte, 4096)
	for range hosts {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		if n, err := conn.Read(request); err != nil || !strings.HasPrefix(string(request[:n]), "GET / ") {
			t.Fatalf("request %q, error %v", request[:n], err)
		}
	}
	runtime.ReadMemStats(&waiting)
	for _, conn := range held {
		conn.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
		conn.Close()
	}
	for r := range results {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	return (waiting.StackInuse - before.StackInuse) / hosts
}
