package fetch_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// failing refuses to connect as often as there are errors, then answers.
func failing(errors ...error) dialer {
	healthy := testserver.Pipe(testserver.Answer("HTTP/1.1 204 No Content\r\n\r\n"))
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if len(errors) == 0 {
			return healthy(ctx, network, address)
		}
		err := errors[0]
		errors = errors[1:]
		return nil, err
	}
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name    string
		options fetch.Options
		tries   int
		status  int
		after   time.Duration
	}{
		{"first", fetch.Options{Dial: failing(), Tries: 3}, 1, 204, 0},
		{"second", fetch.Options{Dial: failing(syscall.ECONNRESET), Tries: 3}, 2, 204, time.Second / 2},
		{"third", fetch.Options{Dial: failing(syscall.ECONNRESET, syscall.ETIMEDOUT), Tries: 3}, 3, 204, 3 * time.Second / 2},
		{"none left", fetch.Options{Dial: failing(syscall.ECONNRESET, syscall.ECONNRESET), Tries: 2}, 2, 0, time.Second / 2},
		{"not asked for", fetch.Options{Dial: failing(syscall.ECONNRESET)}, 1, 0, 0},
		{"refused", fetch.Options{Dial: failing(syscall.ECONNREFUSED), Tries: 2}, 1, 0, 0},
		{"refused, all the same", fetch.Options{Dial: failing(syscall.ECONNREFUSED), Tries: 2, RetryRefused: true}, 2, 204, time.Second / 2},
		{"out of time", fetch.Options{Dial: failing(syscall.ECONNRESET, syscall.ECONNRESET), Tries: 9, MaxTime: time.Second / 4}, 1, 0, 0},
		{"short of descriptors", fetch.Options{Dial: failing(syscall.EMFILE, syscall.EMFILE)}, 1, 204, 15 * time.Millisecond},
		{"no place at a Unix socket", fetch.Options{Dial: failing(syscall.EAGAIN, syscall.EAGAIN)}, 1, 204, 15 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := askOne(t, t.Context(), c.options, "192.0.2.1")
				if r.Tries != c.tries || r.Head.Status != c.status || r.Times.Total != c.after {
					t.Errorf("%d tries, status %d after %v, error %v; want %d, %d after %v",
						r.Tries, r.Head.Status, r.Times.Total, r.Err, c.tries, c.status, c.after)
				}
			})
		})
	}
}

// lost is a connection whose way to the server is gone.
type lost struct{ net.Conn }

func (lost) Read([]byte) (int, error) { return 0, syscall.EHOSTUNREACH }

// An error of the system is the network's, and not that of the TLS above it.
func TestLostUnderTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fetch.Options{Tries: 2, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := piped(func(conn net.Conn) { io.Copy(io.Discard, conn) })(ctx, network, address)
			return lost{conn}, err
		}}
		if r := askOne(t, t.Context(), o, "https://192.0.2.1"); r.Err == nil || r.Err.Kind != fetch.KindReset || r.Tries != 2 {
			t.Errorf("%v after %d tries, want %s after 2", r.Err, r.Tries, fetch.KindReset)
		}
	})
}

// Waiting out a shortage of the system stays within the limits of the host.
func TestShortageIsBounded(t *testing.T) {
	for _, c := range []struct {
		name    string
		options fetch.Options
		most    time.Duration
	}{
		{"connect timeout", fetch.Options{ConnectTimeout: 2 * time.Second}, 2 * time.Second},
		{"time for the host", fetch.Options{MaxTime: time.Second}, time.Second},
		{"the earlier", fetch.Options{ConnectTimeout: time.Second / 2, MaxTime: 5 * time.Second}, time.Second / 2},
		{"neither", fetch.Options{}, 11 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, shortage := range []error{syscall.EMFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.EAGAIN} {
					c.options.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, shortage }
					r := askOne(t, t.Context(), c.options, "192.0.2.1")
					if r.Err == nil || r.Err.Kind != fetch.KindLimit || r.Times.Total > c.most || r.Times.Total < c.most/4 {
						t.Errorf("%v after %v, want %v after at most %v", r.Err, r.Times.Total, shortage, c.most)
					}
				}
			})
		})
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		askAll(t, t.Context(), fetch.Options{Dial: failing(), Rate: 2}, "192.0.2.1", "192.0.2.2", "192.0.2.3")
		if took := time.Since(start); took != time.Second {
			t.Errorf("three hosts at two a second took %v", took)
		}
	})
}

// If all addresses of a host fail, the record says why another try could fare
// better.
func TestRaceError(t *testing.T) {
	outcome := func(ctx context.Context, network, address string) (net.Conn, error) {
		switch netip.MustParseAddrPort(address).Addr().As4()[3] {
		case 1:
			return hang(ctx, network, address)
		case 2:
			return nil, syscall.ECONNREFUSED
		case 3:
			return nil, syscall.EHOSTUNREACH
		}
		return nil, syscall.ECONNRESET
	}
	const slow, refused, unreachable, reset = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
	for _, c := range []struct {
		addrs        []string
		retryRefused bool
		want         fetch.Kind
	}{
		{[]string{slow, slow, refused}, false, fetch.KindTimeout},
		{[]string{refused, slow}, false, fetch.KindTimeout},
		{[]string{refused, reset}, false, fetch.KindReset},
		{[]string{refused, unreachable}, false, fetch.KindRefused},
		{[]string{unreachable, refused}, false, fetch.KindUnreachable},
		{[]string{unreachable, refused, slow}, true, fetch.KindRefused},
		{[]string{reset, slow}, false, fetch.KindReset},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := fetch.Options{
				Dial: outcome, ConnectTimeout: time.Second, RetryRefused: c.retryRefused,
				Routes: routes(t, "resolve h.test:80:"+strings.Join(c.addrs, ",")),
			}
			if r := askOne(t, t.Context(), o, "h.test"); r.Err.Kind != c.want {
				t.Errorf("%s: %v, want %s", c.addrs, r.Err, c.want)
			}
		})
	}
}
