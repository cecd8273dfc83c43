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
	name, err := v.destination()
	if err == nil && len(v.addrs) == 0 {
		v.addrs, err = v.names.lookup(name, v.whole)
		v.Times.DNS = v.elapsed()
	}
	if err != nil {
		return fail(StageDNS, err)
	}
	return nil
}

// destination sets the addresses to connect to, and the port, or returns the
// name that they are to be looked up by.
func (v *visit) destination() (name string, err error) {
	name, addr := v.Target.Host, v.Target.Addr
	v.addrs = nil
	if route := v.route(); route != nil {
		v.port = cmp.Or(route.ToPort, v.port)
		if len(route.Addrs) > 0 {
			v.addrs = route.Addrs
			return "", nil
		}
		if route.ToHost != "" {
			name = route.ToHost
			addr, _ = netip.ParseAddr(name)
		}
	}
	switch {
	case !addr.IsValid():
		return name, nil
	case v.Family == 4 && !addr.Is4(), v.Family == 6 && !addr.Is6():
		return "", noAddress(v.names.network, name)
	}
	v.addrs = []netip.Addr{addr}
	return "", nil
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
