package fetch

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// Edge says which of a host's addresses was asked.
type Edge struct {
	N    int        // position among the addresses, from 0
	Of   int        // number of addresses
	Addr netip.Addr // the address
}

// runEdges asks the target at each of its addresses, with the same request, and
// returns a result for each. A target whose addresses cannot be found, or that is
// asked through a Unix socket, has one result, and so has one that is asked through
// a proxy, unless the proxy takes addresses.
//
// Each address counts as a host. The visit has a slot, in which it asks one
// address after another, and each further slot that is free asks others beside
// it. So no address waits for a slot that the visit itself holds.
func (v *visit) runEdges() []*Result {
	o, target := &v.f.options, &v.result.Target
	if proxy := o.Proxies.choose(target); o.UnixSocket != "" || proxy != nil && !proxy.takesAddresses() {
		return []*Result{v.finish()}
	}
	v.finds = true
	if found := v.run(); found.Err != nil {
		o.Done(found)
		return []*Result{found}
	}
	addrs := v.trip.addrs
	results := make([]*Result, len(addrs))
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	var work func()
	work = func() {
		for n := int(next.Add(1)) - 1; n < len(addrs); n = int(next.Add(1)) - 1 {
			if n > 0 {
				_ = v.f.pace.wait(v.ctx) // an end of the run is met by the visit
				further := *target
				further.Text += "@" + addrs[n].String()
				o.Starting(further)
			}
			if int(next.Load()) < len(addrs) && v.f.slots.tryAcquire() {
				workers.Go(func() {
					defer v.f.slots.release()
					work()
				})
			}
			results[n] = v.edge(n, addrs).finish()
		}
	}
	work()
	workers.Wait()
	return results
}

// edge is a visit to one address of the target.
func (v *visit) edge(n int, addrs []netip.Addr) *visit {
	return &visit{
		f: v.f, ctx: v.ctx, request: v.request, result: Result{
			Target: v.result.Target, Reply: Reply{Target: v.result.Target}, Edge: &Edge{N: n, Of: len(addrs), Addr: addrs[n]},
		},
	}
}
