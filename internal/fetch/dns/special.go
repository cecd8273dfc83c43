package dns

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
)

// Bounds on a name (RFC 1035 section 2.3.4), in characters as people write it.
const (
	maxName  = 253
	maxLabel = 63
)

// looksLikeAddr spares most names an attempt to read them as an address, which allocates the error.
func looksLikeAddr(name string) bool {
	return name != "" && '0' <= name[len(name)-1] && name[len(name)-1] <= '9' || strings.Contains(name, ":")
}

// checkName refuses names that no question can hold, so that none goes out cut or split. A dot may end the name.
func checkName(name string) error {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName {
		return errors.New("a name of more than 253 characters")
	}
	for label := 0; ; label = 0 {
		for label < len(name) && name[label] != '.' {
			if c := name[label]; c <= ' ' || c >= 0x7f {
				return errors.New("a name with characters that are not ASCII, or spaces")
			}
			label++
		}
		switch {
		case label == 0:
			return errors.New("a name with an empty label")
		case label > maxLabel:
			return errors.New("a label of more than 63 characters")
		case label == len(name):
			return nil
		}
		name = name[label+1:]
	}
}

// isIn reports whether a name is a domain or below it.
func isIn(name, domain string) bool {
	name = strings.TrimSuffix(name, ".")
	above := len(name) - len(domain)
	return above >= 0 && equalFold(name[above:], domain) && (above == 0 || name[above-1] == '.')
}

// loopback are the addresses of localhost and of all names below it (RFC 6761 section 6.3): those that the hosts
// file has of the family that is wanted, as long as they are loopback addresses.
func (r *Resolver) loopback(h *hosts, name string) []netip.Addr {
	addrs := r.wanted(h.lookup(strings.TrimSuffix(name, ".")))
	if len(addrs) == 0 || slices.ContainsFunc(addrs, func(addr netip.Addr) bool { return !addr.IsLoopback() }) {
		return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return addrs
}
