package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// AddConnectTo appends the route that HOST1:PORT1:HOST2:PORT2 stands for, the
// notation of curl's --connect-to: connections for HOST1:PORT1 go to HOST2:PORT2.
// An empty HOST1 or PORT1 is any; an empty HOST2 or PORT2 changes nothing, and
// :PORT2 can be left out. The first route that matches counts.
func AddConnectTo(routes []Route, text string) ([]Route, error) {
	parts := splitColons(text, 4)
	switch {
	case len(parts) < 3:
		return nil, errors.New("expected HOST1:PORT1:HOST2:PORT2")
	case len(parts) == 4 && strings.Contains(parts[3], ":"):
		return nil, errors.New("expected HOST1:PORT1:HOST2:PORT2, with IPv6 addresses in brackets")
	}
	var r Route
	var err error
	if r.Host, err = partHost(parts[0]); err != nil {
		return nil, fmt.Errorf("HOST1: %w", err)
	}
	if r.Port, err = partPort(parts[1]); err != nil {
		return nil, fmt.Errorf("PORT1: %w", err)
	}
	if r.ToHost, err = partHost(parts[2]); err != nil {
		return nil, fmt.Errorf("HOST2: %w", err)
	}
	if len(parts) == 4 {
		if r.ToPort, err = partPort(parts[3]); err != nil {
			return nil, fmt.Errorf("PORT2: %w", err)
		}
	}
	return append(routes, r), nil
}

// AddResolve adds the route that [+]HOST:PORT:ADDRESS[,ADDRESS]... stands for, the
// notation of curl's --resolve: these are the addresses of HOST for PORT. The
// last of equal entries counts, and -HOST:PORT removes one. A HOST or PORT of *
// is any, and counts where there is no entry for the host or port itself. With a
// + the addresses hold for a minute.
func AddResolve(routes []Route, text string) ([]Route, error) {
	text, isRemoval := strings.CutPrefix(text, "-")
	text, isPassing := strings.CutPrefix(text, "+")
	parts := splitColons(text, 3)
	if isRemoval && (isPassing || len(parts) != 2) {
		return nil, errors.New("expected -HOST:PORT")
	}
	if !isRemoval && len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return nil, errors.New("expected HOST:PORT:ADDRESS, with * for any host or port")
	}
	r := Route{Passing: isPassing}
	var err error
	if parts[0] != "*" {
		if r.Host, err = partHost(parts[0]); err != nil {
			return nil, err
		}
	}
	if parts[1] != "*" {
		if r.Port, err = ParsePort(parts[1]); err != nil {
			return nil, err
		}
	}
	routes = slices.DeleteFunc(routes, func(other Route) bool {
		return len(other.Addrs) > 0 && equalFold(other.Host, r.Host) && other.Port == r.Port
	})
	if isRemoval {
		return routes, nil
	}
	if r.Addrs, err = parseAddrs(parts[2]); err != nil {
		return nil, err
	}
	routes = append(routes, r)
	slices.SortStableFunc(routes, func(a, b Route) int { return cmp.Compare(a.rank(), b.rank()) })
	return routes, nil
}

// rank puts the addresses of one host before those of any.
func (r *Route) rank() (n int) {
	if r.isDetour() {
		return 0
	}
	if r.Host == "" {
		n += 2
	}
	if r.Port == 0 {
		n++
	}
	return n
}

// splitColons splits at colons outside of brackets, into at most n parts.
func splitColons(text string, n int) (parts []string) {
	for len(parts) < n-1 {
		start := 0
		if strings.HasPrefix(text, "[") {
			start = strings.IndexByte(text, ']') + 1
		}
		i := strings.IndexByte(text[start:], ':')
		if i < 0 {
			break
		}
		parts = append(parts, text[:start+i])
		text = text[start+i+1:]
	}
	return append(parts, text)
}

func partHost(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if err := checkText(text); err != nil {
		return "", err
	}
	host, _, err := parseHost(text)
	return host, err
}

func partPort(text string) (uint16, error) {
	if text == "" {
		return 0, nil
	}
	return ParsePort(text)
}

// parseAddrs reads a list of addresses, IPv6 bare or in brackets. Empty ones do
// not count.
func parseAddrs(list string) (addrs []netip.Addr, err error) {
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		bare := text
		if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			bare = text[1 : len(text)-1]
		}
		addr, ok := parseAddr(bare)
		if !ok {
			return nil, fmt.Errorf("expected HOST:PORT:ADDRESS: %q is no IP address", text)
		}
		addrs = append(addrs, addr.Unmap())
	}
	if len(addrs) == 0 {
		return nil, errors.New("expected HOST:PORT:ADDRESS")
	}
	return addrs, nil
}
