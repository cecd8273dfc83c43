package fetch

import (
	"net/netip"
	"strings"
)

// Route moves the connections for a host and port elsewhere. The request, the
// SNI and the record keep the target's own name.
type Route struct {
	Host   string       // "" matches every host
	Port   uint16       // 0 matches every port
	Addrs  []netip.Addr // addresses to use; empty means to look ToHost up
	ToHost string       // "" means the target's host
	ToPort uint16       // 0 means the target's port
}

func (r Route) matches(t *Target) bool {
	return (r.Host == "" || equalFold(r.Host, t.Host)) && (r.Port == 0 || r.Port == t.Port)
}

// route is the first that matches the target, or nil.
func (o *Options) route(t *Target) *Route {
	for i := range o.Routes {
		if o.Routes[i].matches(t) {
			return &o.Routes[i]
		}
	}
	return nil
}

func equalFold(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
