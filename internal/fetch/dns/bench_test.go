package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"
)

// echo answers every query at once: one address for A, none for AAAA.
type echo struct {
	net.Conn
	in     chan []byte
	once   sync.Once
	closed chan struct{}
}

func (c *echo) Write(p []byte) (int, error) {
	m := append(make([]byte, 0, 128), p[:len(p)-optLen]...)
	m[2], m[3], m[11] = 0x81, 0x80, 0
	if p[len(p)-optLen-3] == byte(dnsmessage.TypeA) {
		m[7] = 1
		m = append(m, 0xc0, headerLen, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
	}
	c.in <- m
	return len(p), nil
}

func (c *echo) Read(p []byte) (int, error) {
	select {
	case m := <-c.in:
		return copy(p, m), nil
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *echo) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// BenchmarkLookup is what a name costs beside the system calls.
func BenchmarkLookup(b *testing.B) {
	c := Config{Servers: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}, Dial: func(context.Context, string, netip.AddrPort) (net.Conn, error) {
		return &echo{in: make(chan []byte, 1<<12), closed: make(chan struct{})}, nil
	}}
	r := New(b.Context(), c)
	defer r.Close()
	names := make([]string, b.N)
	for i := range names {
		names[i] = fmt.Sprintf("h%d.example.org", i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var g sync.WaitGroup
	work := make(chan string)
	for range 64 {
		g.Go(func() {
			for name := range work {
				if _, err := r.Lookup(b.Context(), Query{Name: name}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	g.Wait()
}

// BenchmarkReply compares the readers that there are.
func BenchmarkReply(b *testing.B) {
	query := appendQuery(nil, "h1.example.org", dnsmessage.TypeA)
	m := new(dns.Msg)
	if err := m.Unpack(query); err != nil {
		b.Fatal(err)
	}
	answer := zone("h.example.org. A 192.0.2.1\n")(asked{Msg: m, network: "udp"})[0].raw
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r, ok := readReply(answer, query[headerLen:len(query)-optLen], "h1.example.org", true); !ok || len(r.addrs) != 1 {
				b.Fatal(r)
			}
		}
	})
	b.Run("miekg", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := new(dns.Msg)
			if err := m.Unpack(answer); err != nil || len(m.Answer) != 1 {
				b.Fatal(err)
			}
		}
	})
}
