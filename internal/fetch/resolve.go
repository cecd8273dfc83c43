package fetch

import (
	"cmp"
	"fmt"
	"net/netip"

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
	t.port = t.target.Port
	if t.target.Addr.IsValid() && o.Family == 0 && len(o.Routes) == 0 {
		t.setAddr(t.target.Addr)
		return nil
	}
	name, err := t.destination()
	if err == nil && len(t.addrs) == 0 {
		t.addrs, err = t.lookup(name)
	}
	if err != nil {
		return newError(StageDNS, err)
	}
	return nil
}

// lookup finds the addresses of a name. The clock of the visit stands still while
// the lookup waits for its place among the others.
func (t *trip) lookup(name string) ([]netip.Addr, error) {
	v := t.v
	answer, err := v.f.resolver.Lookup(v.ctx, dns.Query{Name: name, Deadline: v.whole.at, Since: v.failed})
	v.stopClock(answer.Waited)
	t.reply.Times.DNS = v.elapsed()
	t.late = answer.Late
	return answer.Addrs, v.whole.reword(err)
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
		return "", &dns.Error{NotFound: true, Reason: fmt.Sprintf("no IPv%d address", o.Family)}
	}
	t.setAddr(addr)
	return "", nil
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
	t.peer = endpoint{t.target.Host, t.target.Addr, t.target.Port}
	t.forwarded = !t.target.TLS && !t.proxy.isSOCKS()
	if route := t.v.f.options.route(t.target); route != nil {
		t.peer.port = cmp.Or(route.ToPort, t.peer.port)
		if route.ToHost != "" {
			addr, _ := netip.ParseAddr(route.ToHost)
			t.peer.host, t.peer.addr = route.ToHost, addr
		}
		if t.proxy.Scheme == "socks5" && len(route.Addrs) > 0 {
			t.peer.addr = route.Addrs[0]
		}
		t.forwarded = t.forwarded && route.ToHost == "" && route.ToPort == 0
	}
	if t.proxy.Scheme == "socks5" && !t.peer.addr.IsValid() {
		addrs, err := t.lookup(t.peer.host)
		if err != nil {
			return newError(StageDNS, err)
		}
		t.peer.addr = addrs[0]
	}
	t.port = t.proxy.Port
	if t.proxy.Addr.IsValid() {
		t.setAddr(t.proxy.Addr)
		return nil
	}
	var err error
	if t.addrs, err = t.lookup(t.proxy.Host); err != nil {
		return t.proxyError(err)
	}
	return nil
}
