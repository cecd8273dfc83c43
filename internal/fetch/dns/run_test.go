package dns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const resolvConf = "nameserver 127.0.0.1\n"

// lookUp looks up so many names at once as a run does with its hosts, and returns how often each outcome was seen.
func lookUp(t *testing.T, r *Resolver, parallel int, names ...string) map[string]int {
	t.Helper()
	var (
		mu   sync.Mutex
		says = make(map[string]int)
		g    errgroup.Group
	)
	g.SetLimit(parallel)
	for _, name := range names {
		g.Go(func() error {
			answer, err := r.Lookup(t.Context(), Query{Name: name})
			text := "found"
			if err != nil {
				text = say(answer, err)
			} else if !isOf(answer.Addrs, name) {
				text = fmt.Sprintf("%s has %v", name, answer.Addrs)
			}
			mu.Lock()
			defer mu.Unlock()
			says[text]++
			return nil
		})
	}
	_ = g.Wait()
	return says
}

// numbered answers for hN.test by an address that has N in it.
func numbered(q asked) []packet {
	m := new(dns.Msg).SetReply(q.Msg)
	m.RecursionAvailable = true
	var n int
	switch _, err := fmt.Sscanf(q.Question[0].Name, "h%d.test.", &n); {
	case err != nil:
		m.Rcode = dns.RcodeNameError
	case q.Question[0].Qtype == dns.TypeA:
		m.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
			A:   net.IPv4(198, 18, byte(n>>8), byte(n)),
		}}
	}
	return pack(m)
}

func isOf(addrs []netip.Addr, name string) bool {
	var n int
	_, err := fmt.Sscanf(name, "h%d.test", &n)
	return err == nil && len(addrs) == 1 && addrs[0] == netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)})
}

// series are the names hN.test.
func series(from, to int) []string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("h%d.test", i))
	}
	return names
}

func repeat(name string, n int) []string {
	return strings.Split(strings.Repeat(name+" ", n)[:n*(len(name)+1)-1], " ")
}

// in runs a test in a lab and in fake time, and makes sure that nothing is left of the resolver.
func in(t *testing.T, l lab, test func(t *testing.T, r *Resolver, n *network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if l.resolv == "" {
			l.resolv = resolvConf
		}
		r, n := l.start(t)
		test(t, r, n)
		r.Close()
		if n.open != 0 {
			t.Errorf("%d connections are open", n.open)
		}
	})
}

func wantAll(t *testing.T, got map[string]int, what string, n int) {
	t.Helper()
	if got[what] != n || len(got) != 1 {
		t.Errorf("%v, not %d times %q", got, n, what)
	}
}

func TestOneLookupForAllWhoAsk(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: late(time.Second/10, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
		ask := func(packets int) {
			t.Helper()
			wantAll(t, lookUp(t, r, 100, repeat("h1.test", 1000)...), "found", 1000)
			if n.count() != packets {
				t.Errorf("%d packets, not %d", n.count(), packets)
			}
		}
		ask(2)
		time.Sleep(answersLive - time.Second)
		ask(2)
		time.Sleep(time.Second)
		ask(4)
	})
}

func TestFailuresAreRemembered(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		server     behavior
	}{
		{"no such name", "not_found: no such host (asked 127.0.0.1:53)", zone("")},
		{"SERVFAIL", "dns_failure: SERVFAIL (asked 127.0.0.1:53)", rcode(dns.RcodeServerFailure)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in(t, lab{servers: map[string]behavior{a: tt.server}}, func(t *testing.T, r *Resolver, n *network) {
				ask := func(packets int) {
					t.Helper()
					wantAll(t, lookUp(t, r, 64, repeat("nothing.test", 1000)...), tt.want, 1000)
					if n.count() != packets {
						t.Errorf("%d packets, not %d", n.count(), packets)
					}
				}
				ask(2)
				time.Sleep(errorsLive - time.Second)
				ask(2)
				time.Sleep(time.Second)
				ask(4)
				// A further try, of two hosts.
				ended := time.Now()
				time.Sleep(time.Second)
				for range 2 {
					if _, err := r.Lookup(t.Context(), Query{Name: "nothing.test", Since: ended}); say(Answer{}, err) != tt.want {
						t.Error(err)
					}
				}
				if n.count() != 6 {
					t.Errorf("%d packets after another try, not 6", n.count())
				}
			})
		})
	}
}

