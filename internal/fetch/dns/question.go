package dns

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// maxRefusals is how often a server that cannot be reached is tried for a question. It may be about to start again.
	maxRefusals = 3
	// maxEDNS is how often a question is sent to a server with EDNS. There are firewalls that drop such questions.
	maxEDNS = 2
)

// question is one name and one family: it is sent to the servers in turn until one has an answer. The lookup's mutex
// guards it, but for name and the message after its header, which do not change.
type question struct {
	lookup *lookup
	name   string
	query  []byte // the message as it is sent, with EDNS

	outcome  outcome
	addrs    []netip.Addr
	err      *Error // if failed
	attempts []attempt
	tickets  []ticket  // of what is in flight
	begun    time.Time // when it was sent first; zero before
	due      time.Time // when it is sent again
	times    int       // that it was due
	counted  bool      // for the window
}

// attempt is what became of a question at one server.
type attempt struct {
	server   *server
	sent     time.Time // last; zero before
	due      time.Time // when an answer to that was due
	times    int       // sent
	refusals int       // times that the server could not be reached
	over     bool      // the server has failed, and is asked no more
	busy     bool      // it is asked by TCP now
}

func (q *question) init(l *lookup, name string, t dnsmessage.Type) {
	q.lookup, q.name = l, name
	q.query = appendQuery(make([]byte, 0, headerLen+len(name)+2+4+optLen), name, t)
	q.attempts = make([]attempt, len(l.servers))
	for i, s := range l.servers {
		q.attempts[i].server = s
	}
}

func (q *question) isPending() bool { return q.outcome == unanswered }

func (q *question) hasAddresses() bool { return len(q.addrs) > 0 }

// next is the server that was asked least among those that have not failed.
func (q *question) next() *attempt {
	var best *attempt
	for i := range q.attempts {
		if a := &q.attempts[i]; !a.over && !a.busy && (best == nil || a.times < best.times) {
			best = a
		}
	}
	return best
}

// advance sends the question if it is due, or settles it when there is no server left.
func (q *question) advance(now time.Time) {
	for q.isPending() && !now.Before(q.due) {
		if q.begun.IsZero() {
			q.begun = now
		} else {
			q.lapse(now)
		}
		a := q.next()
		switch {
		case a != nil:
			q.ask(a, now)
		case slices.ContainsFunc(q.attempts, func(a attempt) bool { return a.busy }):
			q.due = q.lookup.deadline
			return
		default:
			q.settle(failed)
		}
	}
}

func (q *question) ask(a *attempt, now time.Time) {
	if q.err != nil && isShortage(q.err) {
		q.err = nil // it may have passed
	}
	a.times++
	a.sent = now
	most := min(q.lookup.settings.timeout, q.share(now))
	d := q.lookup.jittered(a.server.wait(a.times, q.begun, most), q.times)
	a.due = now.Add(min(d, most))
	q.due = a.due
	q.times++
	if q.lookup.settings.useTCP {
		q.askByTCP(a)
	} else {
		q.send(a)
	}
}

// share is how long one server can be waited for so that all that have not been asked get the question in the lookup's
// time. The first can be waited for as long as any, up to half of the time: how many others there are says nothing of it.
func (q *question) share(now time.Time) time.Duration {
	servers := time.Duration(1)
	for _, a := range q.attempts {
		if a.times == 0 && !a.over {
			servers++
		}
	}
	if q.times == 0 {
		servers = min(servers, 2)
	}
	return q.lookup.deadline.Sub(now) / servers
}

// jittered lengthens a wait, the nth of its question, by up to a half. Questions that were lost together are not sent
// together again, but both families of a name are.
func (l *lookup) jittered(d time.Duration, n int) time.Duration {
	return d + d*time.Duration(l.jitter[n%len(l.jitter)])/512
}

// send sends the question by UDP.
func (q *question) send(a *attempt) {
	query, withEDNS := q.query, a.times <= maxEDNS && !a.server.isPlain()
	if !withEDNS {
		query = withoutEDNS(query)
	}
	f := flight{question: q, server: a.server, sent: a.sent, withEDNS: withEDNS}
	t, err := a.server.send(f, query, q.lane())
	if err != nil {
		q.leave(t.socket)
		q.refuse(a, systemError(err), a.sent)
		return
	}
	q.tickets = append(q.tickets, t)
}

// askByTCP asks one server by TCP, for an answer that a datagram does not hold.
func (q *question) askByTCP(a *attempt) {
	a.busy = true
	l := q.lookup
	ctx, cancel := context.WithCancel(l.r.ctx) // the lookup's own end
	l.stop = append(l.stop, cancel)
	f := flight{question: q, server: a.server, sent: time.Now(), withEDNS: !a.server.isPlain()}
	query := q.query
	if !f.withEDNS {
		query = withoutEDNS(query)
	}
	message := framed(query) // here, since the next question by UDP writes its id to the query
	l.r.running.Go(func() {
		defer cancel()
		r, err := l.r.exchange(ctx, f, message)
		l.handle(func(now time.Time) {
			if !q.isPending() {
				return
			}
			a := q.attempt(f.server)
			a.busy = false
			if err != nil {
				q.due = now.Add(minRetransmit)
				q.refuse(a, systemError(err).overTCP(), now)
				return
			}
			q.count(f.server.hear(f, now, r.outcome))
			if r.outcome == oldServer {
				q.askByTCP(a)
			} else {
				q.take(f.server, r, now)
			}
		})
	})
}

