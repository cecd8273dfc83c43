package fetch

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wget/internal/fetch/socket"
)

// fetcher is what all hosts share: the options with their zeros filled in, and
// what is worked out from them once. Nothing in it changes while hosts run.
type fetcher struct {
	options   Options
	offers    []protocol
	request   request
	buffers   *sync.Pool
	resolver  *names
	slots     *slots
	pace      *rate.Limiter // of starting hosts
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
	if o.Starting == nil {
		o.Starting = func(Target) {}
	}
	f := &fetcher{
		options:   o,
		offers:    o.offers(),
		request:   newRequest(o),
		buffers:   newBuffers(o.MaxHeader),
		resolver:  newNames(ctx, o),
		slots:     newSlots(o.Parallel, o.PerAddr),
		pace:      rate.NewLimiter(rate.Inf, 1),
		connector: socket.New(ctx, socket.Config{LocalAddr: o.LocalAddr, Dial: o.Dial}),
	}
	if o.Rate > 0 {
		f.pace.SetLimit(rate.Limit(o.Rate))
	}
	f.stop = context.AfterFunc(ctx, f.slots.end)
	return f
}

// close is to be called when the last host is done.
func (f *fetcher) close() {
	f.stop()
	f.resolver.close()
	f.connector.Close()
}

// visit is one target being asked: what outlives its tries. It is on the heap in
// one piece with its trip, so that ten thousand goroutines that wait keep small
// stacks. That is also why the context is a field.
type visit struct {
	f      *fetcher
	ctx    context.Context
	start  time.Time
	whole  deadline // for the target from start to end
	result Result
	trip   trip
}

// trip is one try: what a connection needs, made anew for each.
type trip struct {
	v        *visit
	target   *Target       // as it is asked; in reply
	addrs    []netip.Addr  // to connect to, best first
	oneAddr  [1]netip.Addr // room for the usual case
	port     uint16        // to connect to
	slot     bool          // the trip has a slot at the first of addrs
	conn     socket.Conn   // the TCP connection
	stream   net.Conn      // carries the request: conn, or TLS on it
	protocol protocol      // spoken over stream
	step     deadline      // for connecting, then for reading
	reply    *Reply        // in the visit's result
}

// run asks the target, straight down, and returns the record.
func (v *visit) run() *Result {
	if v.result.Target.Err != nil {
		v.result.Err = v.result.Target.Err
		return &v.result
	}
	v.start = time.Now()
	v.whole = newDeadline(v.start, v.f.options.MaxTime)
	v.try()
	if v.result.Err != nil {
		v.afterFailure()
	}
	v.result.Times.Total = v.elapsed()
	return &v.result
}

// afterFailure tries again while that may help.
func (v *visit) afterFailure() {
	r := &v.result
	for r.Tries < v.f.options.Tries && v.isTransient(r.Err) && v.pause(retryPause(r.Tries)) {
		v.try()
	}
	if r.Err != nil && v.ctx.Err() != nil {
		r.Err = &Error{Stage: r.Err.Stage, Kind: KindCanceled, Err: context.Canceled}
	}
}

// try asks once.
func (v *visit) try() {
	v.result.Tries++
	reply := &v.result.Reply
	*reply = Reply{Target: v.result.Target}
	v.trip = trip{v: v, target: &reply.Target, reply: reply}
	v.result.Err = v.trip.steps()
	v.trip.close()
}

// isTransient reports whether another try could fare better than one that ended
// with err.
func (v *visit) isTransient(err *Error) bool {
	if err == nil {
		return false
	}
	switch err.Kind {
	case KindTimeout, KindReset, KindClosed, KindDNSFailure:
		return true
	case KindLimit:
		return err.Stage == StageConnect // the system's bound, not ours on a reply
	case KindRefused:
		return v.f.options.RetryRefused
	}
	return false
}

// retryPause grows from half a second, doubling, to ten seconds.
func retryPause(tries int) time.Duration {
	return min(time.Second/4<<min(tries, 10), 10*time.Second)
}

// pause waits, and reports whether the visit may go on. It does not begin a wait
// that would outlast the visit's time.
func (v *visit) pause(d time.Duration) bool {
	if !v.whole.at.IsZero() && time.Until(v.whole.at) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-v.ctx.Done():
		return false
	}
}

// stopClock leaves a time out of all that the visit measures and is bound by.
func (v *visit) stopClock(d time.Duration) {
	v.start = v.start.Add(d)
	v.whole.move(d)
}

func (v *visit) elapsed() time.Duration { return time.Since(v.start) }

// now is time.Now at half the cost: the wall clock is not read.
func (v *visit) now() time.Time { return v.start.Add(v.elapsed()) }

// steps are a trip from start to end.
func (t *trip) steps() *Error {
	if err := t.resolve(); err != nil {
		return err
	}
	if err := t.waitForAddr(); err != nil {
		return err
	}
	if err := t.dial(); err != nil {
		return err
	}
	if err := t.secure(); err != nil {
		return err
	}
	return t.protocol.exchange(t)
}

// waitForAddr waits for a slot at the trip's first address. The clock of the
// visit stands still meanwhile.
func (t *trip) waitForAddr() *Error {
	if t.v.f.options.PerAddr == 0 {
		return nil
	}
	since := time.Now()
	t.v.f.slots.acquireAddr(t.addrs[0])
	t.slot = true
	if err := t.v.ctx.Err(); err != nil {
		return newError(StageConnect, err)
	}
	t.v.stopClock(time.Since(since))
	return nil
}

// close gives back what the trip holds.
func (t *trip) close() {
	if t.conn != nil {
		t.conn.Close()
	}
	if t.slot {
		t.v.f.slots.releaseAddr(t.addrs[0])
	}
}