// Half an answer is remembered as a failure is.
func TestFamilyThatFailedIsAskedForAgain(t *testing.T) {
	broken := true
	l := lab{servers: map[string]behavior{a: func(q asked) []packet {
		if broken && q.Question[0].Qtype == dns.TypeA {
			return rcode(dns.RcodeServerFailure)(q)
		}
		return zone(hostRecords)(q)
	}}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		ask := func(since time.Time, want string) {
			t.Helper()
			if got := say(r.Lookup(t.Context(), Query{Name: "h.test", Since: since})); got != want {
				t.Errorf("%q, not %q", got, want)
			}
		}
		ask(time.Time{}, "2001:db8::1")
		broken = false
		ask(time.Time{}, "2001:db8::1")
		ask(time.Now(), both)
		broken = true
		ask(time.Now(), both)
	})
}

func TestSilentNameCostsItsTimeOnce(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: silent}}, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		wantAll(t, lookUp(t, r, 4, repeat("h1.test", 20)...), "timeout: timed out after 5s (asked 127.0.0.1:53)", 20)
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// However long a lookup may take, a question to a silent server goes out once in each wait.
func TestSilenceForLong(t *testing.T) {
	in(t, lab{config: Config{Timeout: time.Hour, Family: 4}, servers: map[string]behavior{a: silent}}, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 1, "h1.test"), "timeout: timed out after 1h0m0s (asked 127.0.0.1:53)", 1)
		if most := int(time.Hour/defaultTimeout) + 5; n.count() > most {
			t.Errorf("%d packets, not %d at most", n.count(), most)
		}
	})
}

// One question waits for one server no longer than resolv.conf lets it, although waits are made longer by chance.
func TestTimeoutOfResolvConf(t *testing.T) {
	var sent []time.Time
	l := lab{resolv: resolvConf + "options timeout:1 attempts:5\n", config: Config{Family: 4}, servers: map[string]behavior{a: func(asked) []packet {
		sent = append(sent, time.Now())
		return nil
	}}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		for _, name := range series(0, 10) {
			wantAll(t, lookUp(t, r, 1, name), "timeout: timed out after 5s (asked 127.0.0.1:53)", 1)
			for i := range sent[1:] {
				if wait := sent[i+1].Sub(sent[i]); wait > time.Second {
					t.Errorf("a wait of %v", wait)
				}
			}
			sent = nil
		}
	})
}

// Of many servers, each gets the question before a name has failed.
func TestManySilentServers(t *testing.T) {
	l := lab{servers: make(map[string]behavior)}
	for i := range 12 {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), port)
		l.config.Servers = append(l.config.Servers, addr)
		l.servers[addr.String()] = silent
	}
	l.config.Servers = append(l.config.Servers, addrs(a)...)
	l.servers[a] = numbered
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 1, "h1.test"), "found", 1)
		n.packets = 0
		wantAll(t, lookUp(t, r, 1, series(2, 100)...), "found", 98)
		if n.count() != 2*98 {
			t.Errorf("%d packets for 98 names, with 12 servers to avoid", n.count())
		}
	})
}

// How many servers there are shortens no wait for one that answers.
func TestManyServersThatTakeTime(t *testing.T) {
	l := lab{servers: make(map[string]behavior)}
	for i := range 50 {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), port)
		l.config.Servers = append(l.config.Servers, addr)
		l.servers[addr.String()] = late(150*time.Millisecond, numbered)
	}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 100, series(0, 500)...), "found", 500)
		if n.count() != 2*500 {
			t.Errorf("%d packets for 500 names", n.count())
		}
	})
}

