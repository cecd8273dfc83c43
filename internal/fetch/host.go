package fetch

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// fetcher is what all hosts share: the options with their zeros filled in, and
// what is worked out from them once. Nothing in it changes while hosts run.
type fetcher struct {
	Options
	protocol protocol
	request  request
	buffers  *sync.Pool
	names    *names
	turns    *turns
	pace     *rate.Limiter // of starting hosts
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
	f := &fetcher{Options: o, protocol: protocolNamed(o.Protocol)}
	f.request = newRequest(f.protocol.name, o)
	f.buffers = newBuffers(o.MaxHeader)
	f.names = newNames(ctx, o)
	f.turns = newTurns(o.Parallel, o.PerAddr)
	f.pace = rate.NewLimiter(rate.Inf, 1)
	if o.Rate > 0 {
		f.pace.SetLimit(rate.Limit(o.Rate))
	}
	connect, closeConnect := newConnect(ctx, o)
	f.connect = connect
	runOn := context.AfterFunc(ctx, f.turns.end)
	f.close = func() {
		runOn()
		f.names.close()
		closeConnect()
	}
	return f
}

// visit is one host being asked: its record, and what the steps hand on. It
// lives on the heap in one piece, so that ten thousand goroutines that wait
// keep small stacks.
type visit struct {
	*fetcher
	Result
	ctx    context.Context
	start  time.Time
	whole  limit        // for the host from start to end
	step   limit        // for connecting, then for reading
	addrs  []netip.Addr // to connect to, best first
	port   uint16
	turn   bool     // the host has a turn at the first of addrs
	conn   net.Conn // the TCP connection
	stream net.Conn // what the request is sent over: conn, or TLS on it
}

// run asks the target, straight down, and returns the record.
func (v *visit) run() *Result {
	if v.Target.Err != nil {
		v.Err = v.Target.Err
		return &v.Result
	}
	v.start = time.Now()
	v.whole = newLimit(v.start, v.MaxTime)
	v.attempt()
	if v.Err != nil {
		v.afterFailure()
	}
	v.Times.Total = v.elapsed()
	return &v.Result
}

// afterFailure tries again while that may help.
func (v *visit) afterFailure() {
	for v.Tries < v.Options.Tries && v.isTransient() && v.pause(retryPause(v.Tries)) {
		v.Result = Result{Target: v.Result.Target, Tries: v.Tries}
		v.attempt()
	}
	if v.Err != nil && v.ctx.Err() != nil {
		v.Err = &Error{Stage: v.Err.Stage, Kind: KindCanceled, Err: context.Canceled}
	}
}

// attempt asks once.
func (v *visit) attempt() {
	v.Tries++
	v.Err = v.steps()
	if v.conn != nil {
		v.conn.Close()
		v.conn = nil
	}
	if v.turn {
		v.turns.give(v.addrs[0])
		v.turn = false
	}
}

// steps is a host from start to end.
func (v *visit) steps() *Error {
	if err := v.resolve(); err != nil {
		return err
	}
	if err := v.await(); err != nil {
		return err
	}
	if err := v.dial(); err != nil {
		return err
	}
	if err := v.secure(); err != nil {
		return err
	}
	return v.protocol.exchange(v)
}

// isTransient reports whether another try could fare better.
func (v *visit) isTransient() bool {
	if v.Err == nil {
		return false
	}
	switch v.Err.Kind {
	case KindTimeout, KindReset, KindClosed, KindDNSFailure:
		return true
	case KindLimit:
		return v.Err.Stage == StageConnect // the system's bound, not ours on a reply
	case KindRefused:
		return v.RetryRefused
	}
	return false
}

// retryPause grows from half a second, doubling, to ten seconds.
func retryPause(tries int) time.Duration {
	return min(time.Second/4<<min(tries, 10), 10*time.Second)
}

func (v *visit) elapsed() time.Duration { return time.Since(v.start) }
