package fetch

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"wget/internal/fetch/dns"
	"wget/internal/fetch/socket"
)

// fetcher is what all hosts share: the options with their zeros filled in, and
// what is worked out from them once. Nothing in it changes while hosts run.
type fetcher struct {
	options   Options
	begun     time.Time
	offers    []protocol // over TLS
	plain     *protocol  // without
	request   request
	tls       *tls.Config // but for what depends on the host
	buffers   *sync.Pool
	resolver  *dns.Resolver
	slots     *slots
	pace      pace // of requests
	connector socket.Connector
	stop      func() bool // unties the slots from the context
}

func newFetcher(ctx context.Context, o Options) *fetcher {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.MaxHeader <= 0 {
		o.MaxHeader = DefaultMaxHeader
	}
	if o.UnixSocket != "" {
		o.Proxies = Proxies{}
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", o.UnixSocket)
		}
	}
	o.bindFamily()
	o.DNS.Family = o.Family
	if o.Starting == nil {
		o.Starting = func(Target) {}
	}
	if o.Done == nil {
		o.Done = func(*Result) {}
	}
	f := &fetcher{
		options:   o,
		begun:     time.Now(),
		offers:    o.offers(),
		plain:     o.plain(),
		request:   newRequest(o),
		tls:       newTLSConfig(&o, o.offers()),
		buffers:   newBuffers(o.MaxHeader),
		resolver:  dns.New(ctx, o.DNS),
		slots:     newSlots(o.Parallel, o.PerAddr),
		pace:      newPace(o.Rate),
		connector: socket.New(ctx, socket.Config{LocalAddr: o.LocalAddr, Dial: o.Dial}),
	}
	f.stop = context.AfterFunc(ctx, f.slots.end)
	return f
}

// close is to be called when the last host is done.
func (f *fetcher) close() {
	f.stop()
	f.resolver.Close()
	f.connector.Close()
}

// newBuffers pools the buffers that requests are built in and replies are read
// into; almost every head fits.
func newBuffers(max int) *sync.Pool {
	return &sync.Pool{New: func() any {
		b := make([]byte, 0, min(max, 4<<10))
		return &b
	}}
}