// Silent names take all places for a while. Those that wait for one lose no time, also one that is then found in the hosts
// file.
func TestWaitingForAPlaceIsNoTime(t *testing.T) {
	l := lab{servers: map[string]behavior{a: below("dead.test.", silent, numbered)}, hosts: "192.0.2.7 up.test\n", order: "hosts: dns files\n"}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		var dead sync.WaitGroup
		for i := range 600 {
			dead.Go(func() { r.Lookup(t.Context(), Query{Name: fmt.Sprintf("n%d.dead.test", i)}) })
		}
		synctest.Wait()
		for _, name := range []string{"h1.test", "up.test"} {
			dead.Go(func() {
				answer, err := r.Lookup(t.Context(), Query{Name: name, Deadline: time.Now().Add(time.Second)})
				if err != nil || answer.Waited < 4*time.Second {
					t.Errorf("%s: %v after a wait of %v", name, err, answer.Waited)
				}
			})
		}
		dead.Wait()
		wantAll(t, lookUp(t, r, 3000, series(0, 3000)...), "found", 3000)
	})
}

// The queue keeps no lookup that has left it.
func TestQueue(t *testing.T) {
	var q queue
	lookups := make([]lookup, 100)
	for i := range lookups {
		q.push(&lookups[i])
	}
	for i := range lookups {
		if q.pop() != &lookups[i] {
			t.Fatalf("lookup %d is not in its place", i)
		}
		kept := slices.DeleteFunc(slices.Clone(q.lookups[:cap(q.lookups)]), func(l *lookup) bool { return l == nil })
		if len(kept) != len(lookups)-i-1 {
			t.Fatalf("%d lookups are kept after %d have left", len(kept), i+1)
		}
	}
}

func TestEveryNameWithManyInFlight(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: late(100*time.Millisecond, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 15_000, series(0, 20_000)...), "found", 20_000)
		if n.count() != 40_000 {
			t.Errorf("%d packets for 20,000 names", n.count())
		}
	})
}

// Answers by TCP make places, as those by UDP do.
func TestPlacesByTCP(t *testing.T) {
	l := lab{resolv: resolvConf + "options use-vc\n", servers: map[string]behavior{a: late(100*time.Millisecond, numbered)}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		const names = 4000
		wantAll(t, lookUp(t, r, names, series(0, names)...), "found", names)
		if took := time.Since(begun); took > names/firstLookups*100*time.Millisecond/3 {
			t.Errorf("took %v", took)
		}
	})
}

// limited serves so many questions a second, lets so many wait, and drops the others.
func limited(rate, room int, s behavior) behavior {
	var (
		mu   sync.Mutex
		free time.Time // when it has nothing to do
	)
	return func(q asked) []packet {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if free.Sub(now) >= time.Second*time.Duration(room)/time.Duration(rate) {
			return nil
		}
		free = free.Add(time.Second / time.Duration(rate))
		return late(free.Sub(now), s)(q)
	}
}

