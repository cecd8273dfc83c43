package fetch_test

import (
	"context"
	"io"
	"iter"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// A stuckFirst is a list whose first host does not answer until it is released.
type stuckFirst struct {
	head    string // the others' replies
	release chan struct{}
	started atomic.Int64
}

func (l *stuckFirst) options(parallel int) fetch.Options {
	l.release = make(chan struct{})
	return fetch.Options{
		Parallel: parallel, Ordered: true, MaxHeader: 1 << 20,
		Starting: func(fetch.Target) { l.started.Add(1) },
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			return testserver.Pipe(func(conn net.Conn) {
				testserver.ReadRequest(conn)
				if address == "192.0.2.1:80" {
					select {
					case <-l.release:
					case <-ctx.Done():
						return
					}
				}
				io.WriteString(conn, l.head)
			})(ctx, "", "")
		},
	}
}

// ask asks hosts, and returns the indexes of the results. It calls settled when
// nothing happens any more without the first host.
func (l *stuckFirst) ask(t *testing.T, hosts, parallel int, settled func()) (order []int) {
	o := l.options(parallel)
	go func() {
		synctest.Wait()
		settled()
		close(l.release)
	}()
	for r := range fetch.All(t.Context(), numbered(t, hosts), o) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		order = append(order, r.Target.Index)
	}
	return order
}

// numbered yields n targets: 192.0.2.1 once, and another from then on.
func numbered(t *testing.T, n int) iter.Seq[fetch.Target] {
	first, other := parsed(t, "192.0.2.1", fetch.Defaults{})[0], parsed(t, "192.0.2.2", fetch.Defaults{})[0]
	return func(yield func(fetch.Target) bool) {
		for i := range n {
			target := other
			if i == 0 {
				target = first
			}
			target.Index = i
			if !yield(target) {
				return
			}
		}
	}
}

func largeReply(size int) string {
	return "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", size) + "\r\n\r\n"
}

func checkOrder(t *testing.T, order []int, hosts int) {
	t.Helper()
	if len(order) != hosts {
		t.Errorf("%d results of %d hosts", len(order), hosts)
	}
	for i, index := range order {
		if index != i {
			t.Fatalf("result %d is that of target %d", i, index)
		}
	}
}

// What is held back behind a host that is stuck is bounded in bytes, whatever
// the size of heads.
func TestOrderedIsBoundedInBytes(t *testing.T) {
	for _, size := range []int{250 << 10, 900 << 10} {
		synctest.Test(t, func(t *testing.T) {
			const hosts, parallel = 600, 64
			l := stuckFirst{head: largeReply(size)}
			order := l.ask(t, hosts, parallel, func() {
				held := (int(l.started.Load()) - 1) * size
				if most := 32<<20 + parallel*size; held > most {
					t.Errorf("heads of %d bytes: %d bytes are held back, more than %d", size, held, most)
				}
			})
			checkOrder(t, order, hosts)
		})
	}
}

// Plain hosts run on behind a host that is stuck, as far as their number allows.
func TestOrderedHoldsPlainHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hosts, parallel = 2000, 100
		l := stuckFirst{head: "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n"}
		order := l.ask(t, hosts, parallel, func() {
			if n := l.started.Load(); n < 8*parallel {
				t.Errorf("%d hosts were started, fewer than %d", n, 8*parallel)
			}
		})
		checkOrder(t, order, hosts)
	})
}

// A run that is canceled while nothing may be started ends.
func TestOrderedIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := stuckFirst{head: largeReply(900 << 10)}
		go func() {
			synctest.Wait()
			cancel()
		}()
		var reported int64
		for r := range fetch.All(ctx, numbered(t, 4000), l.options(64)) {
			if canceled := r.Err != nil && r.Err.Kind == fetch.KindCanceled; canceled != (r.Target.Index == 0) && r.Target.Index < 30 {
				t.Errorf("host %d: %v", r.Target.Index, r.Err)
			}
			reported++
		}
		if reported != l.started.Load() {
			t.Errorf("%d of %d reported", reported, l.started.Load())
		}
	})
}
