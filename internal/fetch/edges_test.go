package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
	"wget/internal/testserver"
)

// edgeRoutes leads each of the hosts to the same addresses.
func edgeRoutes(addrs ...string) []fetch.Route {
	var r fetch.Route
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, netip.MustParseAddr(a))
	}
	return []fetch.Route{r}
}

// Each address has a result, those of a target one after the other, with the index
// of the target, also where there is one slot for all.
func TestEdges(t *testing.T) {
	addrs := []string{"203.0.113.1", "203.0.113.2", "2001:db8::3", "203.0.113.4"}
	for _, o := range []fetch.Options{
		{Parallel: 1},
		{Parallel: 2},
		{Parallel: 64},
		{Parallel: 1, Ordered: true},
		{Parallel: 64, Ordered: true},
		{Parallel: 1, PerAddr: 1},
		{Parallel: 64, PerAddr: 1},
		{Parallel: 8, Rate: 100},
	} {
		t.Run(fmt.Sprintf("%d %d %g %t", o.Parallel, o.PerAddr, o.Rate, o.Ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var started, open, most atomic.Int64
				o.AllAddrs, o.Routes = true, edgeRoutes(addrs...)
				o.Starting = func(fetch.Target) { started.Add(1) }
				o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if address == "203.0.113.2:80" {
						return nil, context.DeadlineExceeded
					}
					return testserver.Pipe(func(conn net.Conn) {
						most.Store(max(most.Load(), open.Add(1)))
						request, _ := testserver.ReadRequest(conn)
						time.Sleep(time.Second)
						open.Add(-1)
						fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nAt: %s\r\nSize: %d\r\n\r\n", address, len(request))
					})(ctx, network, address)
				}
				results := askEdges(t, o, "a.test", "b.test", "c.test")
				if len(results) != 3*len(addrs) || int(started.Load()) != len(results) {
					t.Fatalf("%d results, %d started", len(results), started.Load())
				}
				if most.Load() > int64(o.Parallel) {
					t.Errorf("%d in flight, %d allowed", most.Load(), o.Parallel)
				}
				for i, r := range results {
					n := i % len(addrs)
					if r.Edge == nil || r.Edge.N != n || r.Edge.Of != len(addrs) || r.Edge.Addr.String() != addrs[n] {
						t.Fatalf("result %d is of edge %+v", i, r.Edge)
					}
					if first := results[i-n]; r.Target.Index != first.Target.Index {
						t.Errorf("result %d is of target %d, not %d", i, r.Target.Index, first.Target.Index)
					}
					if (r.Err == nil) != (n != 1) || r.Err == nil && r.Addr.Addr().String() != addrs[n] {
						t.Errorf("%s: error %v, asked at %v", r.Edge.Addr, r.Err, r.Addr)
					}
				}
			})
		})
	}
}

// askEdges asks targets that have more than one result.
func askEdges(t *testing.T, o fetch.Options, texts ...string) (results []*fetch.Result) {
	t.Helper()
	var targets []fetch.Target
	for i, text := range texts {
		target := parsed(t, text, fetch.Defaults{})[0]
		target.Index = i
		targets = append(targets, target)
	}
	for r := range fetch.All(t.Context(), slices.Values(targets), o) {
		results = append(results, r)
	}
	return results
}

// A target without addresses has one result, and so has one that is an address.
func TestEdgesOfOne(t *testing.T) {
	o := fetch.Options{AllAddrs: true, Dial: piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))}
	for text, edge := range map[string]bool{"203.0.113.9": true, "x.onion": false} {
		results := askEdges(t, o, text)
		if len(results) != 1 || (results[0].Edge != nil) != edge || (results[0].Err == nil) != edge {
			t.Errorf("%s: %d results, edge %v, error %v", text, len(results), results[0].Edge, results[0].Err)
		}
	}
}