func TestResolverThatIsOverloaded(t *testing.T) {
	for _, room := range []int{50, 1000, 100_000} {
		t.Run(fmt.Sprint("room for ", room), func(t *testing.T) {
			in(t, lab{servers: map[string]behavior{a: limited(500, room, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
				begun := time.Now()
				wantAll(t, lookUp(t, r, 1000, series(0, 5000)...), "found", 5000)
				t.Logf("%d packets, %v", n.count(), time.Since(begun))
				if n.count() > 20_000 {
					t.Errorf("%d packets for 10,000 questions", n.count())
				}
			})
		})
	}
}

// A resolver that starts again and again, and a search domain in which each name exists.
func TestResolverThatRestarts(t *testing.T) {
	begun := time.Now()
	gone := func() bool { return time.Since(begun)%(1600*time.Millisecond) < 100*time.Millisecond }
	for name, away := range map[string]behavior{"refused": nil, "silent": silent, "SERVFAIL": rcode(dns.RcodeServerFailure), "REFUSED": rcode(dns.RcodeRefused)} {
		t.Run(name, func(t *testing.T) {
			there := late(time.Millisecond, below("wild.test.", zone("*.test.wild.test. A 192.0.2.66"), numbered))
			l := lab{resolv: resolvConf + "search wild.test\n", servers: map[string]behavior{a: func(q asked) []packet {
				switch {
				case !gone():
					return there(q)
				case away == nil:
					return []packet{{raw: nil}} // stands for a closed port
				}
				return late(time.Millisecond, away)(q)
			}}}
			in(t, l, func(t *testing.T, r *Resolver, n *network) {
				begun = time.Now()
				got := lookUp(t, r, 10, series(0, 20_000)...)
				for text, n := range got {
					// What a server said counts. It is never another host's address.
					if text != "found" && text != "dns_failure: "+name+" (asked 127.0.0.1:53)" {
						t.Errorf("%d times %q", n, text)
					}
				}
				if got["found"] < 15_000 {
					t.Error(got)
				}
				if name == "refused" || name == "silent" {
					wantAll(t, got, "found", 20_000)
				}
			})
		})
	}
}

// A closed port ends a socket once, however many questions and their repetitions are in flight on it.
func TestRestartAfterSilence(t *testing.T) {
	begun := time.Now()
	l := lab{servers: map[string]behavior{a: func(q asked) []packet {
		switch passed := time.Since(begun); {
		case passed >= 2*time.Second && passed < 2100*time.Millisecond:
			return []packet{{raw: nil}} // stands for a closed port
		case passed < 2*time.Second && strings.HasPrefix(q.Question[0].Name, "h1"):
			return nil // while it answers for others
		}
		return numbered(q)
	}}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		begun = time.Now()
		var first sync.WaitGroup
		first.Go(func() { wantAll(t, lookUp(t, r, 10, series(10, 20)...), "found", 10) })
		for i := range 20 {
			time.Sleep(100 * time.Millisecond)
			wantAll(t, lookUp(t, r, 1, fmt.Sprintf("h%d.test", 20+i)), "found", 1)
		}
		first.Wait()
	})
}

func TestLoss(t *testing.T) {
	lossy := func(s behavior, percent int) behavior {
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		return func(q asked) []packet {
			mu.Lock()
			lost := random.IntN(100) < percent
			mu.Unlock()
			if lost {
				return nil
			}
			return s(q)
		}
	}
	for _, percent := range []int{10, 30} {
		t.Run(fmt.Sprint(percent, " percent"), func(t *testing.T) {
			in(t, lab{servers: map[string]behavior{a: lossy(late(time.Millisecond, numbered), percent)}}, func(t *testing.T, r *Resolver, n *network) {
				begun := time.Now()
				wantAll(t, lookUp(t, r, 256, series(0, 5000)...), "found", 5000)
				t.Logf("%d packets, %v", n.count(), time.Since(begun))
			})
		})
	}
}

// What is learnt about a server serves all names.
func TestDeadServerIsAvoided(t *testing.T) {
	for name, dead := range map[string]behavior{"silent": silent, "closed": nil, "REFUSED": rcode(dns.RcodeRefused)} {
		for _, given := range []bool{false, true} {
			t.Run(fmt.Sprint(name, given), func(t *testing.T) {
				l := lab{resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: dead, b: numbered}}
				if given {
					l.config.Servers = addrs(a, b)
				}
				in(t, l, func(t *testing.T, r *Resolver, n *network) {
					begun := time.Now()
					wantAll(t, lookUp(t, r, 1, series(0, 100)...), "found", 100)
					if took := time.Since(begun); took > time.Second {
						t.Errorf("took %v", took)
					}
					if n.count() > 204 {
						t.Errorf("%d packets", n.count())
					}
					// It is tried again by one lookup, and used when it is back.
					time.Sleep(avoidFor)
					wantAll(t, lookUp(t, r, 100, series(100, 200)...), "found", 100)
					if n.count() > 408 {
						t.Errorf("%d packets after a while", n.count())
					}
					n.servers[a] = numbered
					time.Sleep(avoidFor)
					wantAll(t, lookUp(t, r, 1, series(200, 210)...), "found", 10)
					if n.asked["udp 127.0.0.1:53 h209.test. A"]+n.asked["udp 127.0.0.1:53 h208.test. A"] == 0 {
						t.Error("the server is back, and not asked")
					}
				})
			})
		}
	}
}

