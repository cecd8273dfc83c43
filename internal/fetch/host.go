package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
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

// run asks the target from the start of its clock on.
func (v *visit) run() *Result {
	v.begin()
	return v.ask()
}

// ask asks the target, and whatever it leads to, and returns the record.
func (v *visit) ask() *Result {
	if v.result.Target.Err != nil {
		v.result.Err = v.result.Target.Err
		return &v.result
	}
	for {
		v.try()
		if v.result.Err != nil {
			v.afterFailure()
		}
		v.result.Times.Total = v.elapsed()
		if !v.f.options.Location || !v.follow() {
			return &v.result
		}
		v.waitForPace() // or the run has ended, and the next try fails
	}
}

// begin starts the clock of the visit.
func (v *visit) begin() {
	v.start = time.Now()
	v.result.Begun = v.start
	v.whole = newDeadline(v.start, v.f.options.MaxTime)
}

// afterFailure tries again while that may help.
func (v *visit) afterFailure() {
	r := &v.result
	for r.Tries < v.f.options.Tries && v.isTransient(r.Err) && v.pause(retryPause(r.Tries), v.whole) && v.waitForPace() {
		v.try()
	}
	if r.Err != nil && v.ctx.Err() != nil {
		r.Err = &Error{Stage: r.Err.Stage, Kind: KindCanceled, Err: interrupted{}}
	}
}

// try asks once.
func (v *visit) try() {
	r := &v.result
	classical := r.Tries > 0 && (v.trip.classical || r.Err.Stage == StageTLS)
	r.Tries++
	reply := &r.Reply
	*reply = Reply{Target: reply.Target, Withheld: reply.Withheld}
	v.trip = trip{v: v, target: &reply.Target, reply: reply, classical: classical}
	r.Err = v.trip.steps()
	v.trip.close()
	if r.Err != nil {
		v.failed = time.Now()
	}
}

// isTransient reports whether another try could fare better than one that ended
// with err.
func (v *visit) isTransient(err *Error) bool {
	if err == nil {
		return false
	}
	switch err.Kind {
	case KindTimeout, KindClosed, KindDNSFailure:
		return true
	case KindReset:
		var reset *resetError
		return !errors.As(err, &reset) || reset.unprocessed
	case KindLimit:
		return err.Stage == StageConnect || err.Stage == StageDNS // the system's bound, not ours on a reply
	case KindRefused:
		return v.f.options.RetryRefused
	}
	return false
}

// retryPause grows from half a second, doubling, to ten seconds.
func retryPause(tries int) time.Duration {
	return min(time.Second/4<<min(tries, 10), 10*time.Second)
}

// waitForPace waits until another request may begin, and reports whether one may. The
// clock of the visit stands still meanwhile.
func (v *visit) waitForPace() bool {
	since := time.Now()
	if v.f.pace.wait(v.ctx) != nil {
		return false
	}
	v.stopClock(time.Since(since))
	return true
}

// steps are a trip from start to end.
func (t *trip) steps() *Error {
	if err := t.resolve(); err != nil {
		return err
	}
	if err := t.blockPrivate(); err != nil {
		return err
	}
	if err := t.waitForSite(); err != nil {
		return err
	}
	if err := t.dial(); err != nil {
		return err
	}
	if err := t.tunnel(); err != nil {
		return err
	}
	if err := t.secure(); err != nil {
		return err
	}
	return t.exchange()
}

// waitForSite waits for a slot at the trip's site. The clock of the
// visit stands still meanwhile.
func (t *trip) waitForSite() *Error {
	if t.v.f.options.PerAddr == 0 {
		return nil
	}
	since := time.Now()
	t.v.f.slots.acquireSite(t.site())
	t.slot = true
	if err := t.v.ctx.Err(); err != nil {
		return newError(StageConnect, err)
	}
	t.v.stopClock(time.Since(since))
	return nil
}

// site is the place at which the trip counts: the first address of the target.
func (t *trip) site() site {
	if t.proxy != nil {
		return site{host: strings.ToLower(strings.TrimSuffix(t.target.Host, "."))}
	}
	return site{addr: t.addrs[0]}
}

// close gives back what the trip holds.
func (t *trip) close() {
	if t.conn != nil {
		t.conn.Close()
	}
	if t.slot {
		t.v.f.slots.releaseSite(t.site())
	}
}
