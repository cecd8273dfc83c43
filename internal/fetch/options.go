package fetch

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"wget/internal/fetch/dns"
)

// The defaults of the command. A zero in Options means no bound where its
// comment says so, and these where it does not.
const (
	DefaultConnectTimeout = 5 * time.Second
	DefaultReadTimeout    = 10 * time.Second
	DefaultMaxHeader      = 256 << 10
	DefaultParallel       = 1024
	DefaultMaxRedirect    = 20 // as many as browsers follow
)

// Options says how targets are asked. The zero value works.
type Options struct {
	// Protocol is "HTTP/1.1", "HTTP/1.0" or "HTTP/2"; "" means the first. HTTP/2
	// is spoken over TLS with servers that agree to it, and HTTP/1.1 with others.
	Protocol string
	// PriorKnowledge speaks HTTP/2 without TLS too, if that is the protocol, to
	// servers that must be known to speak it (RFC 9113 section 3.3).
	PriorKnowledge bool

	Method    string  // "" means GET
	UserAgent string  // "" sends no User-Agent
	AgentToo  bool    // HTTP/1.0, which sends Host alone, sends UserAgent too
	Header    []Field // replace, add to or (with Remove) take from the default fields

	Family    int        // 4 or 6 to use only such addresses; 0 means both
	LocalAddr netip.Addr // address to bind to, which sets Family; invalid and unspecified mean the system's choice
	Routes    []Route    // move connections elsewhere
	Proxies   Proxies    // ask through these

	UnixSocket string     // path of the socket to connect to, whatever the target; "" means TCP
	DNS        dns.Config // how names are looked up, but for its Family, which is the one above

	// TLS may limit the versions and curves, name roots, and hold a certificate
	// to present; nil means the defaults of crypto/tls. InsecureSkipVerify means
	// to look at anything: it allows every version and cipher suite there is,
	// unless others are named. The certificate is presented at the target's own origin
	// only, and not where a redirect leads to another.
	TLS        *tls.Config
	ServerName string // SNI and the name to verify at the target's own origin; "" means the host that is asked
	NoSNI      bool   // send no SNI; the name is verified all the same

	ConnectTimeout time.Duration // for TCP and TLS, all addresses together; 0 means none
	ReadTimeout    time.Duration // from the first byte sent to the end of the header section; 0 means none
	MaxTime        time.Duration // for the whole host; 0 means none

	Tries        int  // attempts at a host that fails for a passing reason; 0 means 1
	RetryRefused bool // a refused connection is such a reason

	Location     bool // follow redirects
	MaxRedirect  int  // redirects followed at most; 0 means that the first is one too many
	AllowPrivate bool // a redirect from a public address may lead to one that is not

	MaxHeader int     // bytes of header sections read at most; 0 means DefaultMaxHeader
	Parallel  int     // hosts in flight at most; 0 means DefaultParallel
	PerAddr   int     // hosts in flight at one address at most; 0 means no bound
	Rate      float64 // requests begun per second at most: of hosts, further tries and redirects; 0 means no bound
	Trace     bool    // keep what was tried and sent
	AllAddrs  bool    // ask each address of a target, as if it were a host of its own
	Ordered   bool    // send results in the order of the targets

	// Starting is told of each target when its turn comes, and if AllAddrs of each
	// address but the first, as TARGET@ADDRESS, then by many goroutines; nil means
	// nobody is.
	Starting func(Target)
	// Done is told of each result, by many goroutines, as soon as its target is over,
	// or its address if AllAddrs; nil means nobody is. The result may be sent much
	// later: with the others of its target, or in the order of the targets.
	Done func(*Result)
	// Dial opens connections in place of the network; nil means the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Field is a field of the request.
type Field struct {
	Name, Value string
	Remove      bool // send no field of this name
}

// bindFamily leaves the addresses that a connection from LocalAddr can reach.
func (o *Options) bindFamily() {
	o.LocalAddr = o.LocalAddr.Unmap()
	switch {
	case o.LocalAddr.IsUnspecified():
		o.LocalAddr = netip.Addr{}
	case o.LocalAddr.Is4():
		o.Family = 4
	case o.LocalAddr.Is6():
		o.Family = 6
	}
}

// looksAtAnything reports whether the user would rather see an unsafe server
// than none.
func (o *Options) looksAtAnything() bool { return o.TLS != nil && o.TLS.InsecureSkipVerify }
