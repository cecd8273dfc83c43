package fetch

import (
	"strings"
	"time"
)

// run asks the target, and whatever it leads to, and returns the record.
func (v *visit) run() *Result {
	v.begin()
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

// finish is run, and tells of the end.
func (v *visit) finish() *Result {
	r := v.run()
	v.f.options.Done(r)
	return r
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
	for r.Tries < v.f.options.Tries && r.Err.isTransient(v.f.options.RetryRefused) && v.pause(retryPause(r.Tries), v.whole) && v.waitForPace() {
		v.try()
	}
	if r.Err != nil && v.ctx.Err() != nil {
		r.Err = &Error{Stage: r.Err.Stage, Kind: KindCanceled, Err: interrupted{}}
	}
}

// try asks once.
func (v *visit) try() {
	v.renew()
	v.result.Err = v.trip.steps()
	v.trip.close()
	if v.result.Err != nil {
		v.failed = time.Since(v.f.begun)
	}
}

// renew prepares the next try. It takes 400 bytes of stack, which are given back
// before the steps of the try need them.
//
//go:noinline
func (v *visit) renew() {
	r := &v.result
	classical := r.Tries > 0 && (v.trip.classical || r.Err.Stage == StageTLS)
	r.Tries++
	reply := &r.Reply
	*reply = Reply{Target: reply.Target, Withheld: reply.Withheld}
	if v.f.options.Trace {
		reply.Trace = new(Trace)
	}
	v.trip = trip{v: v, target: &reply.Target, reply: reply, classical: classical}
}

// retryPause grows from half a second, doubling, to ten seconds.
func retryPause(tries int) time.Duration {
	return min(time.Second/4<<min(tries, 10), 10*time.Second)
}

// steps are a trip from start to end.
func (t *trip) steps() *Error {
	if t.v.finds {
		return t.find()
	}
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

// waitForSite waits for a slot at the trip's site. The clock of the visit stands
// still meanwhile.
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

// close gives back what the trip holds. A result that waits for its turn holds the
// trip, and a TLS stream has buffers and certificates.
func (t *trip) close() {
	if t.conn != nil {
		t.conn.Close()
	}
	t.conn, t.stream = nil, nil
	if t.slot {
		t.v.f.slots.releaseSite(t.site())
	}
}
