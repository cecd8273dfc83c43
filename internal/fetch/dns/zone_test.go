package dns

import (
	"strings"
	"time"

	"github.com/miekg/dns"
)

// zone answers from records, as a resolver does that knows all there is. Digits at the end of a name's first label
// mean nothing, so that a test has as many names as it likes.
func zone(text string) behavior {
	records := make(map[string][]dns.RR) // by name
	parser := dns.NewZoneParser(strings.NewReader("$TTL 60\n"+text), ".", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name := strings.ToLower(rr.Header().Name)
		records[name] = append(records[name], rr)
	}
	if err := parser.Err(); err != nil {
		panic(err)
	}
	return func(q asked) []packet {
		m := new(dns.Msg).SetReply(q.Msg)
		m.RecursionAvailable = true
		owner := q.Question[0].Name
		for hops := 0; hops <= 40; hops++ {
			there := find(records, strings.ToLower(owner))
			if there == nil {
				m.Rcode = dns.RcodeNameError
				break
			}
			next := ""
			for _, rr := range there {
				rr = dns.Copy(rr)
				rr.Header().Name = owner
				if alias, ok := rr.(*dns.CNAME); ok {
					next = alias.Target
				} else if rr.Header().Rrtype != q.Question[0].Qtype {
					continue
				}
				m.Answer = append(m.Answer, rr)
			}
			if next == "" {
				break
			}
			owner = next
		}
		size := dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
			m.SetEdns0(dns.DefaultMsgSize, false)
		}
		if q.network == "udp" {
			m.Truncate(size)
		}
		return pack(m)
	}
}

func find(records map[string][]dns.RR, name string) []dns.RR {
	first, rest, _ := strings.Cut(name, ".")
	for _, name := range []string{name, strings.TrimRight(first, "0123456789") + "." + rest, "*." + rest} {
		if there := records[name]; there != nil {
			return there
		}
	}
	return nil
}

func pack(m *dns.Msg) []packet {
	raw, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return []packet{{raw: raw}}
}

// rcode answers everything with a code.
func rcode(code int) behavior {
	return func(q asked) []packet { return pack(new(dns.Msg).SetRcode(q.Msg, code)) }
}

// reset ends a connection by TCP, and sends no datagram.
func reset(asked) []packet { return []packet{{}} }

func silent(asked) []packet { return nil }

// late answers as another server does, some time later.
func late(d time.Duration, s behavior) behavior {
	return func(q asked) []packet {
		answers := s(q)
		for i := range answers {
			answers[i].after += d
		}
		return answers
	}
}

// only has one server answer for one type, and another for the rest.
func only(t uint16, s, others behavior) behavior {
	return func(q asked) []packet {
		if q.Question[0].Qtype == t {
			return s(q)
		}
		return others(q)
	}
}

// below has one server answer for names in a domain, and another for the rest.
func below(domain string, s, others behavior) behavior {
	return func(q asked) []packet {
		if dns.IsSubDomain(domain, q.Question[0].Name) {
			return s(q)
		}
		return others(q)
	}
}

// byTCP has one server answer by TCP, and another datagrams.
func byTCP(tcp, udp behavior) behavior {
	return func(q asked) []packet {
		if q.network == "tcp" {
			return tcp(q)
		}
		return udp(q)
	}
}

// edit changes the answers of a server.
func edit(s behavior, change func(q asked, m *dns.Msg)) behavior {
	return func(q asked) []packet {
		var all []packet
		for _, answer := range s(q) {
			m := new(dns.Msg)
			if err := m.Unpack(answer.raw); err != nil {
				panic(err)
			}
			change(q, m)
			all = append(all, packet{answer.after, pack(m)[0].raw})
		}
		return all
	}
}
