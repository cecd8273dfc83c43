package fetch

import (
	"fmt"
	"net/netip"
	"slices"
)

// blockPrivate keeps a redirect that came from a public address from leading
// into the network that the program or its proxy runs in, whatever name stands
// for it. An address that the user gave is meant.
func (t *trip) blockPrivate() *Error {
	o := &t.v.f.options
	hops := t.v.result.Hops
	if len(hops) == 0 || o.AllowPrivate || isPrivate(hops[len(hops)-1].origin()) {
		return nil
	}
	if to := o.detour(t.target); to.host != t.target.Host || t.v.f.known(to) != nil {
		return nil
	}
	if t.proxy != nil {
		if isPrivate(t.peer.addr) {
			return blocked(t.peer.addr)
		}
		return nil
	}
	t.guarded = true
	public := t.unblocked(t.addrs)
	if len(public) == 0 {
		public = t.unblocked(t.lateAddrs())
	}
	if len(public) == 0 {
		return blocked(t.addrs[0])
	}
	t.addrs = public
	return nil
}

// lateAddrs waits for the addresses of a late family, no longer than connecting
// may take.
func (t *trip) lateAddrs() (addrs []netip.Addr) {
	if t.late == nil {
		return nil
	}
	passed, stop := t.v.whole.step(t.v.now(), t.v.f.options.ConnectTimeout).timer()
	defer stop()
	select {
	case addrs = <-t.late:
	case <-passed:
	}
	t.late = nil
	return addrs
}

func blocked(addr netip.Addr) *Error {
	return &Error{
		Stage: StageRedirect, Kind: KindBlocked,
		Err:  fmt.Errorf("from a public address to %v", addr),
		Hint: "--allow-private follows it",
	}
}

// unblocked is those of the addresses that may be connected to. Others may share
// the list.
func (t *trip) unblocked(addrs []netip.Addr) []netip.Addr {
	if !t.guarded {
		return addrs
	}
	return slices.DeleteFunc(slices.Clone(addrs), isPrivate)
}

// origin is the address that the reply came from. Where a proxy has looked up a
// name, the address is not known, and counts as public.
func (r *Reply) origin() netip.Addr {
	if r.Proxy != "" {
		return r.peer
	}
	return r.Addr.Addr()
}

// isPrivate reports whether an address means something else elsewhere: loopback,
// private, link-local, shared (RFC 6598), or this host (RFC 1122 section
// 3.2.1.3).
func isPrivate(a netip.Addr) bool {
	a = a.Unmap()
	if nat64 := netip.PrefixFrom(netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b}), 96); nat64.Contains(a) { // RFC 6052
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() ||
		shared.Contains(a) || a.Is4() && a.As4()[0] == 0
}
