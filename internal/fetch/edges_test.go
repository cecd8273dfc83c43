package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
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