// A redirect leads each address on by name, not by address.
func TestEdgesRedirect(t *testing.T) {
	o := fetch.Options{
		AllAddrs: true, Location: true, MaxRedirect: 5, AllowPrivate: true,
		Routes: append([]fetch.Route{{Host: "next.test", Addrs: []netip.Addr{netip.MustParseAddr("203.0.113.9")}}}, edgeRoutes("203.0.113.1", "203.0.113.2")...),
	}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return testserver.Pipe(func(conn net.Conn) {
			testserver.ReadRequest(conn)
			if address == "203.0.113.9:80" {
				io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
				return
			}
			io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: http://next.test/\r\n\r\n")
		})(ctx, network, address)
	}
	for i, r := range askEdges(t, o, "a.test") {
		if r.Err != nil || len(r.Hops) != 1 || r.Hops[0].Addr.Addr() != r.Edge.Addr || r.Addr.Addr().String() != "203.0.113.9" || r.Edge.N != i {
			t.Errorf("edge %+v: error %v, hops %v, at %v", r.Edge, r.Err, len(r.Hops), r.Addr)
		}
	}
}

// The addresses begin at the rate that was asked for, also where one slot is for all.
func TestEdgesKeepTheRate(t *testing.T) {
	for _, parallel := range []int{1, 2, 64} {
		synctest.Test(t, func(t *testing.T) {
			var begun []time.Duration
			since := time.Now()
			o := fetch.Options{Parallel: parallel, Rate: 1, AllAddrs: true, Routes: edgeRoutes("203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4")}
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				begun = append(begun, time.Since(since))
				return piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))(ctx, network, address)
			}
			askEdges(t, o, "a.test")
			for i, at := range begun {
				if want := time.Duration(i) * time.Second; at < want || at > want+time.Second/5 {
					t.Errorf("%d slots: request %d began after %v, not %v", parallel, i, at, want)
				}
			}
		})
	}
}

// Names have addresses of both families, in an order that is the same in every run,
// also where a family comes late.
func TestEdgesOfNames(t *testing.T) {
	s := startNameserver(t, func(a asked) [][]byte {
		if a.Type == dnsmessage.TypeA {
			time.Sleep(100 * time.Millisecond) // longer than the other family waits
		}
		return truth(a)
	})
	o := fetch.Options{AllAddrs: true, DNS: dns.Config{Servers: []netip.AddrPort{s.addr}, Timeout: time.Minute}, Dial: piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))}
	v4, v6 := addresses(0)
	results := askEdges(t, o, "h0.test")
	if len(results) != 2 || results[0].Addr.Addr() != v4 || results[1].Addr.Addr() != v6 {
		t.Errorf("%d results: %v", len(results), results)
	}
	o.Family = 4
	if results := askEdges(t, o, "h0.test"); len(results) != 1 || results[0].Addr.Addr() != v4 {
		t.Errorf("%d results: %v", len(results), results)
	}
}

// A lookup that fails is tried again, and then each address is asked.
func TestEdgesAfterFailedLookup(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	s := startNameserver(t, func(a asked) [][]byte {
		if broken.Load() {
			return [][]byte{a.reply(dnsmessage.RCodeServerFailure)}
		}
		return truth(a)
	})
	o := fetch.Options{AllAddrs: true, DNS: dns.Config{Servers: []netip.AddrPort{s.addr}, Timeout: time.Second}, Dial: piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))}
	if results := askEdges(t, o, "h0.test"); len(results) != 1 || results[0].Edge != nil || results[0].Err == nil || results[0].Tries != 1 {
		t.Fatalf("%d results: %+v", len(results), results[0])
	}
	o.Tries = 10
	time.AfterFunc(100*time.Millisecond, func() { broken.Store(false) })
	for _, r := range askEdges(t, o, "h0.test") {
		if r.Edge == nil || r.Edge.Of != 2 || r.Err != nil || r.Tries != 1 {
			t.Errorf("%+v", r)
		}
	}
}

// An address that is not reached for an end of the run has a result that names it.
func TestEdgesCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := fetch.Options{Parallel: 1, AllAddrs: true, Routes: edgeRoutes("203.0.113.1", "203.0.113.2", "203.0.113.3")}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	targets := parsed(t, "a.test", fetch.Defaults{})
	n := 0
	for r := range fetch.All(ctx, slices.Values(targets), o) {
		if r.Err == nil || r.Err.Kind != fetch.KindCanceled || r.Addr != netip.AddrPortFrom(r.Edge.Addr, 80) {
			t.Errorf("%+v: %v, asked at %v", r.Edge, r.Err, r.Addr)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d results", n)
	}
}

