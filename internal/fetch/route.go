package fetch

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Route moves connections elsewhere, as curl's --connect-to and --resolve do. The
// request, the SNI and the record keep the target's own name.
//
// The way of a connection has two steps. The first route with a ToHost or ToPort
// that matches the target says which host and port to connect to. The first
// route with Addrs that matches these says the addresses of the host.
type Route struct {
	Host string // as Target.Host; "" matches every host
	Port uint16 // 0 matches every port

	ToHost string // "" means no change
	ToPort uint16 // 0 means no change

	Addrs   []netip.Addr // empty means to look the host up
	Passing bool         // Addrs hold for the first minute of a run
}

// passingTime is how long curl remembers a name.
const passingTime = time.Minute

func (r *Route) matches(e endpoint) bool {
	return (r.Host == "" || equalFold(r.Host, e.host)) && (r.Port == 0 || r.Port == e.port)
}

func (r *Route) isDetour() bool { return r.ToHost != "" || r.ToPort != 0 }

// detour is where to connect to for a target.
func (o *Options) detour(t *Target) endpoint {
	e := endpoint{t.Host, t.Addr, t.Port}
	for i := range o.Routes {
		r := &o.Routes[i]
		if !r.isDetour() || !r.matches(e) {
			continue
		}
		e.port = cmp.Or(r.ToPort, e.port)
		if r.ToHost != "" {
			e.host = r.ToHost
			e.addr, _ = netip.ParseAddr(r.ToHost)
		}
		break
	}
	return e
}

// forwarder is the proxy that gets the request for a target itself, or nil. Where
// --connect-to leads elsewhere, a request cannot be forwarded: it names the target.
func (o *Options) forwarder(t *Target) *Proxy {
	proxy, to := o.Proxies.choose(t), o.detour(t)
	if proxy == nil || proxy.isSOCKS() || t.TLS || !equalFold(to.host, t.Host) || to.port != t.Port {
		return nil
	}
	return proxy
}

// known is the addresses that a route has for a host and port, or nil.
func (f *fetcher) known(e endpoint) []netip.Addr {
	for i := range f.options.Routes {
		r := &f.options.Routes[i]
		if len(r.Addrs) > 0 && r.matches(e) && !(r.Passing && time.Since(f.begun) >= passingTime) {
			return r.Addrs
		}
	}
	return nil
}

// equalFold compares host names.
func equalFold(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// ofFamily is the addresses of family 4 or 6, or all for 0.
func ofFamily(addrs []netip.Addr, family int) []netip.Addr {
	if family == 0 {
		return addrs
	}
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return a.Is4() != (family == 4) })
}
