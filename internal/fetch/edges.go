package fetch

import (
	"net/netip"
	"slices"
	"sync"
)

// Edge says which of a host's addresses was asked.
type Edge struct {
	N    int        // position among the addresses, from 0
	Of   int        // number of addresses
	Addr netip.Addr // the address
}

// runEdges asks the target at each of its addresses, with the same request, and
// returns a result for each. A target whose addresses cannot be found, or that is
// asked through a proxy, has one result.
//
// Each address counts as a host. The visit has a slot, in which it asks one
// address after another; each further slot that is free asks another address
// beside it. So no address waits for a slot that the visit itself holds.
func (v *visit) runEdges() []*Result {
	v.begin()
	addrs := v.allAddrs()
	if len(addrs) == 0 {
		return []*Result{v.ask()}
	}
	results := make([]*Result, len(addrs))
	ask := func(n int) { results[n] = v.edge(n, addrs).run() }
	var (
		beside sync.WaitGroup
		own    = []int{0}
	)
	for n := 1; n < len(addrs); n++ {
		_ = v.f.pace.wait(v.ctx) // an end of the run is met by the visit
		v.f.options.Starting(v.result.Target)
		if !v.f.slots.tryAcquire() {
			own = append(own, n)
			continue
		}
		beside.Go(func() {
			ask(n)
			v.f.slots.release()
		})
	}
	for _, n := range own {
		ask(n)
	}
	beside.Wait()
	return results
}

// allAddrs are those of the target, of both families. None are known of a target
// that is none, that a proxy looks up, or whose lookup fails: asking tells why.
func (v *visit) allAddrs() []netip.Addr {
	if v.result.Target.Err != nil || v.f.options.UnixSocket != "" {
		return nil
	}
	t := &v.trip
	*t = trip{v: v, target: &v.result.Reply.Target, reply: &v.result.Reply}
	if t.resolve() != nil || t.proxy != nil {
		return nil
	}
	addrs := slices.Clone(t.addrs)
	if t.late == nil {
		return addrs
	}
	passed, stop := v.whole.timer()
	defer stop()
	select {
	case late := <-t.late:
		addrs = append(addrs, late...)
	case <-passed:
	}
	return addrs
}

// edge is a visit to one address of the target.
func (v *visit) edge(n int, addrs []netip.Addr) *visit {
	return &visit{
		f: v.f, ctx: v.ctx, request: v.request, result: Result{
			Target: v.result.Target, Reply: Reply{Target: v.result.Target}, Edge: &Edge{N: n, Of: len(addrs), Addr: addrs[n]},
		},
	}
}
