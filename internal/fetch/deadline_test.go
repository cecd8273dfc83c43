package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
	"wget/internal/testserver"
)

// Time stands still in these tests until everybody waits, so that every
// duration is exact and none takes any.

const (
	soon = 3 * time.Second
	late = time.Hour
)

// hang opens no connection, and gives up when it is told to.
func hang(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// mute is a resolver whose server cannot be reached.
func mute(t *testing.T) dns.Config {
	return dns.Config{
		Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}, Etc: t.TempDir(),
		Dial: func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
			client, silence := net.Pipe()
			context.AfterFunc(ctx, func() { silence.Close() })
			go io.Copy(io.Discard, silence)
			return client, nil
		},
	}
}

// deaf takes the connection and reads nothing of it until the test is over.
func deaf(t *testing.T) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		t.Cleanup(func() { server.Close() })
		return client, nil
	}
}

// drip answers a byte a second, for ever.
func drip(conn net.Conn) {
	testserver.ReadRequest(conn)
	reply := "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10000)
	for i := range len(reply) {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return // the other side has gone
		}
		io.WriteString(conn, reply[i:i+1])
	}
}

// A place is where a host can get stuck.
type place struct {
	name   string
	target string
	stage  fetch.Stage
	o      fetch.Options                       // without a deadline
	bound  func(*fetch.Options, time.Duration) // sets the deadline of this step
}

func places(t *testing.T) []place {
	dns := func(o *fetch.Options, d time.Duration) { o.DNS.Timeout = d }
	connect := func(o *fetch.Options, d time.Duration) { o.ConnectTimeout = d }
	read := func(o *fetch.Options, d time.Duration) { o.ReadTimeout = d }
	return []place{
		{"dns", "stuck.test.", fetch.StageDNS, fetch.Options{DNS: mute(t), Dial: hang}, dns},
		{"connect", "192.0.2.1", fetch.StageConnect, fetch.Options{Dial: hang}, connect},
		{"tls", "https://192.0.2.1", fetch.StageTLS, fetch.Options{Dial: testserver.Pipe(testserver.Silent)}, connect},
		{"write", "192.0.2.1", fetch.StageWrite, fetch.Options{Dial: deaf(t)}, read},
		{"read", "192.0.2.1", fetch.StageRead, fetch.Options{Dial: testserver.Pipe(testserver.Silent)}, read},
		{"head", "192.0.2.1", fetch.StageHead, fetch.Options{Dial: testserver.Pipe(func(conn net.Conn) {
			testserver.Answer("HTTP/1.1 200 OK\r\nX-Half: ye")(conn)
			testserver.Silent(conn)
		})}, read},
		{"drip", "192.0.2.1", fetch.StageHead, fetch.Options{Dial: testserver.Pipe(drip)}, read},

		{"proxy/dns", "192.0.2.1", fetch.StageProxy, fetch.Options{DNS: mute(t), Dial: hang, Proxies: through(t, "http://stuck.test.")}, dns},
		{"proxy/connect", "192.0.2.1", fetch.StageProxy, fetch.Options{Dial: hang, Proxies: through(t, "http://192.0.2.9")}, connect},
		{"proxy/tls", "192.0.2.1", fetch.StageProxy, fetch.Options{Dial: testserver.Pipe(testserver.Silent), Proxies: through(t, "https://192.0.2.9")}, connect},
		{"proxy/tunnel", "https://192.0.2.1", fetch.StageProxy, fetch.Options{Dial: testserver.Pipe(testserver.Silent), Proxies: through(t, "http://192.0.2.9")}, connect},
		{"proxy/deaf", "https://192.0.2.1", fetch.StageProxy, fetch.Options{Dial: deaf(t), Proxies: through(t, "http://192.0.2.9")}, connect},
		{"proxy/drip", "https://192.0.2.1", fetch.StageProxy, fetch.Options{Dial: testserver.Pipe(drip), Proxies: through(t, "http://192.0.2.9")}, connect},
		{"proxy/socks", "192.0.2.1", fetch.StageProxy, fetch.Options{Dial: testserver.Pipe(testserver.Silent), Proxies: through(t, "socks5://192.0.2.9")}, connect},
		{"proxy/forwarded", "192.0.2.1", fetch.StageRead, fetch.Options{Dial: testserver.Pipe(testserver.Silent), Proxies: through(t, "http://192.0.2.9")}, read},
		{"proxy/target", "https://192.0.2.1", fetch.StageTLS, fetch.Options{
			Dial: testserver.Pipe(connecting(testserver.Silent)), Proxies: through(t, "http://192.0.2.9"),
		}, connect},
	}
}

// atEach runs a test for each place, in a bubble of its own.
func atEach(t *testing.T, test func(t *testing.T, p place)) {
	for i, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, places(t)[i]) })
		})
	}
}

