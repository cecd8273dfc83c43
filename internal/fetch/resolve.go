package fetch

import (
	"fmt"
	"net/netip"
	"slices"

	"wget/internal/fetch/dns"
)

// resolve finds the addresses to connect to, best first: those of the target, or
// of the proxy for it.
func (t *trip) resolve() *Error {
	o := &t.v.f.options
	if o.UnixSocket != "" {
		t.setAddr(netip.Addr{})
		return nil
	}
	if t.proxy = o.Proxies.choose(t.target); t.proxy != nil {
		return t.resolveProxy()
	}
	if addr := t.pinned(); addr.IsValid() {
		t.port = o.detour(t.target).port
		t.setAddr(addr)
		t.reply.Addr = netip.AddrPortFrom(addr, t.port) // whatever becomes of the trip
		return nil
	}
	if t.target.Addr.IsValid() && o.Family == 0 && len(o.Routes) == 0 {
		t.port = t.target.Port
		t.setAddr(t.target.Addr)
		return nil
	}
	to := o.detour(t.target)
	t.port = to.port
	var err error
	if t.addrs, err = t.addrsOf(to); err != nil {
		return newError(StageDNS, err)
	}
	return nil
}

// addrsOf finds the addresses of a host.
func (t *trip) addrsOf(e endpoint) (addrs []netip.Addr, err error) {
	o := &t.v.f.options
	switch addrs = t.v.f.known(e); {
	case addrs == nil && !e.addr.IsValid():
		return t.lookup(e.host)
	case addrs == nil:
		t.oneAddr[0] = e.addr
		addrs = t.oneAddr[:]
	}
	if addrs = ofFamily(addrs, o.Family); len(addrs) == 0 {
		return nil, noneOfFamily(o)
	}
	return addrs, nil
}

// lookup finds the addresses of a name. The clock of the visit stands still while
// the lookup waits for its place among the others.
func (t *trip) lookup(name string) ([]netip.Addr, error) {
	v := t.v
	q := dns.Query{Name: name, Deadline: v.whole.at}
	if v.failed > 0 {
		q.Since = v.f.begun.Add(v.failed)
	}
	answer, err := v.f.resolver.Lookup(v.ctx, q)
	v.stopClock(answer.Waited)
	t.reply.Times.DNS = v.elapsed()
	t.late = answer.Late
	return answer.Addrs, v.whole.reword(err)
}

// noneOfFamily is the error for a host without an address of the family that is
// asked for, or that the local address has.
func noneOfFamily(o *Options) error {
	reason := fmt.Sprintf("no IPv%d address", o.Family)
	if o.LocalAddr.IsValid() {
		reason += fmt.Sprintf(", as a connection from %s needs", o.LocalAddr)
	}
	return &dns.Error{NotFound: true, Reason: reason}
}

func (t *trip) setAddr(addr netip.Addr) {
	t.oneAddr[0] = addr
	t.addrs = t.oneAddr[:]
}

// resolveProxy finds the addresses of the proxy, and what the proxy is to connect
// to. A name is looked up by a socks5 proxy's client, and by all others
// themselves.
func (t *trip) resolveProxy() *Error {
	t.reply.Proxy = t.proxy.String()
	o := &t.v.f.options
	peer := o.detour(t.target)
	t.peer = &peer
	t.forwarded = o.forwarder(t.target) != nil
	if t.proxy.takesAddresses() {
		if err := t.resolvePeer(); err != nil {
			return newError(StageDNS, err)
		}
	}
	t.reply.peer = t.peer.addr
	t.port = t.proxy.Port
	var err error
	if t.addrs, err = t.addrsOf(endpoint{t.proxy.Host, t.proxy.Addr, t.proxy.Port}); err != nil {
		return t.proxyError(newError(StageDNS, err))
	}
	return nil
}

// resolvePeer finds the address that the proxy is to connect to.
func (t *trip) resolvePeer() error {
	if t.peer.addr = t.pinned(); t.peer.addr.IsValid() {
		return nil
	}
	addrs, err := t.addrsOf(*t.peer)
	if err != nil {
		return err
	}
	t.peer.addr = addrs[0]
	t.late = nil // the target's: the trip connects to the proxy
	return nil
}

// find finds the addresses of the target, of both families, and asks none. Those
// that were looked up are sorted: resolvers rotate them, and runs are compared.
func (t *trip) find() *Error {
	o := &t.v.f.options
	if proxy := o.Proxies.choose(t.target); proxy != nil {
		t.reply.Proxy = proxy.String()
	}
	to := o.detour(t.target)
	addrs, err := t.addrsOf(to)
	if err != nil {
		return newError(StageDNS, err)
	}
	t.addrs = slices.Clone(addrs)
	if t.late != nil {
		passed, stop := t.v.whole.timer()
		defer stop()
		select {
		case late := <-t.late:
			t.addrs = append(t.addrs, late...)
		case <-passed:
		}
	}
	if t.v.f.known(to) == nil {
		slices.SortStableFunc(t.addrs, netip.Addr.Compare)
	}
	return nil
}

// pinned is the address that the trip is for, which is invalid unless it is the
// first hop of an edge: later hops are found by name.
func (t *trip) pinned() netip.Addr {
	if edge := t.v.result.Edge; edge != nil && len(t.v.result.Hops) == 0 {
		return edge.Addr
	}
	return netip.Addr{}
}
