package fetch

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	// maxLookups is how many names are looked up at once. One takes more memory
	// than ten hosts that wait, and resolvers drop what comes in bursts.
	maxLookups = 512

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
	shortcut shortcut
	network  string // "ip", "ip4" or "ip6"
	timeout  time.Duration
	lookups  chan struct{} // holds one for each

	mu      sync.Mutex
	answers map[string]*answer // by name
	room    int                // for answers, before those that are there are dropped
}

// answer is what is known of a name, or is about to be.
type answer struct {
	ready chan struct{} // closed when what follows is set
	addrs []netip.Addr
	err   error
	until time.Time // when it is to be asked for again
}

func newNames(ctx context.Context, o Options) *names {
	ctx, cancel := context.WithCancel(ctx)
	n := &names{
		ctx: ctx, resolver: o.Resolver, servers: newNameservers(o.DNSServers), timeout: cmp.Or(o.DNSTimeout, patience),
		network: map[int]string{0: "ip", 4: "ip4", 6: "ip6"}[o.Family],
		lookups: make(chan struct{}, maxLookups),
		answers: make(map[string]*answer), room: maxKnown,
	}
	if n.resolver == nil {
		n.resolver = &net.Resolver{PreferGo: true, Dial: n.servers.dial, StrictErrors: true}
		n.shortcut = newShortcut("/etc")
	}
	n.close = func() {
		cancel()
		n.servers.close()
	}
	return n
}

// lookup finds the addresses of a name. A lookup has a deadline of its own; whole
// is that of the host.
func (n *names) lookup(name string, whole deadline) ([]netip.Addr, error) {
	a := n.answer(name)
	if !whole.at.IsZero() && !a.isReadyBy(whole.at) {
		return nil, n.explain(os.ErrDeadlineExceeded, whole)
	}
	<-a.ready
	return a.addrs, a.err
}

// answer begins a lookup if none is under way and nothing is known.
func (n *names) answer(name string) *answer {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.answers[name]
	if a == nil || a.isReady() && time.Now().After(a.until) {
		a = &answer{ready: make(chan struct{})}
		n.remember(name, a)
		go n.find(name, a, newDeadline(time.Now(), n.timeout))
	}
	return a
}

// remember makes room if it has to. n.mu is held.
func (n *names) remember(name string, a *answer) {
	if len(n.answers) >= n.room {
		maps.DeleteFunc(n.answers, func(_ string, a *answer) bool { return a.isReady() })
		n.room = max(maxKnown, 2*len(n.answers)) // those under way stay, however many
	}
	n.answers[name] = a
}

func (n *names) find(name string, a *answer, l deadline) {
	n.lookups <- struct{}{}
	if a.addrs = n.settle(name, l); len(a.addrs) == 0 {
		a.addrs, a.err = n.ask(name, l)
	}
	<-n.lookups
	if a.err == nil {
		a.until = time.Now().Add(knownFor)
	}
	close(a.ready)
}

func (a *answer) isReady() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}

// isReadyBy waits for the answer until a moment.
func (a *answer) isReadyBy(moment time.Time) bool {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-a.ready:
		return true
	case <-timer.C:
		return false
	}
}

// ask asks until there is an answer or the time is up. It is strict: unless
// both families are answered for, nothing is known. A lost datagram would
// otherwise make a name unknown, or have it looked for in a search domain.
func (n *names) ask(name string, l deadline) ([]netip.Addr, error) {
	ctx, cancel := context.WithDeadline(n.ctx, l.at)
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

// explain puts the deadline that passed in an error, and the servers that were
// asked, where the resolver does not know them.
func (n *names) explain(err error, l deadline) error {
	var failed *net.DNSError
	late, isLate := l.reword(err).(errTooLong)
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

// noAddress is the error for a host without an address of the network's
// family.
func noAddress(network, host string) error {
	family := map[string]string{"ip": "address", "ip4": "IPv4 address", "ip6": "IPv6 address"}[network]
	return &net.DNSError{Err: "no " + family, Name: host, IsNotFound: true}
}
