package fetch

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	maxKnown = 10_000           // names remembered at most
	knownFor = time.Minute      // as long as curl does
	patience = 10 * time.Second // where there is no other bound: two attempts of five seconds (resolv.conf(5))
)

// names finds the addresses of names: one lookup at a time for each, however
// many hosts share it, and none for a name that was found a moment ago.
type names struct {
	ctx      context.Context // of all lookups
	close    func()          // ends those that no host waits for any more
	resolver *net.Resolver
	servers  *nameservers
	network  string // "ip", "ip4" or "ip6"
	timeout  time.Duration
	flights  singleflight.Group

	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	addrs []netip.Addr
	until time.Time
}

func newNames(ctx context.Context, o Options) *names {
	ctx, cancel := context.WithCancel(ctx)
	n := &names{
		ctx: ctx, resolver: o.Resolver, servers: newNameservers(o.DNSServers), timeout: cmp.Or(o.DNSTimeout, patience),
		network: map[int]string{0: "ip", 4: "ip4", 6: "ip6"}[o.Family],
		known:   make(map[string]answer),
	}
	if n.resolver == nil {
		n.resolver = &net.Resolver{PreferGo: true, Dial: n.servers.dial, StrictErrors: true}
	}
	n.close = func() {
		cancel()
		n.servers.close()
	}
	return n
}

// lookup finds the addresses of a name within a host's own limit.
func (n *names) lookup(ctx context.Context, name string, l limit) ([]netip.Addr, error) {
	if addrs := n.recall(name); addrs != nil {
		return addrs, nil
	}
	flight := n.flights.DoChan(name, func() (any, error) {
		addrs, err := n.ask(name)
		if err == nil {
			n.remember(name, addrs)
		}
		return addrs, err
	})
	ctx, cancel := l.context(ctx)
	defer cancel()
	select {
	case landed := <-flight:
		addrs, _ := landed.Val.([]netip.Addr)
		return addrs, landed.Err
	case <-ctx.Done():
		return nil, n.explain(ctx.Err(), l)
	}
}

// ask asks until there is an answer or the time is up. It is strict: unless
// both families are answered for, nothing is known. A lost datagram would
// otherwise make a name unknown, or have it looked for in a search domain.
func (n *names) ask(name string) ([]netip.Addr, error) {
	l := newLimit(time.Now(), n.timeout)
	ctx, cancel := l.context(n.ctx)
	defer cancel()
	for {
		addrs, err := n.resolver.LookupNetIP(ctx, n.network, name)
		if err != nil && !isNotFound(err) && n.network == "ip" {
			if some := n.either(ctx, name); len(some) > 0 {
				addrs, err = some, nil
			}
		}
		switch {
		case err == nil && len(addrs) > 0:
			for i, addr := range addrs {
				addrs[i] = addr.Unmap()
			}
			return addrs, nil
		case err == nil:
			return nil, noAddress(n.network, name)
		case n.ctx.Err() != nil:
			return nil, n.ctx.Err()
		case isTimeout(err) && !l.passed():
			continue
		}
		return nil, n.explain(err, l)
	}
}

// either asks for each family by itself and does with one, since there are
// servers that never answer for the other.
func (n *names) either(ctx context.Context, name string) []netip.Addr {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan []netip.Addr, 2) // nobody may be left to take the second
	for _, network := range []string{"ip4", "ip6"} {
		go func() {
			addrs, _ := n.resolver.LookupNetIP(ctx, network, name)
			found <- addrs
		}()
	}
	if first := <-found; len(first) > 0 {
		return first
	}
	return <-found
}

func isNotFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

// explain puts the limit that passed in an error, and the servers that were
// asked, where the resolver does not know them.
func (n *names) explain(err error, l limit) error {
	var failed *net.DNSError
	late, isLate := l.explain(err).(errTooLong)
	switch {
	case isLate:
		failed = &net.DNSError{Err: late.Error(), IsTimeout: true}
	case !errors.As(err, &failed):
		return err
	}
	if isLate || len(n.servers.servers) > 0 {
		failed.Server = n.servers.String()
	}
	return failed
}

func (n *names) recall(name string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a := n.known[name]; time.Now().Before(a.until) {
		return a.addrs
	}
	return nil
}

func (n *names) remember(name string, addrs []netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxKnown {
		clear(n.known)
	}
	n.known[name] = answer{addrs, time.Now().Add(knownFor)}
}

// noAddress is the error for a host without an address of the network's
// family.
func noAddress(network, host string) error {
	family := map[string]string{"ip": "address", "ip4": "IPv4 address", "ip6": "IPv6 address"}[network]
	return &net.DNSError{Err: "no " + family, Name: host, IsNotFound: true}
}
