//go:build linux && !race

package fetch_test

import (
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// A host keeps the 2 KiB of stack that its goroutine began with, while it waits for its reply and when it is over: a frame
// too many doubles what ten thousand hosts take. The collector is off, since it shrinks stacks and needs stack to allocate.
// A goroutine that something else on the machine interrupts may grow, so the least of several runs counts.
func TestStack(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const (
		hosts = 200
		most  = 3 << 10 // for a stack that has grown takes 4 KiB, and 200 have some that wait for a goroutine
		runs  = 20
	)
	waiting, over := stacks(t, hosts)
	for range runs {
		if waiting < most && over < most {
			return
		}
		again, overAgain := stacks(t, hosts)
		waiting, over = min(waiting, again), min(over, overAgain)
	}
	t.Errorf("%d bytes of stack while a host waits, %d when it is over; want less than %d (a breakpoint on runtime.copystack shows who is to blame)", waiting, over, most)
}

// stacks asks so many hosts, and returns the bytes of stack of each when all have sent their requests, and when all are
// over and their results not read yet.
func stacks(t *testing.T, hosts int) (waiting, over int) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	spec, err := fetch.Parse(l.Addr().String(), fetch.Defaults{})
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
	var ended sync.WaitGroup
	ended.Add(hosts)
	before := stackInUse()
	results := fetch.All(t.Context(), targets, fetch.Options{Parallel: hosts, Done: func(*fetch.Result) { ended.Done() }})
	defer func() {
		for r := range results {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}
	}()

	// The server has no goroutines, whose stacks would count too.
	conns := make([]net.Conn, hosts)
	if err := l.SetDeadline(time.Now().Add(time.Minute)); err != nil { // should a host not come
		t.Fatal(err)
	}
	for i := range conns {
		if conns[i], err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		defer conns[i].Close()
		if _, err := testserver.ReadRequest(conns[i]); err != nil {
			t.Fatal(err)
		}
	}
	waiting = (stackInUse() - before) / hosts
	for _, conn := range conns {
		if _, err := conn.Write([]byte(okHead)); err != nil {
			t.Fatal(err)
		}
	}
	ended.Wait()
	return waiting, (stackInUse() - before) / hosts
}

func stackInUse() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}
