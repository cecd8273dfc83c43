package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	maxKnown = 10_000                 // names remembered at most
	knownFor = time.Minute            // as long as curl does
	askAgain = 700 * time.Millisecond // when a resolver has not answered, since datagrams get lost
)

// names finds the addresses of names: one lookup at a time for each, however
// many hosts share it, and none for a name that was found a moment ago.
type names struct {
	ctx      context.Context // of all lookups
	close    func()          // ends those that no host waits for any more
	resolver *net.Resolver
	servers  []netip.AddrPort // asked in turn; empty means the system's
	network  string           // "ip", "ip4" or "ip6"
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
		ctx: ctx, close: cancel, resolver: o.Resolver, servers: o.DNSServers, timeout: o.DNSTimeout,
		network: map[int]string{0: "ip", 4: "ip4", 6: "ip6"}[o.Family],
		known:   make(map[string]answer),
	}
	if n.resolver == nil {
		n.resolver = &net.Resolver{PreferGo: true, Dial: dialServers(n.servers)}
	}
	return n
}

// dialServers connects to each of the servers in turn, or to the one that the
// system's configuration names if there are none.
func dialServers(servers []netip.AddrPort) func(context.Context, string, string) (net.Conn, error) {
	var turn atomic.Uint32
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if len(servers) > 0 {
			address = servers[int(turn.Add(1)-1)%len(servers)].String()
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if udp, ok := conn.(*net.UDPConn); ok {
			return impatient{udp}, err
		}
		return conn, err
	}
}

// impatient makes the resolver ask again sooner than after the five seconds of
// resolv.conf, which is all the time that a host has.
type impatient struct{ *net.UDPConn }

func (c impatient) SetDeadline(t time.Time) error {
	if soon := time.Now().Add(askAgain); t.IsZero() || soon.Before(t) {
		t = soon
	}
	return c.UDPConn.SetDeadline(t)
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
		return nil, l.explain(ctx.Err())
	}
}

// ask asks until there is an answer or the time is up.
func (n *names) ask(name string) ([]netip.Addr, error) {
	l := newLimit(time.Now(), n.timeout)
	ctx, cancel := l.context(n.ctx)
	defer cancel()
	for {
		addrs, err := n.resolver.LookupNetIP(ctx, n.network, name)
		var failed *net.DNSError
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
		case l.passed():
			return nil, n.named(l.explain(err), err)
		case errors.As(err, &failed) && failed.IsTimeout && n.timeout > 0:
			continue
		}
		return nil, n.named(err, err)
	}
}

// named makes an error name the servers that were asked.
func (n *names) named(err, cause error) error {
	var failed *net.DNSError
	if !errors.As(cause, &failed) {
		return err
	}
	if len(n.servers) > 0 {
		var list []string
		for _, s := range n.servers {
			list = append(list, s.String())
		}
		failed.Server = strings.Join(list, ", ")
	}
	var late errTooLong
	if errors.As(err, &late) {
		failed.Err = late.Error()
		failed.IsTimeout = true
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
