package dns

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const (
	a, b, c, d, e = "127.0.0.1:53", "127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:53", "127.0.0.5:53"

	hostRecords = `
h.test. A 192.0.2.1
h.test. AAAA 2001:db8::1
four.test. A 192.0.2.4
six.test. AAAA 2001:db8::6
none.test. TXT "no address"
unrouted.test. A 192.0.2.5
unrouted.test. AAAA 2001:db8:dead::5
`
	mappedRecords = `
mapped.test. A 192.0.2.9
mapped.test. AAAA ::ffff:192.0.2.9
`
	both = "2001:db8::1 192.0.2.1"
)

func addrs(list ...string) []netip.AddrPort {
	var all []netip.AddrPort
	for _, s := range list {
		all = append(all, netip.MustParseAddrPort(s))
	}
	return all
}

// many is a name with so many addresses that a datagram does not hold them.
func many() (records, want string) {
	var text, list strings.Builder
	for i := range 90 {
		fmt.Fprintf(&text, "many.test. A 192.0.2.%d\n", i)
		fmt.Fprintf(&list, " 192.0.2.%d", i)
	}
	return text.String(), list.String()[1:]
}

func TestLookup(t *testing.T) {
	truth := zone(hostRecords)
	manyRecords, manyAddrs := many()
	servfail, refused, notimp := rcode(dns.RcodeServerFailure), rcode(dns.RcodeRefused), rcode(dns.RcodeNotImplemented)
	five := addrs(a, b, c, d, e)
	kubernetes := "nameserver 127.0.0.1\nsearch ns.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
	for _, tt := range []struct {
		name    string
		lab     lab
		target  string // # stands for a number
		want    string
		packets int           // of one lookup; 0 is not checked
		most    time.Duration // that it may take
	}{
		{name: "both families", target: "h#.test", want: both, packets: 2},
		{name: "no such name", target: "nothing#.test", want: "not_found: no such host (asked 127.0.0.1:53)", packets: 2},
		{name: "no address", target: "none#.test", want: "not_found: no address (asked 127.0.0.1:53)", packets: 2},
		{name: "IPv4 only", target: "four#.test", lab: lab{config: Config{Family: 4}}, want: "192.0.2.4", packets: 1},
		{name: "no IPv6", target: "four#.test", lab: lab{config: Config{Family: 6}}, want: "not_found: no IPv6 address (asked 127.0.0.1:53)", packets: 1},
		{name: "no IPv4", target: "six#.test", lab: lab{config: Config{Family: 4}}, want: "not_found: no IPv4 address (asked 127.0.0.1:53)", packets: 1},

		{name: "IPv4 addresses as IPv6, once", target: "mapped#.test", want: "192.0.2.9", packets: 2, lab: lab{servers: map[string]behavior{a: zone(mappedRecords)}}},
		{name: "IPv4 addresses as IPv6, asked for IPv6", target: "mapped#.test", want: "not_found: no IPv6 address (asked 127.0.0.1:53)", packets: 1, lab: lab{config: Config{Family: 6}, servers: map[string]behavior{a: zone(mappedRecords)}}},

		// One family fails.
		{
			name: "SERVFAIL and no data", target: "six#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeAAAA, servfail, truth)}},
			want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 2,
		},
		{
			name: "no data and SERVFAIL", target: "four#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeA, servfail, truth)}},
			want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 2,
		},
		{
			name: "NXDOMAIN and SERVFAIL", target: "nothing#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeA, servfail, truth)}},
			want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 2,
		},
		{
			name: "an address and SERVFAIL", target: "four#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeAAAA, servfail, truth)}},
			want: "192.0.2.4", packets: 2,
		},
		{
			name: "an address and silence", target: "h#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeAAAA, silent, truth)}},
			want: "192.0.2.1 late", most: 5 * time.Second,
		},
		{
			name: "NXDOMAIN and silence", target: "nothing#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeA, silent, truth)}},
			want: "timeout: timed out after 5s (asked 127.0.0.1:53)", most: 5 * time.Second,
		},
		{
			name: "a family that is late", target: "h#.test", lab: lab{servers: map[string]behavior{a: only(dns.TypeAAAA, late(1500*time.Millisecond, truth), truth)}},
			want: "192.0.2.1 late 2001:db8::1", most: 1500 * time.Millisecond,
		},
		{
			name: "a family without a route, and the other late", target: "unrouted#.test",
			lab:  lab{servers: map[string]behavior{a: only(dns.TypeA, late(1500*time.Millisecond, truth), truth)}},
			want: "192.0.2.5 2001:db8:dead::5", most: 1500 * time.Millisecond,
		},
		{
			name: "a family without a route, and silence", target: "unrouted#.test",
			lab:  lab{servers: map[string]behavior{a: only(dns.TypeA, silent, truth)}},
			want: "2001:db8:dead::5", most: 5 * time.Second,
		},

		// One server, and what it says.
		{name: "SERVFAIL", target: "h#.test", lab: lab{servers: map[string]behavior{a: servfail}}, want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 2},
		{name: "REFUSED", target: "h#.test", lab: lab{servers: map[string]behavior{a: refused}}, want: "dns_failure: REFUSED (asked 127.0.0.1:53)", packets: 2},
		{name: "REFUSED by the header alone", target: "h#.test", lab: lab{servers: map[string]behavior{a: edit(refused, func(_ asked, m *dns.Msg) { m.Question = nil })}}, want: "dns_failure: REFUSED (asked 127.0.0.1:53)", packets: 2},
		{name: "NXDOMAIN by the header alone", target: "h#.test", lab: lab{servers: map[string]behavior{a: edit(rcode(dns.RcodeNameError), func(_ asked, m *dns.Msg) { m.Question = nil })}}, want: "timeout: timed out after 5s (asked 127.0.0.1:53)"},
		{name: "NOTIMP", target: "h#.test", lab: lab{servers: map[string]behavior{a: notimp}}, want: "dns_failure: NOTIMP (asked 127.0.0.1:53)", packets: 2},
		{name: "a code without a name", target: "h#.test", lab: lab{servers: map[string]behavior{a: rcode(13)}}, want: "dns_failure: RCODE 13 (asked 127.0.0.1:53)", packets: 2},
		{name: "nobody there", target: "h#.test", lab: lab{servers: map[string]behavior{a: nil}}, want: "dns_failure: connection refused (asked 127.0.0.1:53)", most: 2 * time.Second},
		{name: "silence", target: "h#.test", lab: lab{servers: map[string]behavior{a: silent}}, want: "timeout: timed out after 5s (asked 127.0.0.1:53)", packets: 8, most: 5 * time.Second},
		{name: "slow by 1.3s", target: "h#.test", lab: lab{servers: map[string]behavior{a: late(1300*time.Millisecond, truth)}}, want: both, most: 1300 * time.Millisecond},
		{name: "slow by 4.9s", target: "h#.test", lab: lab{servers: map[string]behavior{a: late(4900*time.Millisecond, truth)}}, want: both, most: 4900 * time.Millisecond},
		{
			name: "slower, and more time", target: "h#.test", lab: lab{config: Config{Timeout: 20 * time.Second}, servers: map[string]behavior{a: late(19*time.Second, truth)}},
			want: both, most: 19 * time.Second,
		},
		{
			name: "lame", target: "h#.test", want: "dns_failure: no recursion (asked 127.0.0.1:53)", packets: 2,
			lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) {
				m.RecursionAvailable, m.Answer = false, nil
				m.Ns = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: "test.", Rrtype: dns.TypeNS, Class: dns.ClassINET}, Ns: "ns.test."}}
			})}},
		},
		{
			name: "an authority's alias of a name without address", target: "c#.test", want: "not_found: no address (asked 127.0.0.1:53)", packets: 2,
			lab: lab{servers: map[string]behavior{a: edit(zone("c.test. CNAME none.test.\nnone.test. TXT x\n"), func(q asked, m *dns.Msg) {
				m.RecursionAvailable, m.Authoritative = false, true
				m.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: "test.", Rrtype: dns.TypeSOA, Class: dns.ClassINET}, Ns: "ns.test.", Mbox: "nobody.test."}}
			})}},
		},
		{
			name: "an authority's alias of a name elsewhere", target: "c#.test", want: "dns_failure: no recursion (asked 127.0.0.1:53)", packets: 2,
			lab: lab{servers: map[string]behavior{a: edit(zone("c.test. CNAME h.example.\nh.example. TXT x\n"), func(q asked, m *dns.Msg) {
				m.RecursionAvailable, m.Authoritative = false, true
			})}},
		},

		// Addresses that are none. The next server is asked, and no byte of the next record is part of an address.
		{
			name: "an address of three bytes", target: "h#.test", want: both,
			lab: lab{
				resolv:  "nameserver 127.0.0.1\nnameserver 127.0.0.2\n",
				servers: map[string]behavior{a: withAddr("cb0071", truth), b: truth},
			},
		},
		{
			name: "an address of five bytes", target: "h#.test", want: "dns_failure: malformed answer (asked 127.0.0.1:53)",
			lab: lab{servers: map[string]behavior{a: withAddr("cb00710102", rcode(dns.RcodeServerFailure))}},
		},
		{
			name: "two questions in the answer", target: "h#.test", want: both, most: time.Second,
			lab: lab{
				resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: edit(truth, func(_ asked, m *dns.Msg) {
					m.Question = append(m.Question, m.Question...)
				}), b: truth},
			},
		},

		// EDNS.
		{name: "FORMERR to EDNS", target: "h#.test", want: both, lab: lab{servers: map[string]behavior{a: withoutOPT(truth, dns.RcodeFormatError, false)}}},
		{name: "the header alone to EDNS", target: "h#.test", want: both, lab: lab{servers: map[string]behavior{a: withoutOPT(truth, dns.RcodeFormatError, true)}}},
		{name: "BADVERS", target: "h#.test", want: both, lab: lab{servers: map[string]behavior{a: withoutOPT(truth, dns.RcodeBadVers, false)}}},
		{name: "FORMERR to all", target: "h#.test", want: "dns_failure: FORMERR (asked 127.0.0.1:53)", lab: lab{servers: map[string]behavior{a: rcode(dns.RcodeFormatError)}}},
		{name: "EDNS is dropped", target: "h#.test", want: both, lab: lab{servers: map[string]behavior{a: withoutOPT(truth, -1, false)}}, most: 3 * time.Second},

		// TCP.
		{name: "truncated", target: "many#.test", want: manyAddrs, packets: 3, lab: lab{servers: map[string]behavior{a: zone(manyRecords)}}},
		{
			name: "truncated, and a server without TCP", target: "many#.test", want: manyAddrs,
			lab: lab{
				resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: byTCP(silent, zone(manyRecords)), b: zone(manyRecords)},
			}, most: time.Second,
		},
		{
			name: "truncated, and asked for by TCP at the same server", target: "many#.test", want: manyAddrs, packets: 3,
			lab: lab{
				resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: zone(manyRecords), b: truth},
			},
		},
		{
			name: "truncated, and no TCP anywhere", target: "many#.test", want: "dns_failure: connection closed over TCP (asked 127.0.0.1:53)", most: 5 * time.Second,
			lab: lab{servers: map[string]behavior{a: byTCP(reset, zone(manyRecords))}},
		},
		{
			name: "truncated, and TCP is silent", target: "many#.test", want: "timeout: timed out after 5s over TCP (asked 127.0.0.1:53)", packets: 3, most: 5 * time.Second,
			lab: lab{servers: map[string]behavior{a: byTCP(silent, zone(manyRecords))}},
		},
		{name: "IPv6 address in zone", target: "fe80::1%eth0", want: "fe80::1%eth0"},
		{name: "use-vc", target: "h#.test", want: both, packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\noptions use-vc\n", servers: map[string]behavior{a: byTCP(truth, servfail)}}},

		// Several servers.
		{
			name: "four bad ones before a good one", target: "h#.test", want: both, most: 700 * time.Millisecond,
			lab: lab{config: Config{Servers: five}, servers: map[string]behavior{a: nil, b: refused, c: servfail, d: notimp, e: truth}},
		},
		{
			name: "a good one before four bad ones", target: "h#.test", want: both, most: 700 * time.Millisecond,
			lab: lab{config: Config{Servers: five}, servers: map[string]behavior{a: truth, b: refused, c: servfail, d: notimp, e: silent}},
		},
		{
			name: "two silent ones", target: "h#.test", want: both, most: 1500 * time.Millisecond,
			lab: lab{resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n", servers: map[string]behavior{a: silent, b: silent, c: truth}},
		},
		{
			name: "all are silent", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53, 127.0.0.2:53)", most: 5 * time.Second,
			lab: lab{resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: silent, b: silent}},
		},
		{
			name: "silence and REFUSED", target: "h#.test", want: "dns_failure: REFUSED (asked 127.0.0.2:53)", most: 5 * time.Second,
			lab: lab{resolv: "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", servers: map[string]behavior{a: silent, b: refused}},
		},

		// Search domains.
		{name: "a short name", target: "h#", want: both, packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\nsearch test\n"}},
		{name: "no search for an absolute name", target: "h#.", want: "not_found: no such host (asked 127.0.0.1:53)", packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\nsearch test\n"}},
		{name: "the root among the domains", target: "h#", want: both, packets: 4, lab: lab{resolv: "nameserver 127.0.0.1\nsearch . test\n"}},
		{name: "the second domain", target: "h#", want: both, packets: 4, lab: lab{resolv: "nameserver 127.0.0.1\nsearch none.example test\n"}},
		{
			name: "a wildcard, and the name fails", target: "h#.test", want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 2,
			lab: lab{resolv: "nameserver 127.0.0.1\nsearch wild.test\n", servers: map[string]behavior{a: below("wild.test.", zone("*.test.wild.test. A 192.0.2.66"), servfail)}},
		},
		{
			name: "a wildcard, and the name is lost", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53)", most: 5 * time.Second,
			lab: lab{resolv: "nameserver 127.0.0.1\nsearch wild.test\n", servers: map[string]behavior{a: below("wild.test.", zone("*.test.wild.test. A 192.0.2.66"), silent)}},
		},
		{
			name: "a wildcard, and one family fails", target: "nothing#.test", want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)",
			lab: lab{resolv: "nameserver 127.0.0.1\nsearch wild.test\n", servers: map[string]behavior{a: below("wild.test.", zone("*.test.wild.test. A 192.0.2.66"), only(dns.TypeA, servfail, truth))}},
		},
		{
			name: "a wildcard, and no such name", target: "nothing#.test", want: "192.0.2.66", packets: 4,
			lab: lab{resolv: "nameserver 127.0.0.1\nsearch wild.test\n", servers: map[string]behavior{a: below("wild.test.", zone("*.test.wild.test. A 192.0.2.66"), truth)}},
		},
		{
			name: "a wildcard behind a domain that fails", target: "h#", want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", packets: 4,
			lab: lab{resolv: "nameserver 127.0.0.1\nsearch bad.test wild.test\n", servers: map[string]behavior{a: below("bad.test.", servfail, zone("*.wild.test. A 192.0.2.66"))}},
		},
		{
			name: "Kubernetes", target: "h#.test", want: both, packets: 8, lab: lab{resolv: kubernetes},
		},
		{
			name: "Kubernetes, whose domains fail", target: "h#.test", want: both, packets: 4,
			lab: lab{resolv: kubernetes, servers: map[string]behavior{a: below("cluster.local.", servfail, truth)}},
		},
		{
			name: "Kubernetes, whose domains are silent", target: "h#.test", want: both, most: 2500 * time.Millisecond,
			lab: lab{resolv: kubernetes, servers: map[string]behavior{a: below("cluster.local.", silent, truth)}},
		},
		{
			name: "Kubernetes, slow by 1.3s", target: "h#.test", want: both, most: 4 * time.Second,
			lab: lab{resolv: kubernetes, servers: map[string]behavior{a: late(1300*time.Millisecond, truth)}},
		},

		// Options and variables.
		{name: "LOCALDOMAIN", target: "h#", want: both, packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\nsearch example\n", env: map[string]string{"LOCALDOMAIN": "test"}}},
		{name: "LOCALDOMAIN without a domain", target: "h#", want: "not_found: no such host (asked 127.0.0.1:53)", packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\nsearch test\n", env: map[string]string{"LOCALDOMAIN": ""}}},
		{name: "RES_OPTIONS", target: "h#.test", want: both, packets: 4, lab: lab{resolv: "nameserver 127.0.0.1\nsearch example\n", env: map[string]string{"RES_OPTIONS": "ndots:2"}}},
		{name: "no-aaaa", target: "h#.test", want: "192.0.2.1", packets: 1, lab: lab{resolv: "nameserver 127.0.0.1\noptions no-aaaa\n"}},
		{name: "no-aaaa and IPv6 only", target: "h#.test", want: "not_found: no IPv6 address", lab: lab{config: Config{Family: 6}, resolv: "nameserver 127.0.0.1\noptions no-aaaa\n"}},
		{name: "single-request", target: "h#.test", want: both, packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\noptions single-request\n"}},
		{name: "single-request-reopen", target: "h#.test", want: both, packets: 2, lab: lab{resolv: "nameserver 127.0.0.1\noptions single-request-reopen\n"}},
		{
			name: "timeout and attempts", target: "h#.test", want: "timeout: timed out after 2s (asked 127.0.0.1:53)", most: 2 * time.Second,
			lab: lab{resolv: "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n", servers: map[string]behavior{a: silent}},
		},

		// The hosts file and nsswitch.conf.
		{name: "hosts", target: "up.test", want: "192.0.2.7", lab: lab{hosts: "192.0.2.7 up.test\n", servers: map[string]behavior{a: nil}}},
		{name: "hosts with IPv4, asked for IPv6", target: "up.test", want: "not_found: no IPv6 address", lab: lab{config: Config{Family: 6}, hosts: "192.0.2.7 up.test\n"}},
		{name: "DNS first", target: "h#.test", want: both, packets: 2, lab: lab{hosts: "192.0.2.7 h.test h0.test\n", order: "hosts: dns files\n"}},
		{name: "DNS first, which does not know", target: "up.test", want: "192.0.2.7", lab: lab{hosts: "192.0.2.7 up.test\n", order: "hosts: dns files\n"}},
		{name: "DNS first, which fails", target: "up.test", want: "192.0.2.7", lab: lab{hosts: "192.0.2.7 up.test\n", order: "hosts: dns [NOTFOUND=return] files\n", servers: map[string]behavior{a: servfail}}},
		{name: "the end at DNS", target: "up.test", want: "not_found: no such host (asked 127.0.0.1:53)", lab: lab{hosts: "192.0.2.7 up.test\n", order: "hosts: dns [NOTFOUND=return] files\n"}},
		{name: "the end at DNS, which fails", target: "up.test", want: "dns_failure: SERVFAIL (asked 127.0.0.1:53)", lab: lab{hosts: "192.0.2.7 up.test\n", order: "hosts: dns [UNAVAIL=return] files\n", servers: map[string]behavior{a: servfail}}},
		{name: "no DNS", target: "h.test", want: "not_found: no such host in the hosts file", lab: lab{order: "hosts: files\n"}},
		{name: "neither", target: "up.test", want: "not_found: nsswitch.conf names neither files nor dns for hosts", lab: lab{hosts: "192.0.2.7 up.test\n", order: "hosts: ldap\n"}},
		{name: "no DNS, and servers given", target: "h#.test", want: both, packets: 2, lab: lab{order: "hosts: files\n", config: Config{Servers: addrs(a)}}},
		{name: "the end at the hosts file", target: "h.test", want: "not_found: no such host in the hosts file", lab: lab{order: "hosts: files [NOTFOUND=return] dns\n"}},

		// Names that are not asked for.
		{name: "localhost", target: "localhost", want: "::1 127.0.0.1"},
		{name: "below localhost", target: "a.LOCALHOST.", want: "::1 127.0.0.1"},
		{name: "localhost of the hosts file", target: "localhost", want: "127.0.0.1", lab: lab{hosts: "127.0.0.1 localhost\n"}},
		{name: "localhost of the hosts file, asked for IPv6", target: "localhost", want: "::1", lab: lab{hosts: "127.0.0.1 localhost\n", config: Config{Family: 6}}},
		{name: "localhost elsewhere", target: "localhost", want: "::1 127.0.0.1", lab: lab{hosts: "192.0.2.1 localhost\n"}},
		{name: "onion", target: "abc.Onion", want: "not_found: names in .onion are found by Tor alone"},
		{name: "an address", target: "192.0.2.9", want: "192.0.2.9"},
		{name: "an address of the other family", target: "192.0.2.9", want: "not_found: no IPv6 address", lab: lab{config: Config{Family: 6}}},
		{name: "an empty label", target: "a..b", want: "not_found: a name with an empty label"},
		{name: "no label", target: ".", want: "not_found: a name with an empty label"},
		{name: "nothing", target: "", want: "not_found: a name with an empty label"},
		{name: "a long label", target: strings.Repeat("a", 70) + ".test", want: "not_found: a label of more than 63 characters"},
		{name: "a long name", target: strings.Repeat("a.", 127) + "aa", want: "not_found: a name of more than 253 characters"},
		{name: "raw UTF-8", target: "bücher.test", want: "not_found: a name with characters that are not ASCII, or spaces"},

		// Answers that are not believed.
		{name: "another question", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53)", lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) { m.Question[0].Name = "other.test." })}}},
		{name: "another class", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53)", lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS })}}},
		{name: "another id", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53)", lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) { m.Id ^= 0x8000 })}}},
		{name: "a query", target: "h#.test", want: "timeout: timed out after 5s (asked 127.0.0.1:53)", lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) { m.Response = false })}}},
		{
			name: "records of another owner", target: "h#.test", want: "not_found: no address (asked 127.0.0.1:53)",
			lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) {
				for _, rr := range m.Answer {
					rr.Header().Name = "other.test."
				}
			})}},
		},
		{
			name: "records of another class", target: "h#.test", want: "not_found: no address (asked 127.0.0.1:53)",
			lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) {
				for _, rr := range m.Answer {
					rr.Header().Class = dns.ClassCHAOS
				}
			})}},
		},
		{
			name: "the name in other letters", target: "h#.test", want: both, packets: 2,
			lab: lab{servers: map[string]behavior{a: edit(truth, func(q asked, m *dns.Msg) { m.Question[0].Name = strings.ToUpper(m.Question[0].Name) })}},
		},
		{name: "a chain of aliases", target: "c#.test", want: "192.0.2.8", packets: 2, lab: lab{servers: map[string]behavior{a: zone(chain(20))}}},
		{
			name: "a chain in reverse", target: "c#.test", want: "192.0.2.8", packets: 2,
			lab: lab{servers: map[string]behavior{a: edit(zone(chain(20)), func(q asked, m *dns.Msg) {
				for i, j := 0, len(m.Answer)-1; i < j; i, j = i+1, j-1 {
					m.Answer[i], m.Answer[j] = m.Answer[j], m.Answer[i]
				}
			})}},
		},
		{name: "a loop", target: "c#.test", want: "not_found: no address (asked 127.0.0.1:53)", packets: 2, lab: lab{servers: map[string]behavior{a: zone("c.test. CNAME cc.test.\ncc.test. CNAME c.test.\n")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.lab
			if l.resolv == "" {
				l.resolv = "nameserver 127.0.0.1\n"
			}
			if l.servers == nil {
				l.servers = map[string]behavior{a: truth}
			}
			ask := func(t *testing.T, r *Resolver, i int) string {
				answer, err := r.Lookup(t.Context(), Query{Name: strings.ReplaceAll(tt.target, "#", fmt.Sprint(i))})
				return say(answer, err)
			}
			report := func(t *testing.T, n *network) {
				if t.Failed() {
					t.Log(strings.Join(n.log[:min(len(n.log), 40)], "\n"))
				}
			}
			check := func(t *testing.T, got string, n *network, lookups int, begun time.Time) {
				synctest.Wait() // until the servers have counted
				if got != tt.want {
					t.Errorf("%q, not %q", got, tt.want)
				}
				if took := time.Since(begun); took > max(tt.most, 100*time.Millisecond) && tt.most > 0 {
					t.Errorf("took %v", took)
				}
				if lookups > 0 && tt.packets > 0 && n.count() != tt.packets*lookups {
					t.Errorf("%d packets for %d lookups", n.count(), lookups)
				}
			}
			for _, way := range []string{"first", "after others", "twenty at once"} {
				t.Run(way, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r, n := l.start(t)
						begun, lookups := time.Now(), 1
						switch way {
						case "first":
							check(t, ask(t, r, 0), n, 1, begun)
						case "after others":
							for _, name := range []string{"h900.test", "nothing900.test", "w900.wild.test"} {
								_, _ = r.Lookup(t.Context(), Query{Name: name})
								time.Sleep(time.Second)
							}
							begun = time.Now()
							check(t, ask(t, r, 0), n, 0, begun)
						default:
							var all sync.WaitGroup
							lookups = 20
							got := make([]string, lookups)
							for i := range got {
								all.Go(func() { got[i] = ask(t, r, i) })
							}
							all.Wait()
							if !strings.Contains(tt.target, "#") {
								lookups = 1
							}
							for i := range got {
								check(t, got[i], n, lookups, begun)
							}
						}
						r.Close()
						report(t, n)
						if n.open != 0 {
							t.Errorf("%d connections are open", n.open)
						}
					})
				})
			}
		})
	}
}

