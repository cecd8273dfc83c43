package dns

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// DefaultTimeout is the time of a lookup where Config has none.
const DefaultTimeout = 5 * time.Second

// Dialer opens a connection to a server: a datagram socket that is connected ("udp"), or a stream ("tcp").
type Dialer func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)

// Config says how names are looked up. The zero value is as the system has it.
type Config struct {
	Servers []netip.AddrPort                // asked in turn in place of those of resolv.conf
	Family  int                             // 4 or 6 for addresses of that family only
	Timeout time.Duration                   // of one lookup, the wait for a late family included; 0 means DefaultTimeout
	Etc     string                          // the directory of resolv.conf, nsswitch.conf and hosts; "" means the system's
	Env     func(key string) (string, bool) // nil means os.LookupEnv
	Dial    Dialer                          // nil means package net's
}

// Query is one name to look up.
type Query struct {
	Name string
	// Deadline is the host's own: the lookup goes on after it for others. The time that the lookup waits for its place
	// is added to it. Zero means none.
	Deadline time.Time
	// Since is when the host's last try ended. A failure that was learnt before is not believed, so that the name is
	// asked for again. Zero believes all.
	Since time.Time
}

// Answer is what is known of a name.
type Answer struct {
	// Addrs are the addresses, best first. They are shared, and not to be changed.
	Addrs []netip.Addr
	// Late gets the addresses of a family that was not answered for yet when the other had been for 50 ms (RFC 8305
	// section 3), or none, and is closed, within the time of the lookup. It is nil if nothing is awaited. Nobody has
	// to read it.
	Late <-chan []netip.Addr
	// Waited is how long the lookup waited for its place before it began. It belongs to no host's time.
	Waited time.Duration
}

// Resolver looks names up. One is made for a run.
type Resolver struct {
	config    Config
	dial      Dialer
	ctx       context.Context // of all that runs
	cancel    context.CancelFunc
	files     func() *systemFiles // read when they are needed first
	system    func(ctx context.Context, network, name string) ([]netip.Addr, error)
	sourceFor func(netip.Addr) (netip.Addr, bool)
	running   sync.WaitGroup
	unhook    func() bool

	mu      sync.Mutex
	ended   error     // why no lookup begins any more
	servers []*server // once the files are read
	entries map[string]*entry
	room    int // for entries
	active  int // lookups that have a place
	yielded int // lookups that left theirs and go on
	window  window
	queue   queue
}

// New returns a resolver whose lookups end with ctx. Nothing is read before the first name is looked up. Call Close when
// the last lookup has returned.
func New(ctx context.Context, c Config) *Resolver {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	r := &Resolver{
		config: c, dial: c.Dial, sourceFor: sourceFor,
		entries: make(map[string]*entry), room: maxEntries, window: window{size: firstLookups},
	}
	if r.dial == nil {
		r.dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.String())
		}
	}
	if len(c.Servers) == 0 && !hasResolvConf {
		r.system = net.DefaultResolver.LookupNetIP
	}
	r.files = sync.OnceValue(r.readFiles)
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.unhook = context.AfterFunc(ctx, func() { r.end(context.Cause(ctx)) })
	return r
}

// Close ends all lookups, and returns when their goroutines and sockets are gone.
func (r *Resolver) Close() {
	r.unhook()
	r.end(net.ErrClosed)
	r.cancel()
	r.running.Wait()
}

// end fails all lookups.
func (r *Resolver) end(err error) {
	r.mu.Lock()
	if r.ended == nil {
		r.ended = err
	}
	var open []*lookup
	for _, e := range r.entries {
		if e.lookup != nil {
			open = append(open, e.lookup)
		}
	}
	r.queue = queue{}
	servers := r.servers
	r.mu.Unlock()
	// The servers come first: a lookup that is about to write to one holds its mutex.
	for _, s := range servers {
		s.close()
	}
	for _, l := range open {
		l.abort(err)
	}
}

// Lookup returns the addresses of a name, or an [*Error]. It returns the context's error when the run or ctx ends.
func (r *Resolver) Lookup(ctx context.Context, q Query) (Answer, error) {
	if looksLikeAddr(q.Name) {
		if addr, err := netip.ParseAddr(q.Name); err == nil {
			return r.known([]netip.Addr{addr})
		}
	}
	if err := checkName(q.Name); err != nil {
		return Answer{}, &Error{NotFound: true, Reason: err.Error()}
	}
	if isIn(q.Name, "onion") {
		return Answer{}, &Error{NotFound: true, Reason: "names in .onion are found by Tor alone"} // RFC 7686
	}
	if isIn(q.Name, "localhost") {
		return r.known(r.loopback(r.files().hosts, q.Name))
	}
	if r.system != nil {
		return r.ask(ctx, q)
	}
	sys := r.files()
	if sys.sources.files && !sys.sources.dnsFirst {
		if addrs := sys.hosts.lookup(strings.TrimSuffix(q.Name, ".")); len(addrs) > 0 {
			return r.known(addrs)
		}
	}
	switch {
	case sys.sources.dns:
	case sys.sources.files:
		return Answer{}, &Error{NotFound: true, Reason: "no such host in the hosts file"}
	default:
		return Answer{}, &Error{NotFound: true, Reason: "nsswitch.conf names neither files nor dns for hosts"}
	}
	a, err := r.ask(ctx, q)
	if err != nil && sys.sources.filesAfter(err) {
		if addrs := sys.hosts.lookup(strings.TrimSuffix(q.Name, ".")); len(addrs) > 0 {
			known, err := r.known(addrs)
			known.Waited = a.Waited
			return known, err
		}
	}
	return a, err
}

// known is the answer that needs no question.
func (r *Resolver) known(addrs []netip.Addr) (Answer, error) {
	if addrs = r.bestFirst(families(r.wanted(addrs))); len(addrs) == 0 {
		return Answer{}, &Error{NotFound: true, Reason: noAddress(r.config.Family)}
	}
	return Answer{Addrs: addrs}, nil
}

// ask joins the lookup of a name, or begins it, and waits for it.
func (r *Resolver) ask(ctx context.Context, q Query) (Answer, error) {
	e, start, err := r.join(strings.ToLower(q.Name), q.Since)
	if err != nil {
		return Answer{}, err
	}
	if start != nil {
		start.start()
		r.startQueued()
	}
	var waited time.Duration
	if e.queued != nil {
		joined := time.Now()
		select {
		case <-e.queued:
		case <-e.ready:
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
		waited = time.Since(joined)
	}
	var late <-chan time.Time
	if !q.Deadline.IsZero() {
		timer := time.NewTimer(time.Until(q.Deadline.Add(waited)))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-e.ready:
		return r.answer(e, waited)
	case <-ctx.Done():
		return Answer{Waited: waited}, ctx.Err()
	case <-late:
		return Answer{Waited: waited}, &Error{Reason: "timed out", Err: os.ErrDeadlineExceeded}
	}
}
