package fetch

import (
	"context"
	"net"
	"sync"
	"time"
)

// fetcher is what all hosts share: the options with their zeros filled in, and
// what is worked out from them once. Nothing in it changes while hosts run.
type fetcher struct {
	Options
	protocol protocol
	request  request
	buffers  *sync.Pool
	connect  connect
	close    func() // to be called when the last host is done
}

func newFetcher(ctx context.Context, o Options) *fetcher {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.MaxHeader <= 0 {
		o.MaxHeader = DefaultMaxHeader
	}
	if o.Starting == nil {
		o.Starting = func(Target) {}
	}
	if o.Resolver == nil {
		o.Resolver = &net.Resolver{PreferGo: true}
	}
	f := &fetcher{Options: o, protocol: protocolNamed(o.Protocol)}
	f.request = newRequest(f.protocol.name, o)
	f.buffers = newBuffers(o.MaxHeader)
	f.connect, f.close = newConnect(ctx, o)
	return f
}

// host asks the target of r, straight down, and fills in the rest of r.
func (f *fetcher) host(ctx context.Context, r *Result) {
	if r.Target.Err != nil {
		r.Err = r.Target.Err
		return
	}
	start := time.Now()
	if err := f.ask(ctx, r, start); err != nil {
		r.Err = err
		if ctx.Err() != nil {
			r.Err = &Error{Stage: err.Stage, Kind: KindCanceled, Err: context.Canceled}
		}
	}
	r.Times.Total = time.Since(start)
}

func (f *fetcher) ask(ctx context.Context, r *Result, start time.Time) *Error {
	limit := newLimit(start, f.MaxTime)

	addrs, port, looked, err := f.resolve(ctx, &r.Target, limit.within(f.DNSTimeout))
	if looked {
		r.Times.DNS = time.Since(start)
	}
	if err != nil {
		return fail(StageDNS, err)
	}

	connecting := limit.within(f.ConnectTimeout)
	conn, addr, err := f.dial(ctx, addrs, port, connecting)
	if err != nil {
		return fail(StageConnect, err)
	}
	defer conn.Close()
	r.Times.Connect = time.Since(start)
	r.Addr = addr

	stream := conn
	if r.Target.TLS {
		if stream, err = f.secure(conn, r, connecting); err != nil {
			return fail(StageTLS, err)
		}
		r.Times.TLS = time.Since(start)
	}
	return f.protocol.exchange(f, stream, r, start, limit.within(f.ReadTimeout))
}