// With servers in turn, one that failed is tried as soon as its turn comes after it was avoided.
func TestServerIsBack(t *testing.T) {
	for avoided := range 3 {
		l := lab{config: Config{Servers: addrs(a, b, c)}, servers: map[string]behavior{a: numbered, b: numbered, c: numbered}}
		in(t, l, func(t *testing.T, r *Resolver, n *network) {
			r.files().servers[avoided].doubt(time.Now(), time.Now())
			wantAll(t, lookUp(t, r, 1, series(0, 10)...), "found", 10)
			server := l.config.Servers[avoided].String()
			asked := func() (packets int) {
				for key, times := range n.asked {
					if strings.Fields(key)[1] == server {
						packets += times
					}
				}
				return packets
			}
			if asked() > 0 {
				t.Errorf("%s is asked while it is avoided", server)
			}
			time.Sleep(avoidFor)
			wantAll(t, lookUp(t, r, 1, series(10, 19)...), "found", 9)
			if asked() < 2*2 {
				t.Errorf("%s got %d questions of 18", server, asked())
			}
		})
	}
}

func TestRotate(t *testing.T) {
	l := lab{resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions rotate\n", servers: map[string]behavior{a: numbered, b: numbered}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 1, series(0, 10)...), "found", 10)
		counts := make(map[string]int)
		for key, times := range n.asked {
			counts[strings.Fields(key)[1]] += times
		}
		if counts[a] != 10 || counts[b] != 10 {
			t.Errorf("%v", counts)
		}
	})
}

func TestServerWithoutEDNSIsRemembered(t *testing.T) {
	for name, code := range map[string]int{"FORMERR": dns.RcodeFormatError, "BADVERS": dns.RcodeBadVers, "dropped": -1} {
		t.Run(name, func(t *testing.T) {
			in(t, lab{servers: map[string]behavior{a: withoutOPT(numbered, code, code == dns.RcodeFormatError)}}, func(t *testing.T, r *Resolver, n *network) {
				begun := time.Now()
				wantAll(t, lookUp(t, r, 1, series(0, 100)...), "found", 100)
				if took := time.Since(begun); n.count() > 204 || took > 2*time.Second {
					t.Errorf("%d packets, %v", n.count(), took)
				}
			})
		})
	}
}

// A server that answers with EDNS goes on to get it, however many questions are lost.
func TestLossIsNoLackOfEDNS(t *testing.T) {
	with := 0
	l := lab{servers: map[string]behavior{a: func(q asked) []packet {
		if q.IsEdns0() != nil {
			with++
		}
		if q.Question[0].Name != "h0.test." && q.nth < 3 {
			return nil
		}
		return numbered(q)
	}}}
	in(t, l, func(t *testing.T, r *Resolver, n *network) {
		wantAll(t, lookUp(t, r, 1, series(0, 10)...), "found", 10)
		if with != 2+2*2*9 {
			t.Errorf("%d of %d packets with EDNS", with, n.count())
		}
	})
}

// A server that takes seconds to say that it has failed holds up a place for no longer than a silent one.
func TestPlaceIsLeftInTime(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: late(3*time.Second, rcode(dns.RcodeServerFailure))}}, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		wantAll(t, lookUp(t, r, 1024, series(0, 1000)...), "dns_failure: SERVFAIL (asked 127.0.0.1:53)", 1000)
		if took := time.Since(begun); took > 1000*yieldAfter/minLookups+5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// What the system lacks for a while is no failure of a server.
func TestShortageOfDescriptors(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: numbered}}, func(t *testing.T, r *Resolver, n *network) {
		dial, begun := r.dial, time.Now()
		r.dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
			if time.Since(begun) < 3*time.Second {
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
			}
			return dial(ctx, network, server)
		}
		wantAll(t, lookUp(t, r, 100, series(0, 100)...), "found", 100)
	})
}

