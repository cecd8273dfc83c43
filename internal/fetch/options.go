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
	Protocol  string  // "HTTP/1.1" or "HTTP/1.0"; "" means the first
	Method    string  // "" means GET
	UserAgent string  // "" sends no User-Agent
	Header    []Field // replace, add to or (with Remove) take from the default fields

	Family    int        // 4 or 6 to use only such addresses; 0 means both
	LocalAddr netip.Addr // address to bind to, which sets Family; invalid and unspecified mean the system's choice
	Routes    []Route    // move connections elsewhere
	Proxies   Proxies    // ask through these

	UnixSocket string     // path of the socket to connect to, whatever the target; "" means TCP
	DNS        dns.Config // how names are looked up, but for its Family, which is the one above

	TLS        *tls.Config // nil means the system's roots
	ServerName string      // SNI and the name to verify; "" means the target's host

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
	Rate      float64 // hosts started per second at most; 0 means no bound
	Ordered   bool    // send results in the order of the targets

	// Starting is told of each target when its turn comes; nil means nobody is.
	Starting func(Target)
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