// Through a proxy a target has one result, since the proxy chooses among its
// addresses, unless names are looked up for the proxy.
func TestEdgesBehindProxy(t *testing.T) {
	for proxy, want := range map[string]struct {
		dial  func(net.Conn)
		asked []string // of a SOCKS proxy
	}{
		"http://203.0.113.9:3128":    {dial: answer(noContent)},
		"socks5h://203.0.113.9:1080": {asked: []string{"\x03\x06a.test\x00\x50"}},
		"socks5://203.0.113.9:1080":  {asked: []string{"\x01\xcb\x00\x71\x01\x00\x50", "\x01\xcb\x00\x71\x02\x00\x50"}},
	} {
		asked := make(chan string, 2) // so that the proxy need not wait for the test
		dial := want.dial
		if dial == nil {
			dial = socks(asked, answer(noContent))
		}
		o := fetch.Options{
			Parallel: 1, AllAddrs: true, Proxies: through(t, proxy), Dial: piped(dial),
			Routes: []fetch.Route{{Host: "a.test", Addrs: edgeRoutes("203.0.113.1", "203.0.113.2")[0].Addrs}},
		}
		results := askEdges(t, o, "a.test")
		close(asked)
		var got []string
		for request := range asked {
			got = append(got, request)
		}
		if !slices.Equal(got, want.asked) || len(results) != max(1, len(got)) {
			t.Errorf("%s: %d results, asked for %q", proxy, len(results), got)
		}
		for i, r := range results {
			if r.Err != nil || r.Proxy != proxy || r.Addr.Addr().String() != "203.0.113.9" {
				t.Errorf("%s: %v, proxy %s at %s", proxy, r.Err, r.Proxy, r.Addr)
			}
			if e := r.Edge; (e != nil) != (len(results) > 1) || e != nil && (e.N != i || e.Addr != o.Routes[0].Addrs[i]) {
				t.Errorf("%s: result %d is of edge %v", proxy, i, e)
			}
		}
	}
}

// Behind a proxy that cannot be reached, and where the name cannot be looked up for
// it, the record has the proxy, and no address of a connection that was not made.
func TestEdgesBehindDeadProxy(t *testing.T) {
	o := fetch.Options{
		AllAddrs: true, Proxies: through(t, "socks5://203.0.113.9:1080"), Routes: edgeRoutes("203.0.113.1", "203.0.113.2"),
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED },
	}
	o.Routes[0].Host = "a.test"
	for target, want := range map[string]struct {
		results int
		stage   fetch.Stage
	}{"a.test": {2, fetch.StageProxy}, "x.onion": {1, fetch.StageDNS}} {
		results := askEdges(t, o, target)
		if len(results) != want.results {
			t.Errorf("%s: %d results", target, len(results))
		}
		for _, r := range results {
			if r.Err == nil || r.Err.Stage != want.stage || r.Proxy == "" || r.Addr.IsValid() {
				t.Errorf("%s: %v, proxy %q at %v", target, r.Err, r.Proxy, r.Addr)
			}
		}
	}
}

// Each address is told of when it is over, though all are sent together.
func TestEdgesAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var over atomic.Int64
		o := fetch.Options{AllAddrs: true, Routes: edgeRoutes("203.0.113.1", "203.0.113.2", "203.0.113.3"), Done: func(*fetch.Result) { over.Add(1) }}
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "203.0.113.2:80" {
				time.Sleep(time.Hour)
			}
			return piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))(ctx, network, address)
		}
		time.AfterFunc(time.Minute, func() {
			if n := over.Load(); n != 2 {
				t.Errorf("%d are over, not 2", n)
			}
		})
		if results := askEdges(t, o, "a.test"); len(results) != 3 || over.Load() != 3 {
			t.Errorf("%d results, %d are over", len(results), over.Load())
		}
	})
}
