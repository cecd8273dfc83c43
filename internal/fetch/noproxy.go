package fetch

import (
	"net/netip"
	"strconv"
	"strings"
)

// NoProxy lists the hosts that are asked without a proxy.
type NoProxy []noProxyRule

// noProxyRule matches targets: all, those at the addresses of a block, or those
// whose host is a name or below it.
type noProxyRule struct {
	all   bool
	block netip.Prefix
	name  string
	port  uint16 // 0 is any
}

// ParseNoProxy reads a list as curl does: names, with or without a leading dot,
// which stand for themselves and every name below them; addresses and blocks of
// addresses; or a lone * for all hosts. A name or address with a port is for
// targets at that port. An entry ends at a comma. Where a space stands without
// one, the rest of the list is not read.
func ParseNoProxy(list string) (rules NoProxy) {
	if list == "*" {
		return NoProxy{{all: true}}
	}
	for entry := range strings.SplitSeq(list, ",") {
		words := strings.Fields(entry)
		if len(words) > 0 {
			if rule, ok := parseNoProxyRule(words[0]); ok {
				rules = append(rules, rule)
			}
		}
		if len(words) > 1 {
			break
		}
	}
	return rules
}

func parseNoProxyRule(text string) (rule noProxyRule, ok bool) {
	if block, ok := parseNoProxyBlock(text); ok {
		return noProxyRule{block: block}, true
	}
	if host, port, err := splitPort(text); err == nil && port != "" {
		if rule.port, err = ParsePort(port); err != nil {
			return rule, false
		}
		text = host
		if rule.block, ok = parseNoProxyBlock(text); ok {
			return rule, true
		}
	}
	rule.name = strings.TrimPrefix(strings.TrimSuffix(text, "."), ".")
	if ascii, err := toASCII(rule.name); err == nil {
		rule.name = ascii
	}
	return rule, rule.name != ""
}

// parseNoProxyBlock reads an address or a block. IPv6 in the form of IPv4 is IPv4,
// as in targets.
func parseNoProxyBlock(text string) (netip.Prefix, bool) {
	address, length, isBlock := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil {
		return netip.Prefix{}, false
	}
	addr = addr.WithZone("")
	bits := addr.BitLen()
	if isBlock {
		n, err := strconv.ParseUint(length, 10, 8)
		if bits = int(n); err != nil {
			return netip.Prefix{}, false
		}
	}
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	block, err := addr.Prefix(bits)
	return block, err == nil
}

func (l NoProxy) matches(t *Target) bool {
	for i := range l {
		if l[i].matches(t) {
			return true
		}
	}
	return false
}

func (r *noProxyRule) matches(t *Target) bool {
	switch {
	case r.all:
		return true
	case r.port != 0 && r.port != t.Port:
		return false
	case t.Addr.IsValid() || r.block.IsValid():
		return r.block.IsValid() && r.block.Contains(t.Addr.WithZone(""))
	}
	host := strings.TrimSuffix(t.Host, ".")
	if len(host) > len(r.name) && host[len(host)-len(r.name)-1] == '.' {
		host = host[len(host)-len(r.name):]
	}
	return strings.EqualFold(host, r.name)
}
