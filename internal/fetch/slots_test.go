package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// household counts the connections that are open at each address.
type household struct {
	mu   sync.Mutex
	open map[string]int
	most map[string]int
}

// dial connects to a server that takes a second to answer.
func (h *household) dial(ctx context.Context, _, address string) (net.Conn, error) {
	h.count(address, 1)
	conn, err := testserver.Pipe(func(conn net.Conn) {
		testserver.ReadRequest(conn)
		time.Sleep(time.Second)
		io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
	})(ctx, "tcp", address)
	return resident{conn, func() { h.count(address, -1) }}, err
}

type resident struct {
	net.Conn
	leave func()
}

func (r resident) Close() error {
	r.leave()
	return r.Conn.Close()
}

func (h *household) count(address string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil {
		h.open, h.most = make(map[string]int), make(map[string]int)
	}
	h.open[address] += n
	h.most[address] = max(h.most[address], h.open[address])
}

// sameAddress routes these hosts, "" for all, to one address.
func sameAddress(names ...string) (routes []fetch.Route) {
	for _, name := range names {
		routes = append(routes, fetch.Route{Host: name, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}})
	}
	return routes
}

func TestPerAddr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 10 {
			names = append(names, fmt.Sprintf("h%d.test", i))
		}
		h := new(household)
		o := fetch.Options{
			Dial: h.dial, Routes: sameAddress(names...), Parallel: 4, PerAddr: 2,
			ReadTimeout: 3 * time.Second / 2, MaxTime: 3 * time.Second / 2,
		}
		start := time.Now()
		results := askAll(t, t.Context(), o, append(slices.Clone(names), "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5")...)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("ten hosts, two at a time, took %v", took)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := h.most["192.0.2.1:80"]; n != 2 {
			t.Errorf("%d at once at one address", n)
		}
		var order []int
		for _, r := range results {
			order = append(order, r.Target.Index)
			if r.Err != nil || r.Times.Total != time.Second || r.Times.Connect != 0 {
				t.Errorf("%s: %v, %+v", r.Target.Text, r.Err, r.Times)
			}
		}
		// The first two and two of the others have the four places, so the
		// others are done after two rounds.
		for _, other := range []int{10, 11, 12, 13} {
			if at := slices.Index(order, other); at >= 8 {
				t.Errorf("host %d was held back to place %d: %v", other, at, order)
			}
		}
	})
}

func TestPerAddrIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		started, reported := 0, 0
		o := fetch.Options{
			Dial: hang, Parallel: 3, PerAddr: 1, Routes: sameAddress(""),
			Starting: func(fetch.Target) { started++ },
		}
		target := parsed(t, "h.test", fetch.Defaults{})[0]
		go func() {
			synctest.Wait()
			if want := 3 + 4*3; started != want {
				t.Errorf("%d hosts wait, not %d", started, want)
			}
			cancel()
		}()
		endless := func(yield func(fetch.Target) bool) {
			for yield(target) {
			}
		}
		for r := range fetch.All(ctx, endless, o) {
			reported++
			if r.Err == nil || r.Err.Kind != fetch.KindCanceled {
				t.Errorf("%v", r.Err)
			}
		}
		if reported != started {
			t.Errorf("%d of %d reported", reported, started)
		}
	})
}

func TestPerAddrAndRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
		o := fetch.Options{Dial: refuse, PerAddr: 1, Tries: 2, Routes: sameAddress("")}
		start := time.Now()
		for _, r := range askAll(t, t.Context(), o, slices.Repeat([]string{"h.test"}, 10)...) {
			if r.Tries != 2 {
				t.Errorf("%d tries", r.Tries)
			}
		}
		if took := time.Since(start); took != time.Second/2 {
			t.Errorf("the pauses held each other up: %v", took)
		}
	})
}
