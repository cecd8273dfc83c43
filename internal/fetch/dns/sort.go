package dns

import (
	"net"
	"net/netip"
	"slices"
)

// sourceFor returns the address that this host would use towards another. It has none where there is no route.
// Nothing is sent.
func sourceFor(to netip.Addr) (netip.Addr, bool) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return to, isShortage(err) // which says nothing of the route
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), true
}

// bestFirst puts the family to try first before the other: IPv6 where there is a route to its first address from an
// address of the same kind, private or public (rules 1, 5 and 6 of RFC 6724 section 6). Inside a family the order of
// the answer stays, since servers rotate it to spread the load.
func (r *Resolver) bestFirst(v4, v6 []netip.Addr) []netip.Addr {
	if len(v4) == 0 || len(v6) == 0 {
		return append(v6, v4...)
	}
	if own, ok := r.sourceFor(v6[0]); !ok || own.IsPrivate() != v6[0].IsPrivate() {
		return append(v4, v6...)
	}
	return append(v6, v4...)
}

// families splits addresses, each of them once: an AAAA record can hold an IPv4 address (RFC 4291 section 2.5.5.2).
func families(addrs []netip.Addr) (v4, v6 []netip.Addr) {
	for _, addr := range addrs {
		family := &v6
		if addr.Is4() {
			family = &v4
		}
		if !slices.Contains(*family, addr) {
			*family = append(*family, addr)
		}
	}
	return v4, v6
}

// wanted leaves out the addresses of the other family where one is asked for. The list is changed.
func (r *Resolver) wanted(addrs []netip.Addr) []netip.Addr {
	if r.config.Family == 0 {
		return addrs
	}
	return slices.DeleteFunc(addrs, func(addr netip.Addr) bool { return addr.Is4() != (r.config.Family == 4) })
}
