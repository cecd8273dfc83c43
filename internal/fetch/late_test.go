package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
)

// memoryServer is a connection to a nameserver in memory, for tests in fake time.
type memoryServer struct {
	net.Conn
	answer func(asked) (message []byte, after time.Duration) // nil is silence
	in     chan []byte                                       // a buffer that no test fills
	once   sync.Once
	closed chan struct{}
}

func (s *memoryServer) Write(p []byte) (int, error) {
	var m dnsmessage.Message
	if err := m.Unpack(p); err != nil {
		return 0, err
	}
	if message, after := s.answer(asked{Question: m.Questions[0], number: m.ID}); message != nil {
		time.AfterFunc(after, func() { s.in <- message })
	}
	return len(p), nil
}

func (s *memoryServer) Read(p []byte) (int, error) {
	select {
	case m := <-s.in:
		return copy(p, m), nil
	case <-s.closed:
		return 0, net.ErrClosed
	}
}

func (s *memoryServer) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// inMemory has names looked up at one server in memory.
func inMemory(t *testing.T, answer func(asked) ([]byte, time.Duration)) dns.Config {
	return dns.Config{
		Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}, Etc: t.TempDir(),
		Dial: func(context.Context, string, netip.AddrPort) (net.Conn, error) {
			return &memoryServer{answer: answer, in: make(chan []byte, 64), closed: make(chan struct{})}, nil
		},
	}
}

func neverAnswered(asked) ([]byte, time.Duration) { return nil, 0 }

// withoutIPv6 answers for IPv4 at once, and never for IPv6.
func withoutIPv6(a asked) ([]byte, time.Duration) {
	if a.Type == dnsmessage.TypeAAAA {
		return nil, 0
	}
	return a.reply(dnsmessage.RCodeSuccess), 0
}

// The wait for a family that is late is under the limits of the host, also where
// each address is a host.
func TestFamilyThatStaysAway(t *testing.T) {
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	const late = 50 * time.Millisecond // when the first family is connected to
	for _, tt := range []struct {
		name   string
		o      fetch.Options
		answer func(asked) ([]byte, time.Duration)
		want   string
		took   time.Duration // by the test's clock
		total  time.Duration // by the record
	}{
		{"the lookup's limit", fetch.Options{Dial: refused}, withoutIPv6, "connect: connection refused", dns.DefaultTimeout, dns.DefaultTimeout},
		{"of the host", fetch.Options{Dial: refused, MaxTime: 2 * time.Second}, withoutIPv6, "connect: connection refused", 2 * time.Second, 2 * time.Second},
		{"of connecting", fetch.Options{Dial: refused, ConnectTimeout: time.Second}, withoutIPv6, "connect: connection refused", late + time.Second, late + time.Second},
		{"of connecting, which hangs", fetch.Options{Dial: hang, ConnectTimeout: time.Second}, withoutIPv6, "connect: timed out after 1s", late + time.Second, late + time.Second},
		{"of the host, for all addresses", fetch.Options{Dial: refused, MaxTime: time.Second, AllAddrs: true}, withoutIPv6, "connect: connection refused", time.Second, 0},
		{"no address, for all of them", fetch.Options{Dial: refused, AllAddrs: true}, neverAnswered, "dns: timed out after 5s (asked 192.0.2.53:53)", dns.DefaultTimeout, dns.DefaultTimeout},
		{"no address in time, for all of them", fetch.Options{Dial: refused, MaxTime: time.Second, AllAddrs: true}, neverAnswered, "dns: timed out after 1s", time.Second, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.o.DNS = inMemory(t, tt.answer)
				begun := time.Now()
				r := askOne(t, t.Context(), tt.o, "h1.test")
				if r.Err == nil || r.Err.Error() != tt.want {
					t.Errorf("%v, not %s", r.Err, tt.want)
				}
				if took := time.Since(begun); took != tt.took || r.Times.Total != tt.total {
					t.Errorf("took %v, and %v by the record; not %v and %v", took, r.Times.Total, tt.took, tt.total)
				}
			})
		})
	}
}

func TestFamilyThatIsLate(t *testing.T) {
	v4, v6 := addresses(1)
	healthy := piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))
	synctest.Test(t, func(t *testing.T) {
		o := fetch.Options{
			DNS: inMemory(t, func(a asked) ([]byte, time.Duration) {
				if a.Type == dnsmessage.TypeAAAA {
					return a.reply(dnsmessage.RCodeSuccess), 1500 * time.Millisecond
				}
				return a.reply(dnsmessage.RCodeSuccess), 0
			}),
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if netip.MustParseAddrPort(address).Addr() == v4 {
					return nil, syscall.ECONNREFUSED
				}
				return healthy(ctx, network, address)
			},
		}
		r := askOne(t, t.Context(), o, "h1.test")
		if r.Err != nil || r.Addr.Addr() != v6 || r.Times.Connect != 1500*time.Millisecond {
			t.Errorf("%v at %v after %v", r.Err, r.Addr, r.Times.Connect)
		}
	})
}

// A server can answer for IPv6 with an IPv4 address in its form, which -6 cannot use.
func TestMappedAddress(t *testing.T) {
	for family, want := range map[int]string{0: "", 6: "dns: no IPv6 address (asked 192.0.2.53:53)"} {
		synctest.Test(t, func(t *testing.T) {
			o := fetch.Options{
				Family: family, Dial: piped(answer("HTTP/1.1 204 No Content\r\n\r\n")),
				DNS: inMemory(t, func(a asked) ([]byte, time.Duration) {
					message := a.reply(noData)
					if a.Type == dnsmessage.TypeAAAA {
						message = a.reply(dnsmessage.RCodeSuccess)
						mapped := netip.MustParseAddr("::ffff:192.0.2.1").As16()
						copy(message[len(message)-16:], mapped[:])
					}
					return message, 0
				}),
			}
			r := askOne(t, t.Context(), o, "h1.test")
			got := ""
			if r.Err != nil {
				got = r.Err.Error()
			}
			if got != want || got == "" && r.Addr.String() != "192.0.2.1:80" {
				t.Errorf("-%d: %q at %v, not %q", family, got, r.Addr, want)
			}
		})
	}
}

// Without a descriptor no server can be asked. The name is not to blame, be it that of the host or of a proxy.
func TestShortageWhileResolving(t *testing.T) {
	for stage, proxies := range map[fetch.Stage]fetch.Proxies{fetch.StageDNS: {}, fetch.StageProxy: through(t, "http://p.test")} {
		synctest.Test(t, func(t *testing.T) {
			o := fetch.Options{DNS: inMemory(t, neverAnswered), Dial: hang, Tries: 2, Proxies: proxies}
			o.DNS.Dial = func(context.Context, string, netip.AddrPort) (net.Conn, error) { return nil, syscall.EMFILE }
			r := askOne(t, t.Context(), o, "h1.test")
			if r.Err == nil || r.Err.Stage != stage || r.Err.Kind != fetch.KindLimit || !errors.Is(r.Err, syscall.EMFILE) || r.Tries != 2 {
				t.Errorf("%v in %d tries", r.Err, r.Tries)
			}
		})
	}
}
