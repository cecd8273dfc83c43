package fetch

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// deadline is a moment by which something must be over, and how long that was
// from its start. The zero value never passes.
type deadline struct {
	at    time.Time
	after time.Duration
}

func newDeadline(start time.Time, after time.Duration) deadline {
	if after <= 0 {
		return deadline{}
	}
	return deadline{start.Add(after), after}
}

// step is the deadline of a step that may take bound from its start, but not
// longer than d; 0 is no bound.
func (d deadline) step(start time.Time, bound time.Duration) deadline {
	step := newDeadline(start, bound)
	if step.at.IsZero() || !d.at.IsZero() && d.at.Before(step.at) {
		return d
	}
	return step
}

// move puts the deadline off by a time that does not count.
func (d *deadline) move(by time.Duration) {
	if !d.at.IsZero() {
		d.at = d.at.Add(by)
	}
}

// timer returns a channel that receives once the deadline passes, which is nil
// if it never does. The caller calls stop.
func (d deadline) timer() (passed <-chan time.Time, stop func()) {
	if d.at.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(d.at))
	return timer.C, func() { timer.Stop() }
}

func (d deadline) set(conn net.Conn) error { return conn.SetDeadline(d.at) }

func (d deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// reword puts the length of the deadline in place of an error that only says
// that a deadline passed, if it was this one.
func (d deadline) reword(err error) error {
	if d.passed() && isTimeout(err) {
		return errTooLong{d.after}
	}
	return err
}

// errTooLong stands for a deadline of ours that passed.
type errTooLong struct{ after time.Duration }

func (e errTooLong) Error() string {
	return fmt.Sprintf("timed out after %v", e.after.Round(time.Millisecond))
}
func (errTooLong) Timeout() bool { return true }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