// withoutOPT answers a query with EDNS by a code, by the header alone, or (-1) not at all.
func withoutOPT(s behavior, code int, headerOnly bool) behavior {
	return func(q asked) []packet {
		switch {
		case q.IsEdns0() == nil:
			return s(q)
		case code < 0:
			return nil
		}
		m := new(dns.Msg).SetReply(q.Msg)
		m.RecursionAvailable = true
		m.Rcode = code
		if code > 15 {
			m.SetEdns0(dns.DefaultMsgSize, false)
		}
		if headerOnly {
			m.Question = nil
		}
		return pack(m)
	}
}

// chain is a name with so many aliases before its address.
func chain(n int) string {
	text := "c.test. CNAME x1x.test.\n"
	for i := 1; i < n; i++ {
		text += fmt.Sprintf("x%dx.test. CNAME x%dx.test.\n", i, i+1)
	}
	return text + fmt.Sprintf("x%dx.test. A 192.0.2.8\n", n)
}

// withAddr puts a record whose address is these bytes, in hexadecimal, before the answers to questions for IPv4.
func withAddr(hex string, s behavior) behavior {
	return edit(s, func(q asked, m *dns.Msg) {
		if question := q.Question[0]; question.Qtype == dns.TypeA {
			m.Rcode = dns.RcodeSuccess
			header := dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Rdlength: uint16(len(hex) / 2)}
			m.Answer = append([]dns.RR{&dns.RFC3597{Hdr: header, Rdata: hex}}, m.Answer...)
		}
	})
}
