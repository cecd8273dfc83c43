package dns

import (
	"net"
	"net/netip"
)

// sourceFor returns the address that this host would use towards another. It has none where there is no route.
// Nothing is sent.
func sourceFor(to netip.Addr) (netip.Addr, bool) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return netip.Addr{}, false
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

// families splits addresses, and leaves out the family that is not wanted.
func (r *Resolver) families(addrs []netip.Addr) (v4, v6 []netip.Addr) {
	for _, addr := range addrs {
		switch {
		case addr.Is4() && r.config.Family != 6:
			v4 = append(v4, addr)
		case addr.Is6() && r.config.Family != 4:
			v6 = append(v6, addr)
		}
	}
	return v4, v6
}
