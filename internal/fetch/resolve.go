package fetch

import (
	"cmp"
	"net/netip"
	"strings"
)

// resolve finds the addresses to connect to, best first.
func (v *visit) resolve() *Error {
	v.port = v.Target.Port
	if v.Target.Addr.IsValid() && v.Family == 0 && len(v.Routes) == 0 {
		v.addrs = []netip.Addr{v.Target.Addr}
		return nil
	}
	if err := v.lookUp(); err != nil {
		return fail(StageDNS, err)
	}
	return nil
}

// lookUp is resolve for what is more than an address.
func (v *visit) lookUp() (err error) {
	host, addr := v.Target.Host, v.Target.Addr
	if route := v.route(); route != nil {
		v.port = cmp.Or(route.ToPort, v.port)
		if len(route.Addrs) > 0 {
			v.addrs = route.Addrs
			return nil
		}
		if route.ToHost != "" {
			host = route.ToHost
			addr, _ = netip.ParseAddr(host)
		}
	}
	if addr.IsValid() {
		if v.Family == 4 && !addr.Is4() || v.Family == 6 && !addr.Is6() {
			return noAddress(v.names.network, host)
		}
		v.addrs = []netip.Addr{addr}
		return nil
	}
	v.addrs, err = v.names.lookup(v.ctx, host, v.whole.within(v.DNSTimeout))
	v.Times.DNS = v.elapsed()
	return err
}

// route is the first that matches the target, or nil.
func (v *visit) route() *Route {
	for i := range v.Routes {
		if v.Routes[i].matches(&v.Target) {
			return &v.Routes[i]
		}
	}
	return nil
}

func equalFold(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
