package fetch_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// A late wake-up, as timers have them, does not lower the rate.
func TestRateIsExact(t *testing.T) {
	for _, rate := range []float64{0.1, 3, 50, 999, 5000, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			hosts := max(20, int(2*rate))
			var first, last time.Time
			o := fetch.Options{Dial: failing(), Rate: rate, Starting: func(fetch.Target) {
				switch now := time.Now(); {
				case first.IsZero():
					first = now
				case now != last: // the pace had to be waited for
					time.Sleep(time.Millisecond)
				}
				last = time.Now()
			}}
			for r := range fetch.All(t.Context(), numbered(t, hosts), o) {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
			}
			got := float64(hosts-1) / last.Sub(first).Seconds()
			if math.Abs(got/rate-1) > 0.02 {
				t.Errorf("%g hosts a second, want %g", got, rate)
			}
		})
	}
}

// Lines that are no targets take no turns, and a stream of them ends with the run.
func TestRateOfBadTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		bad, good := fetch.BadTarget("a b", errors.New("no target")), parsed(t, "192.0.2.1", fetch.Defaults{})[0]
		targets := func(yield func(fetch.Target) bool) {
			for _, target := range []fetch.Target{bad, good, bad, bad, good, bad} {
				if !yield(target) {
					return
				}
			}
			for yield(bad) {
			}
		}
		start, results := time.Now(), 0
		for range fetch.All(ctx, targets, fetch.Options{Dial: failing(), Rate: 1, Parallel: 1}) {
			if results++; results == 100 {
				cancel()
			}
		}
		if took := time.Since(start); took != time.Second || results > 200 {
			t.Errorf("two hosts at one a second took %v, %d results", took, results)
		}
	})
}

// A delay that is not a late wake-up has no burst behind it.
func TestRateDoesNotBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var starts []time.Time
		o := fetch.Options{Dial: failing(), Rate: 100, Starting: func(fetch.Target) {
			if len(starts) == 50 {
				time.Sleep(time.Minute)
			}
			starts = append(starts, time.Now())
		}}
		for range fetch.All(t.Context(), numbered(t, 100), o) {
		}
		together := 0
		for _, at := range starts {
			if at.Equal(starts[50]) {
				together++
			}
		}
		if together > 11 {
			t.Errorf("%d hosts at once after a minute in which none was started", together)
		}
	})
}

// Tries count, and the wait for the pace is in none of a host's times.
func TestRateCountsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		o := fetch.Options{Dial: failing(syscall.ECONNRESET, syscall.ECONNRESET), Rate: 1, Tries: 2, MaxTime: time.Second}
		for _, r := range askAll(t, t.Context(), o, "192.0.2.1", "192.0.2.2") {
			if r.Err != nil || r.Tries != 2 || r.Times.Total != time.Second/2 {
				t.Errorf("%d tries, %v, error %v", r.Tries, r.Times.Total, r.Err)
			}
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("four tries at one a second took %v", took)
		}
	})
}

// Redirects count too.
func TestRateCountsRedirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		o := fetch.Options{Rate: 1, Location: true, MaxRedirect: 1, Dial: testserver.Pipe(func(conn net.Conn) {
			reply := "HTTP/1.1 204 No Content\r\n\r\n"
			if request, _ := testserver.ReadRequest(conn); strings.HasPrefix(string(request), "GET / ") {
				reply = "HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n"
			}
			io.WriteString(conn, reply)
		})}
		for _, r := range askAll(t, t.Context(), o, "192.0.2.1", "192.0.2.2") {
			if r.Err != nil || r.Head.Status != 204 || r.Times.Total != 0 {
				t.Errorf("status %d after %v, error %v", r.Head.Status, r.Times.Total, r.Err)
			}
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("four requests at one a second took %v", took)
		}
	})
}