// checkTimeout wants a failure that says how long it took.
func checkTimeout(t *testing.T, r *fetch.Result, stage fetch.Stage, after time.Duration) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("no error, want a timeout in stage %s", stage)
	}
	if r.Err.Stage != stage || r.Err.Kind != fetch.KindTimeout {
		t.Errorf("stage %s, kind %s (%v), want %s and timeout", r.Err.Stage, r.Err.Kind, r.Err, stage)
	}
	want := fmt.Sprintf("%s: timed out after %v", stage, after)
	if stage == fetch.StageProxy {
		want = fmt.Sprintf("%s: %s: timed out after %v", stage, r.Proxy, after)
	}
	if got := strings.TrimSuffix(r.Err.Error(), " (asked 192.0.2.53:53)"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if r.Times.Total != after {
		t.Errorf("ended after %v, want %v", r.Times.Total, after)
	}
}

func TestStepTimeouts(t *testing.T) {
	atEach(t, func(t *testing.T, c place) {
		c.bound(&c.o, soon)
		checkTimeout(t, askOne(t, t.Context(), c.o, c.target), c.stage, soon)
	})
}

// The whole host is bounded from its start, and the shorter bound wins.
func TestMaxTime(t *testing.T) {
	atEach(t, func(t *testing.T, c place) {
		c.o.MaxTime = soon
		checkTimeout(t, askOne(t, t.Context(), c.o, c.target), c.stage, soon)

		c.bound(&c.o, late)
		checkTimeout(t, askOne(t, t.Context(), c.o, c.target), c.stage, soon)

		c.bound(&c.o, soon-time.Second)
		checkTimeout(t, askOne(t, t.Context(), c.o, c.target), c.stage, soon-time.Second)
	})
}

// 0 turns a deadline off: nothing ends the wait but the user.
func TestNoTimeout(t *testing.T) {
	atEach(t, func(t *testing.T, c place) {
		if strings.HasSuffix(c.name, "dns") || strings.HasSuffix(c.name, "drip") {
			return // the resolver has bounds of its own; the drip ends by itself
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(30*24*time.Hour, cancel)
		r := askOne(t, ctx, c.o, c.target)
		checkCanceled(t, r, c.stage)
		if r.Times.Total != 30*24*time.Hour {
			t.Errorf("ended after %v", r.Times.Total)
		}
	})
}

// Without a bound of ours a lookup has the one of package dns.
func TestResolverTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := askOne(t, t.Context(), fetch.Options{DNS: mute(t), Dial: hang}, "stuck.test.")
		checkTimeout(t, r, fetch.StageDNS, dns.DefaultTimeout)
	})
}

func checkCanceled(t *testing.T, r *fetch.Result, stage fetch.Stage) {
	t.Helper()
	if r.Err == nil || r.Err.Stage != stage || r.Err.Kind != fetch.KindCanceled || !errors.Is(r.Err, context.Canceled) || r.Err.Error() != string(stage)+": interrupted" {
		t.Errorf("error %#v, want stage %s and kind canceled", r.Err, stage)
	}
}

func TestCancel(t *testing.T) {
	atEach(t, func(t *testing.T, c place) {
		c.bound(&c.o, late)
		c.o.MaxTime = late
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(soon, cancel)
		r := askOne(t, ctx, c.o, c.target)
		checkCanceled(t, r, c.stage)
		if r.Times.Total != soon {
			t.Errorf("ended after %v, want %v", r.Times.Total, soon)
		}
	})
}

// A drip is not progress: the bound covers the whole section.
func TestDripKeepsWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fetch.Options{Dial: testserver.Pipe(drip), ReadTimeout: 17*time.Second + time.Millisecond}
		r := askOne(t, t.Context(), o, "192.0.2.1")
		if got := string(r.Raw); got != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("kept %q", got)
		}
		if r.Head.Status != 200 || r.Times.FirstByte != time.Second {
			t.Errorf("status %d, first byte after %v", r.Head.Status, r.Times.FirstByte)
		}
	})
}

// A slow server that keeps within the bounds is answered for.
func TestSlowButInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fetch.Options{
			ConnectTimeout: soon, ReadTimeout: soon, MaxTime: 2 * soon,
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				time.Sleep(soon - time.Millisecond)
				return testserver.Pipe(func(conn net.Conn) {
					testserver.ReadRequest(conn)
					time.Sleep(soon - time.Millisecond)
					io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
				})(ctx, network, address)
			},
		}
		r := askOne(t, t.Context(), o, "192.0.2.1")
		if r.Err != nil || r.Head.Status != 200 {
			t.Fatalf("status %d, error %v", r.Head.Status, r.Err)
		}
		want := fetch.Times{Connect: soon - time.Millisecond, FirstByte: 2*soon - 2*time.Millisecond, Total: 2*soon - 2*time.Millisecond}
		if r.Times != want {
			t.Errorf("times %+v, want %+v", r.Times, want)
		}
	})
}

