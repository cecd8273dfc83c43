package fetch

import (
	"context"
	"net"
	"net/netip"
	"time"

	"wget/internal/fetch/socket"
)

// visit is one target being asked: all that outlives its tries and its hops. It is
// on the heap in one piece with its trip, so that ten thousand goroutines that
// wait keep small stacks. That is also why the context is a field.
type visit struct {
	f       *fetcher
	ctx     context.Context
	start   time.Time     // of the hop
	whole   deadline      // for the target from start to end
	failed  time.Duration // end of the last try, from the begin of the run; 0 before the first
	request *request
	strayed bool // a redirect has led to another origin
	finds   bool // only the addresses are to be found
	result  Result
	trip    trip
}

// trip is one try: what a connection needs, made anew for each.
type trip struct {
	v         *visit
	target    *Target             // as it is asked; in reply
	proxy     *Proxy              // asked in place of the target; nil if none is
	peer      *endpoint           // what the proxy is to connect to; nil if none is asked
	addrs     []netip.Addr        // to connect to, best first
	late      <-chan []netip.Addr // more of them, from a family that is still awaited; nil if none is
	oneAddr   [1]netip.Addr       // room for the usual case
	port      uint16              // to connect to
	forwarded bool                // the proxy gets the request itself, and no tunnel
	slot      bool                // the trip has a slot at its site
	guarded   bool                // no private address is to be connected to
	classical bool                // an earlier try failed at TLS: offer no curve with a large key share
	certAsked bool                // the server asked for a client's certificate
	firstByte [1]byte             // of the reply
	ahead     bool                // firstByte has come, and is to be read
	conn      socket.Conn         // the TCP connection
	stream    net.Conn            // carries the request: conn, or TLS on it
	protocol  *protocol           // spoken over stream
	step      deadline            // for connecting, then for reading
	reply     *Reply              // in the visit's result
}

// pause waits, and reports whether the visit may go on. It does not begin a wait
// that would outlast the deadline.
func (v *visit) pause(d time.Duration, end deadline) bool {
	if !end.at.IsZero() && time.Until(end.at) <= d {
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

// waitForPace waits until another request may begin, and reports whether one may.
// The clock of the visit stands still meanwhile.
func (v *visit) waitForPace() bool {
	since := time.Now()
	if v.f.pace.wait(v.ctx) != nil {
		return false
	}
	v.stopClock(time.Since(since))
	return true
}
