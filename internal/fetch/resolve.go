package fetch

import (
	"cmp"
	"net/netip"
)

// resolve finds the addresses to connect to, best first.
func (t *trip) resolve() *Error {
	t.port = t.target.Port
	o := &t.v.f.options
	if t.target.Addr.IsValid() && o.Family == 0 && len(o.Routes) == 0 {
		t.setAddr(t.target.Addr)
		return nil
	}
	name, err := t.destination()
	if err == nil && len(t.addrs) == 0 {
		t.addrs, err = t.v.f.resolver.lookup(name, t.v.whole)
		t.reply.Times.DNS = t.v.elapsed()
	}
	if err != nil {
		return newError(StageDNS, err)
	}
	return nil
}

// destination sets the addresses to connect to, and the port, or returns the
// name that they are to be looked up by.
func (t *trip) destination() (name string, err error) {
	name, addr := t.target.Host, t.target.Addr
	o := &t.v.f.options
	if route := o.route(t.target); route != nil {
		t.port = cmp.Or(route.ToPort, t.port)
		if len(route.Addrs) > 0 {
			t.addrs = route.Addrs
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
	case o.Family == 4 && !addr.Is4(), o.Family == 6 && !addr.Is6():
		return "", noAddress(t.v.f.resolver.network, name)
	}
	t.setAddr(addr)
	return "", nil
}

func (t *trip) setAddr(addr netip.Addr) {
	t.oneAddr[0] = addr
	t.addrs = t.oneAddr[:]
}
