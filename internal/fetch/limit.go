package fetch

import (
	"context"
	"errors"
	"net"
	"time"
)

// limit is a moment by which something must be over, and how long that was
// from the start of it. The zero value is no limit.
type limit struct {
	at    time.Time
	after time.Duration
}

func newLimit(start time.Time, after time.Duration) limit {
	if after <= 0 {
		return limit{}
	}
	return limit{start.Add(after), after}
}

// within is a limit for a step that begins now and has its own bound.
func (l limit) within(bound time.Duration) limit {
	step := newLimit(time.Now(), bound)
	if step.at.IsZero() || !l.at.IsZero() && l.at.Before(step.at) {
		return l
	}
	return step
}

// context derives a context that ends at the limit.
func (l limit) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.at.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, l.at)
}

// set gives conn the limit as its deadline.
func (l limit) set(conn net.Conn) error { return conn.SetDeadline(l.at) }

// explain puts the length of the limit in place of an error that only says
// that a deadline passed, if it was this one.
func (l limit) explain(err error) error {
	if l.passed() && isTimeout(err) {
		return errTooLong{l.after}
	}
	return err
}

func (l limit) passed() bool { return !l.at.IsZero() && !time.Now().Before(l.at) }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
