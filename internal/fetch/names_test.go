package fetch_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
)

// nameserver is a stand-in on loopback for what real ones don't do.
type nameserver struct {
	addr    netip.AddrPort
	answers func(asked) [][]byte

	mu    sync.Mutex
	heard map[string]int // how often each was asked, by network, name and type
	ports map[string]bool
}

// asked is a question as a nameserver gets it.
type asked struct {
	dnsmessage.Question
	network string
	number  uint16
	time    int // 1 for the first time
}

func startNameserver(t *testing.T, answers func(asked) [][]byte) *nameserver {
	t.Helper()
	s := &nameserver{answers: answers, heard: make(map[string]int), ports: make(map[string]bool)}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.addr = netip.MustParseAddrPort(tcp.Addr().String())
	var running sync.WaitGroup
	t.Cleanup(func() {
		tcp.Close()
		udp.Close()
		running.Wait()
	})
	running.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, answer := range s.hear(t, "udp", from, buf[:n]) {
				udp.WriteTo(answer, from)
			}
		}
	})
	running.Go(func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			var length [2]byte
			io.ReadFull(conn, length[:])
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			io.ReadFull(conn, question)
			for _, answer := range s.hear(t, "tcp", conn.RemoteAddr(), question) {
				conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
			conn.Close()
		}
	})
	return s
}

func (s *nameserver) hear(t *testing.T, network string, from net.Addr, message []byte) [][]byte {
	var m dnsmessage.Message
	if err := m.Unpack(message); err != nil || len(m.Questions) != 1 {
		t.Errorf("a question over %s that is none: %v", network, err)
		return nil
	}
	a := asked{Question: m.Questions[0], network: network, number: m.ID}
	s.mu.Lock()
	key := fmt.Sprint(network, a.Name, a.Type)
	s.heard[key]++
	a.time = s.heard[key]
	s.ports[from.String()] = true
	s.mu.Unlock()
	return s.answers(a)
}

// count is how many different questions came, how often the most frequent did,
// and from how many sockets.
func (s *nameserver) count() (questions, most, sockets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.heard {
		most = max(most, n)
	}
	return len(s.heard), most, len(s.ports)
}

// truth knows hN.test for any number N, by one address in each family.
func truth(a asked) [][]byte { return [][]byte{a.reply(dnsmessage.RCodeSuccess)} }

func nothing(asked) [][]byte { return nil }

// noData stands for success without an answer.
const noData dnsmessage.RCode = 100

func (a asked) reply(code dnsmessage.RCode) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: a.number, Response: true, RecursionAvailable: true, RCode: code},
		Questions: []dnsmessage.Question{a.Question},
	}
	var n int
	if _, err := fmt.Sscanf(a.Name.String(), "h%d.test.", &n); err != nil {
		m.RCode = dnsmessage.RCodeNameError
	} else if code == noData {
		m.RCode = dnsmessage.RCodeSuccess
	} else if code == dnsmessage.RCodeSuccess {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: a.Name, Type: a.Type, Class: a.Class, TTL: 60}}
		v4, v6 := addresses(n)
		r.Body = &dnsmessage.AResource{A: v4.As4()}
		if a.Type == dnsmessage.TypeAAAA {
			r.Body = &dnsmessage.AAAAResource{AAAA: v6.As16()}
		}
		m.Answers = []dnsmessage.Resource{r}
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// addresses are those of hN.test.
func addresses(n int) (v4, v6 netip.Addr) {
	four := [4]byte{192, 0, byte(n >> 8), byte(n)}
	six := [16]byte{0x20, 0x01, 0x0d, 0xb8, 14: byte(n >> 8), 15: byte(n)}
	return netip.AddrFrom4(four), netip.AddrFrom16(six)
}

// askNames asks for h0.test and so on, over connections that need no network,
// and makes sure that each was dialled at its own address.
func askNames(t *testing.T, o fetch.Options, hosts int) {
	t.Helper()
	o.Dial = piped(answer("HTTP/1.1 204 No Content\r\n\r\n"))
	var names []string
	for i := range hosts {
		names = append(names, fmt.Sprintf("h%d.test", i))
	}
	for _, r := range askAll(t, t.Context(), o, names...) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Target.Text, r.Err)
			continue
		}
		if v4, v6 := addresses(r.Target.Index); r.Addr.Addr() != v4 && r.Addr.Addr() != v6 {
			t.Errorf("%s: dialled %s, not %s or %s", r.Target.Text, r.Addr, v4, v6)
		}
	}
}

func TestNamesShareSockets(t *testing.T) {
	s := startNameserver(t, truth)
	const hosts = 1500
	askNames(t, fetch.Options{DNS: dns.Config{Servers: []netip.AddrPort{s.addr}, Timeout: time.Minute}, Parallel: 64}, hosts)
	questions, _, sockets := s.count()
	if questions != 2*hosts {
		t.Errorf("%d questions, not one for each of two families of %d hosts", questions, hosts)
	}
	if sockets < 2 || sockets > hosts/10 {
		t.Errorf("%d sockets for %d questions", sockets, questions)
	}
}

func TestNameIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a slow machine would ask again
		var questions atomic.Int64
		o := fetch.Options{
			DNS: inMemory(t, func(a asked) ([]byte, time.Duration) {
				questions.Add(1)
				return truth(a)[0], 0
			}),
			Dial: piped(answer("HTTP/1.1 204 No Content\r\n\r\n")),
		}
		for _, r := range askAll(t, t.Context(), o, slices.Repeat([]string{"h1.test"}, 100)...) {
			if r.Err != nil {
				t.Errorf("%v", r.Err)
			}
		}
		if n := questions.Load(); n != 2 {
			t.Errorf("%d questions, not one for each of two families", n)
		}
	})
}

func TestNamesSurvive(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers func(asked) [][]byte
	}{
		{"loss", func(a asked) [][]byte {
			if a.time == 1 {
				return nil
			}
			return truth(a)
		}},
		{"loss in the only family there is", func(a asked) [][]byte {
			switch {
			case a.Type == dnsmessage.TypeA:
				return [][]byte{a.reply(noData)}
			case a.time <= 2:
				return nil
			}
			return truth(a)
		}},
		{"a family without answers", func(a asked) [][]byte {
			if a.Type == dnsmessage.TypeAAAA {
				return nil
			}
			return truth(a)
		}},
		{"truncation", func(a asked) [][]byte {
			all := truth(a)
			if a.network == "udp" {
				all[0] = all[0][:12+len(a.Name.String())+1+4]
				all[0][2] |= 2 // TC
				all[0][7] = 0  // no answers
			}
			return all
		}},
		// A forged answer has to have the number of a question and its name.
		{"forgery", func(a asked) [][]byte {
			right := truth(a)[0]
			otherNumber := slices.Clone(right)
			otherNumber[0] ^= 0x80
			otherNumber[len(otherNumber)-1] ^= 0xff
			other := a
			other.Name = dnsmessage.MustNewName("h9999.test.")
			return [][]byte{{}, {1}, otherNumber, right[:5], truth(other)[0], right}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startNameserver(t, c.answers)
			askNames(t, fetch.Options{DNS: dns.Config{Servers: []netip.AddrPort{s.addr}, Timeout: time.Minute}}, 50)
		})
	}
}

func TestNameserverFails(t *testing.T) {
	elsewhere, err := net.Dial("udp", "127.0.0.1:9") // holds its port, and hears nobody else
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	nobody := netip.MustParseAddrPort(elsewhere.LocalAddr().String())
	failing := startNameserver(t, func(a asked) [][]byte { return [][]byte{a.reply(dnsmessage.RCodeServerFailure)} })
	silent := startNameserver(t, nothing)
	for _, c := range []struct {
		name, target string
		server       netip.AddrPort
		timeout      time.Duration
		kind         fetch.Kind
		message      string
	}{
		{"nobody there", "h%d.test", nobody, time.Minute, fetch.KindDNSFailure, "connection refused"},
		{"failure", "h%d.test", failing.addr, time.Minute, fetch.KindDNSFailure, "SERVFAIL"},
		{"no such name", "nothing%d.test", failing.addr, time.Minute, fetch.KindNotFound, "no such host"},
		{"silence", "h%d.test", silent.addr, time.Second, fetch.KindTimeout, "timed out after 1s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var names []string
			for i := range 64 {
				names = append(names, fmt.Sprintf(c.target, i))
			}
			o := fetch.Options{DNS: dns.Config{Servers: []netip.AddrPort{c.server}, Timeout: c.timeout}}
			want := fmt.Sprintf("dns: %s (asked %s)", c.message, c.server)
			for _, r := range askAll(t, t.Context(), o, names...) {
				if r.Err == nil || r.Err.Stage != fetch.StageDNS || r.Err.Kind != c.kind || r.Err.Error() != want {
					t.Errorf("%s: %v, not %s", r.Target.Text, r.Err, want)
				}
			}
		})
	}
}

// One of two servers is enough.
func TestNameserversTakeTurns(t *testing.T) {
	silent, healthy := startNameserver(t, nothing), startNameserver(t, truth)
	askNames(t, fetch.Options{DNS: dns.Config{Servers: []netip.AddrPort{silent.addr, healthy.addr}, Timeout: time.Minute}}, 20)
	unheard, _, _ := silent.count()
	heard, _, _ := healthy.count()
	if unheard == 0 || heard == 0 {
		t.Errorf("%d questions to one and %d to the other", unheard, heard)
	}
}

func TestCancelWhileResolving(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := startNameserver(t, func(asked) [][]byte {
		cancel()
		return nil
	})
	r := askOne(t, ctx, fetch.Options{DNS: dns.Config{Servers: []netip.AddrPort{s.addr}, Timeout: time.Hour}}, "h1.test")
	if r.Err == nil || r.Err.Kind != fetch.KindCanceled || r.Err.Stage != fetch.StageDNS {
		t.Errorf("%v", r.Err)
	}
}
