package dns

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// askSystem has the system's own resolver find the name.
func (l *lookup) askSystem() {
	ctx, cancel := context.WithDeadline(l.r.ctx, l.deadline)
	l.stop = append(l.stop, cancel)
	name := l.entry.name
	l.r.running.Go(func() {
		network := map[int]string{0: "ip", 4: "ip4", 6: "ip6"}[l.r.config.Family]
		addrs, err := l.r.system(ctx, network, name)
		for i := range addrs {
			addrs[i] = addrs[i].Unmap()
		}
		addrs = l.r.wanted(addrs)
		l.handle(func(now time.Time) {
			q := question{outcome: found, addrs: addrs}
			switch {
			case err != nil:
				q.outcome, q.err = failed, systemFailure(err, now.Sub(l.begun))
			case len(addrs) == 0:
				q.outcome = noData
			}
			if q.err != nil && q.err.NotFound {
				q.outcome = noName
			}
			if isTimeout(err) {
				l.tally.lost++
			} else {
				l.tally.answered++
			}
			l.candidates = []candidate{{typed: true, begun: now, questions: []question{q}}}
		})
	})
}

// systemFailure is an error of the system's own resolver.
func systemFailure(err error, after time.Duration) *Error {
	var failed *net.DNSError
	switch {
	case isTimeout(err):
		return &Error{Reason: "timed out after " + after.Round(time.Millisecond).String(), Err: os.ErrDeadlineExceeded}
	case errors.As(err, &failed) && failed.IsNotFound:
		return &Error{NotFound: true, Reason: "no such host"}
	case failed != nil:
		return &Error{Reason: failed.Err}
	}
	return systemError(err)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