// lane is 1 for the second question of single-request-reopen, which has a socket of its own.
func (q *question) lane() int {
	if q.lookup.settings.reopen && questionOf(q.query)[len(questionOf(q.query))-3] == byte(dnsmessage.TypeAAAA) {
		return 1
	}
	return 0
}

// lapse notes that the server asked last has not answered in time.
func (q *question) lapse(now time.Time) {
	last := &q.attempts[0]
	for i := range q.attempts {
		a := &q.attempts[i]
		if a.sent.After(last.sent) {
			last = a
		}
	}
	if last.times > 0 && !last.over && last.refusals == 0 && !now.Before(last.due) {
		if now.Sub(last.sent) >= minSilence {
			last.server.doubt(last.sent, now)
			last.server.changePort(last.sent, q.lane())
		}
		if !q.counted {
			q.counted = true
			q.lookup.tally.lost++
		}
	}
}

// drop takes a ticket off the question, and reports whether it was there.
func (q *question) drop(t ticket) bool {
	i := slices.Index(q.tickets, t)
	if i < 0 {
		return false
	}
	q.tickets = slices.Delete(q.tickets, i, i+1)
	return true
}

// leave takes all tickets on a socket off the question, and reports whether there were any: that the socket has failed is
// one failure, however often the question was sent on it.
func (q *question) leave(k *socket) bool {
	before := len(q.tickets)
	q.tickets = slices.DeleteFunc(q.tickets, func(t ticket) bool { return t.socket == k })
	return len(q.tickets) < before
}

// count counts an answer for the window.
func (q *question) count(slow bool) {
	if q.counted {
		return
	}
	q.counted = true
	q.lookup.tally.answered++
	if slow {
		q.lookup.tally.slow++
	}
}

func (q *question) attempt(s *server) *attempt {
	for i := range q.attempts {
		if q.attempts[i].server == s {
			return &q.attempts[i]
		}
	}
	return nil
}

// take makes a reply the answer, or has another server asked.
func (q *question) take(s *server, r reply, now time.Time) {
	a := q.attempt(s)
	switch r.outcome {
	case found, noData, noName:
		q.addrs = q.lookup.r.wanted(r.addrs)
		q.lookup.asked = s.addr
		if r.outcome == found && len(q.addrs) == 0 {
			r.outcome = noData
		}
		q.settle(r.outcome)
	case truncated:
		if !a.busy {
			q.askByTCP(a)
		}
	case oldServer:
		a.sent = now
		q.send(a)
	default:
		a.over = true
		s.doubt(a.sent, now)
		if q.err == nil || q.err.Err != nil {
			q.err = &Error{Reason: r.reason, Asked: []netip.AddrPort{s.addr}}
		}
		if next := q.next(); next == nil || next.times == 0 {
			q.due = now
		}
	}
}

// refuse notes that a server could not be reached, and has the next one asked at once. A shortage in this system says
// nothing about a server.
func (q *question) refuse(a *attempt, err *Error, now time.Time) {
	if isShortage(err) {
		a.times, a.sent = a.times-1, time.Time{}
		q.due = now.Add(minRetransmit)
		if q.err == nil {
			q.err = err
		}
		return
	}
	a.server.doubt(a.sent, now)
	a.refusals++
	a.over = a.over || a.refusals >= maxRefusals
	if q.err == nil || isShortage(q.err) {
		q.err = err
		q.err.Asked = []netip.AddrPort{a.server.addr}
	}
	if next := q.next(); next == nil || next.times < a.times {
		q.due = now
	}
}

// settle ends the question. Answers that come later are not waited for.
func (q *question) settle(o outcome) {
	q.outcome = o
	for _, t := range q.tickets {
		t.socket.server.forget(t)
	}
	q.tickets = nil
}

// expire fails a question that nobody has answered in the time that it had since the lookup began.
func (q *question) expire(after time.Duration) {
	if q.err == nil {
		q.err = &Error{Reason: "timed out after " + after.Round(time.Millisecond).String(), Err: os.ErrDeadlineExceeded}
		for _, a := range q.attempts {
			if a.times > 0 {
				q.err.Asked = append(q.err.Asked, a.server.addr)
			}
		}
		if !slices.ContainsFunc(q.attempts, func(a attempt) bool { return !a.busy }) {
			q.err.overTCP()
		}
	}
	q.settle(failed)
}
