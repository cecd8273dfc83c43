package fetch

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// catchUp is how far the schedule of Options.Rate may run ahead of requests
// that begin late. A timer is late by a millisecond, and the scheduler of a busy
// machine by a few: without catching up, every such delay would lower the rate. A
// longer delay, such as the wait for hosts in flight, is not caught up in full,
// so that no burst follows it.
const catchUp = 100 * time.Millisecond

// pace lets requests begin at a rate.
type pace struct{ limiter *rate.Limiter }

// newPace starts the schedule with one request at once; 0 is no bound.
func newPace(perSecond float64) pace {
	if perSecond <= 0 {
		return pace{rate.NewLimiter(rate.Inf, 1)}
	}
	burst := max(1, int(perSecond*catchUp.Seconds()))
	limiter := rate.NewLimiter(rate.Limit(perSecond), burst)
	limiter.AllowN(time.Now(), burst-1)
	return pace{limiter}
}

// wait returns when the next request may begin. The error is that of ctx.
func (p pace) wait(ctx context.Context) error { return p.limiter.Wait(ctx) }