// A shortage that has passed is not why a name fails in the end.
func TestShortageThatHasPassed(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		servers    map[string]behavior
	}{
		{"then silence", "timeout: timed out after 5s (asked 127.0.0.1:53, 127.0.0.2:53)", map[string]behavior{a: silent, b: silent}},
		{"after SERVFAIL", "dns_failure: SERVFAIL (asked 127.0.0.1:53)", map[string]behavior{a: rcode(dns.RcodeServerFailure), b: silent}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := lab{resolv: resolvConf + "nameserver 127.0.0.2\n", servers: tt.servers}
			in(t, l, func(t *testing.T, r *Resolver, n *network) {
				dial, begun := r.dial, time.Now()
				r.dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
					if server == addrs(b)[0] && time.Since(begun) < time.Second {
						return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
					}
					return dial(ctx, network, server)
				}
				wantAll(t, lookUp(t, r, 1, "h1.test"), tt.want, 1)
			})
		})
	}
}

// unwritable is a datagram socket that a firewall of this system keeps one name from.
type unwritable struct {
	net.Conn
	name string
}

func (c unwritable) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(c.name)) {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", syscall.EPERM)}
	}
	return c.Conn.Write(p)
}

// A question that could not be sent has failed alone: those on the same socket are still answered.
func TestFailureToSend(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: late(300*time.Millisecond, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
		dial := r.dial
		r.dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
			conn, err := dial(ctx, network, server)
			return unwritable{conn, "denied"}, err
		}
		var others sync.WaitGroup
		others.Go(func() { wantAll(t, lookUp(t, r, 20, series(0, 20)...), "found", 20) })
		time.Sleep(100 * time.Millisecond)
		wantAll(t, lookUp(t, r, 1, "denied.test"), "dns_failure: operation not permitted (asked 127.0.0.1:53)", 1)
		others.Wait()
		if n.count() != 40 {
			t.Errorf("%d packets for 20 names", n.count())
		}
	})
}

// There are resolvers that never answer for IPv6.
func TestServerWithoutOneFamily(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: only(dns.TypeAAAA, silent, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		wantAll(t, lookUp(t, r, 10_000, series(0, 10_000)...), "found", 10_000)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestSocketsAreSharedAndChanged(t *testing.T) {
	for _, tt := range []struct {
		options     string
		most, least int
	}{{"", 4, 4}, {"options single-request-reopen\n", 4, 4}} {
		in(t, lab{resolv: resolvConf + tt.options, servers: map[string]behavior{a: numbered}}, func(t *testing.T, r *Resolver, n *network) {
			wantAll(t, lookUp(t, r, 64, series(0, 3*maxQueries/2+10)...), "found", 3*maxQueries/2+10)
			if n.ports < tt.least || n.ports > tt.most {
				t.Errorf("%d sockets for %d questions", n.ports, n.count())
			}
			if len(n.ids) < n.count()*9/10 {
				t.Errorf("%d ids in %d questions", len(n.ids), n.count())
			}
		})
	}
}

// A balancer can lead each port to another of several servers, of which one is dead.
func TestDeadServerBehindAPort(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: func(q asked) []packet {
		if q.port == 1 {
			return nil
		}
		return numbered(q)
	}}}, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		wantAll(t, lookUp(t, r, 100, series(0, 100)...), "found", 100)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("took %v", took)
		}
		if n.ports > 2 {
			t.Errorf("%d sockets", n.ports)
		}
	})
}

// A server that is silent at each port costs a bounded number of descriptors.
func TestSocketsOfASilentServer(t *testing.T) {
	in(t, lab{config: Config{Timeout: time.Minute}, servers: map[string]behavior{a: silent}}, func(t *testing.T, r *Resolver, n *network) {
		var all sync.WaitGroup
		all.Go(func() { lookUp(t, r, 20, series(0, 20)...) })
		time.Sleep(time.Minute - time.Second)
		n.mu.Lock()
		open := n.open
		n.mu.Unlock()
		if open < 2 || open > maxSockets {
			t.Errorf("%d sockets", open)
		}
		all.Wait()
	})
}

