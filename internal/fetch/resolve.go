package fetch

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// resolve finds the addresses to connect to for a target, best first. It
// reports whether a name had to be looked up for that.
func (f *fetcher) resolve(ctx context.Context, t *Target, l limit) (addrs []netip.Addr, port uint16, looked bool, err error) {
	host, addr, port := t.Host, t.Addr, t.Port
	if i := slices.IndexFunc(f.Routes, func(r Route) bool { return r.matches(t) }); i >= 0 {
		route := f.Routes[i]
		port = cmp.Or(route.ToPort, port)
		if len(route.Addrs) > 0 {
			return route.Addrs, port, false, nil
		}
		if route.ToHost != "" {
			host = route.ToHost
			addr, _ = netip.ParseAddr(host)
		}
	}
	if !addr.IsValid() {
		addrs, err = f.lookup(ctx, host, l)
		return addrs, port, true, err
	}
	if f.Family == 4 && !addr.Is4() || f.Family == 6 && !addr.Is6() {
		return nil, 0, false, f.noAddress(host)
	}
	return []netip.Addr{addr}, port, false, nil
}

func (f *fetcher) lookup(ctx context.Context, host string, l limit) ([]netip.Addr, error) {
	ctx, cancel := l.context(ctx)
	defer cancel()
	network := map[int]string{4: "ip4", 6: "ip6"}[f.Family]
	if network == "" {
		network = "ip"
	}
	addrs, err := f.Resolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return nil, l.explain(err)
	}
	if len(addrs) == 0 {
		return nil, f.noAddress(host)
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
	}
	return addrs, nil
}

func (f *fetcher) noAddress(host string) error {
	family := map[int]string{0: "address", 4: "IPv4 address", 6: "IPv6 address"}[f.Family]
	return &net.DNSError{Err: "no " + family, Name: host, IsNotFound: true}
}

func equalFold(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