// One bound covers all addresses of a host; the next is tried beside a slow
// one after 250 ms and at once behind one that failed (RFC 8305 section 5).
func TestAddressesRace(t *testing.T) {
	slow, broken, good := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		switch netip.MustParseAddrPort(address).Addr() {
		case slow:
			return hang(ctx, network, address)
		case broken:
			return nil, errors.New("broken")
		}
		return testserver.Pipe(testserver.Answer("HTTP/1.1 200 OK\r\n\r\n"))(ctx, network, address)
	}
	for _, c := range []struct {
		name  string
		addrs []netip.Addr
		after time.Duration
		ok    bool
	}{
		{"slow, good", []netip.Addr{slow, good}, 250 * time.Millisecond, true},
		{"broken, good", []netip.Addr{broken, good}, 0, true},
		{"good, slow", []netip.Addr{good, slow}, 0, true},
		{"slow, slow, good of the other family", []netip.Addr{slow, slow, good}, 250 * time.Millisecond, true},
		{"slow, broken", []netip.Addr{slow, broken}, soon, false},
		{"slow, slow", []netip.Addr{slow, slow}, soon, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := fetch.Options{Dial: dial, ConnectTimeout: soon, Routes: []fetch.Route{{Addrs: c.addrs}}}
				r := askOne(t, t.Context(), o, "h.test")
				if (r.Err == nil) != c.ok || r.Times.Total != c.after {
					t.Fatalf("error %v after %v, want success %t after %v", r.Err, r.Times.Total, c.ok, c.after)
				}
				if c.ok && r.Addr.Addr() != good {
					t.Errorf("connected to %v, want %v", r.Addr, good)
				}
			})
		})
	}
}

// No address is tried once the time to connect is over, or the run.
func TestRaceEndsInTime(t *testing.T) {
	for _, c := range []struct {
		name           string
		connect, whole time.Duration
		cancel         time.Duration // when the run ends
		dials          int
		took           time.Duration
	}{
		{"the time to connect", 5 * time.Second, 0, time.Hour, 20, 5 * time.Second},
		{"the time for the host", 0, 1100 * time.Millisecond, time.Hour, 5, 1100 * time.Millisecond},
		{"the run", 5 * time.Second, 0, time.Second + time.Millisecond, 5, time.Second + time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int64
				o := fetch.Options{
					ConnectTimeout: c.connect, MaxTime: c.whole, Routes: routes(t, "resolve h.test:80:"+strings.Repeat("127.0.0.1,", 29)+"127.0.0.1"),
					Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
						dials.Add(1)
						return hang(ctx, network, address)
					},
				}
				ctx, cancel := context.WithTimeout(t.Context(), c.cancel)
				defer cancel()
				if r := askOne(t, ctx, o, "h.test"); r.Err == nil || r.Times.Total != c.took || int(dials.Load()) != c.dials {
					t.Errorf("%d of 30 addresses tried in %v, want %d in %v: %v", dials.Load(), r.Times.Total, c.dials, c.took, r.Err)
				}
			})
		})
	}
}

// A canceled run fails what is in flight, starts no more, and still sends one
// result for each target that it started.
func TestCancelAll(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		t.Run(fmt.Sprintf("ordered=%t", ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(soon, cancel)
				started := 0
				o := fetch.Options{
					Dial: testserver.Pipe(testserver.Silent), Parallel: 4, Ordered: ordered,
					Starting: func(fetch.Target) { started++ },
				}
				spec, err := fetch.Parse("10.0.0.0/8", fetch.Defaults{})
				if err != nil {
					t.Fatal(err)
				}
				results := 0
				for r := range fetch.All(ctx, spec.All(), o) {
					results++
					if r.Err == nil || r.Err.Kind != fetch.KindCanceled {
						t.Errorf("error %v, want kind canceled", r.Err)
					}
				}
				if results != started || started != 4 {
					t.Errorf("%d results of %d targets started, want the 4 in flight", results, started)
				}
			})
		})
	}
}

// A host that hangs holds up nobody else, except where the order says so.
func TestOrder(t *testing.T) {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return testserver.Pipe(func(conn net.Conn) {
			testserver.ReadRequest(conn)
			if strings.HasPrefix(address, "192.0.2.0:") {
				time.Sleep(soon)
			}
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		})(ctx, network, address)
	}
	for _, ordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			results := askAll(t, t.Context(), fetch.Options{Dial: dial, Parallel: 1000, Ordered: ordered}, "192.0.2.0/24")
			slow := slices.IndexFunc(results, func(r *fetch.Result) bool { return r.Target.Host == "192.0.2.0" })
			if want := map[bool]int{false: 255, true: 0}[ordered]; slow != want {
				t.Errorf("ordered=%t: the slow host comes as number %d, want %d", ordered, slow, want)
			}
			inOrder := slices.IsSortedFunc(results, func(a, b *fetch.Result) int { return a.Target.Index - b.Target.Index })
			if ordered && !inOrder {
				t.Error("the order is not that of the targets")
			}
		})
	}
}