func TestDeadlineOfAHost(t *testing.T) {
	in(t, lab{servers: map[string]behavior{a: late(2*time.Second, numbered)}}, func(t *testing.T, r *Resolver, n *network) {
		begun := time.Now()
		_, err := r.Lookup(t.Context(), Query{Name: "h1.test", Deadline: begun.Add(time.Second)})
		var e *Error
		if !errors.As(err, &e) || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		// The lookup goes on for others.
		wantAll(t, lookUp(t, r, 1, "h1.test"), "found", 1)
		if time.Since(begun) != 2*time.Second {
			t.Errorf("found after %v", time.Since(begun))
		}
	})
}

func TestEndOfTheRun(t *testing.T) {
	for _, closes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			l := lab{resolv: resolvConf + "options use-vc\n", servers: map[string]behavior{a: silent}}
			if closes {
				l.resolv = resolvConf
			}
			r, n := l.start(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var all sync.WaitGroup
			for i := range 1000 {
				all.Go(func() {
					if _, err := r.Lookup(ctx, Query{Name: fmt.Sprintf("h%d.test", i)}); err == nil {
						t.Error("found")
					}
				})
			}
			time.Sleep(time.Second)
			if closes {
				r.Close()
			} else {
				cancel()
			}
			begun := time.Now()
			all.Wait()
			r.Close()
			if !time.Now().Equal(begun) {
				t.Errorf("took %v to end", time.Since(begun))
			}
			if n.open != 0 {
				t.Errorf("%d connections are open", n.open)
			}
			if _, err := r.Lookup(t.Context(), Query{Name: "h1.test"}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a lookup after the end: %v", err)
			}
		})
	}
}

// Nothing is read until a name is looked up, and then once.
func TestFilesAreReadWhenNeeded(t *testing.T) {
	reads := 0
	c := Config{Etc: t.TempDir(), Env: func(string) (string, bool) { reads++; return "", false }}
	r := New(t.Context(), c)
	r.system = nil
	if _, err := r.Lookup(t.Context(), Query{Name: "192.0.2.1"}); err != nil || reads > 0 {
		t.Errorf("%v, and %d reads for an address", err, reads)
	}
	for range 2 {
		if _, err := r.Lookup(t.Context(), Query{Name: "localhost"}); err != nil || reads != 2 {
			t.Errorf("%v, and %d variables read, not two", err, reads)
		}
	}
	r.Close()
}

// The system's own resolver is used where resolv.conf is not how to find a server.
func TestSystemResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := lab{config: Config{Family: 6}}.start(t)
		running, most := 0, 0
		var mu sync.Mutex
		r.system = func(ctx context.Context, network, name string) ([]netip.Addr, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			defer func() { mu.Lock(); running--; mu.Unlock() }()
			switch {
			case network != "ip6":
				t.Error(network)
			case name == "silent.test":
				<-ctx.Done()
				return nil, ctx.Err()
			case name == "nothing.test":
				return nil, &net.DNSError{IsNotFound: true}
			case isIn(name, "localhost"), isIn(name, "onion"):
				t.Errorf("%s is asked for", name)
			case name == "broken.test":
				return nil, &net.DNSError{Err: "server misbehaving", Server: "unknown"}
			}
			time.Sleep(time.Second)
			return []netip.Addr{netip.MustParseAddr("2001:db8::1")}, nil
		}
		var all sync.WaitGroup
		for i := range 2 * maxLookups {
			all.Go(func() {
				if got := say(r.Lookup(t.Context(), Query{Name: fmt.Sprintf("h%d.test", i)})); got != "2001:db8::1" {
					t.Error(got)
				}
			})
		}
		all.Wait()
		if most <= firstLookups || most > maxLookups {
			t.Errorf("%d at once", most)
		}
		for name, want := range map[string]string{
			"silent.test":  "timeout: timed out after 5s",
			"nothing.test": "not_found: no such host",
			"broken.test":  "dns_failure: server misbehaving",
			"localhost":    "::1",
			"a.localhost.": "::1",
			"abc.onion":    "not_found: names in .onion are found by Tor alone",
		} {
			if got := say(r.Lookup(t.Context(), Query{Name: name})); got != want {
				t.Errorf("%q, not %q", got, want)
			}
		}
		r.Close()
	})
}
