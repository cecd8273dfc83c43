package fetch

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Most names need little of what a resolver knows: they are in no hosts file, no
// search domain comes first, and a datagram holds the answer. These are
// settled here, at half the cost. In any doubt, as when there is no address, a
// name goes to package net's resolver as if nobody had asked before.

const (
	maxName   = 253  // characters (RFC 1035 section 2.3.4)
	maxAnswer = 1232 // bytes of a datagram, so that it is not fragmented; package net's too
)

// shortcut says which names may be asked for as they are. The zero value is for
// none.
type shortcut struct {
	allowed bool
	dots    int             // in a name that is looked up before any search domain is added
	hosts   map[string]bool // names in the hosts file, in lower case
}

// newShortcut reads the system's configuration in the directory etc
// (resolv.conf(5), hosts(5), nsswitch.conf(5)). A system without these files has
// other ways.
func newShortcut(etc string) shortcut {
	config, err := os.ReadFile(filepath.Join(etc, "resolv.conf"))
	if err != nil {
		return shortcut{}
	}
	p := shortcut{allowed: true, dots: 1, hosts: make(map[string]bool)}
	for words := range lines(config, "#;") {
		for _, option := range words {
			if n, ok := strings.CutPrefix(option, "ndots:"); ok && words[0] == "options" {
				p.dots, err = strconv.Atoi(n)
				p.allowed = p.allowed && err == nil
			}
		}
	}
	hosts, _ := os.ReadFile(filepath.Join(etc, "hosts")) // there may be none
	for words := range lines(hosts, "#") {
		for _, name := range words[1:] {
			p.hosts[strings.ToLower(strings.TrimSuffix(name, "."))] = true
		}
	}
	order, _ := os.ReadFile(filepath.Join(etc, "nsswitch.conf")) // nor this
	for words := range lines(order, "#") {
		if words[0] == "hosts:" {
			p.allowed = p.allowed && slices.Contains(words, "dns")
		}
	}
	return p
}

// lines yields the words of each line that has some, up to a comment.
func lines(text []byte, comment string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(string(text)) {
			if i := strings.IndexAny(line, comment); i >= 0 {
				line = line[:i]
			}
			if words := strings.Fields(line); len(words) > 0 && !yield(words) {
				return
			}
		}
	}
}

func (p *shortcut) suits(name string) bool {
	bare := strings.ToLower(strings.TrimSuffix(name, "."))
	return p.allowed && len(name) <= maxName && (len(bare) < len(name) || strings.Count(name, ".") >= p.dots) &&
		!p.hosts[bare] && !strings.HasSuffix(bare, ".local") // RFC 6762
}

// settle returns the addresses of a plain name, best first, or none if there is
// any doubt. A family that is not answered for is left out, since there are
// servers that never answer for one.
func (n *names) settle(name string, l deadline) []netip.Addr {
	server := n.servers.recent()
	if server == "" || !n.shortcut.suits(name) {
		return nil
	}
	types := n.types()
	questions := make(map[dnsmessage.Type]*question, len(types)) // that are not answered
	answers := make(chan []byte, len(types)*maxAnswers)
	var down <-chan struct{}
	for _, t := range types {
		q, err := n.servers.question(server, answers)
		if err != nil {
			return nil
		}
		defer q.Close()
		if _, err := q.Write(appendQuestion(nil, name, t)); err != nil {
			return nil
		}
		questions[t], down = q, q.down
	}
	deadline := l.step(time.Now(), askNoMore).at
	timer := time.NewTimer(pauseToAsk(deadline))
	defer timer.Stop()
	var v4, v6 []netip.Addr
	for len(questions) > 0 {
		select {
		case message := <-answers:
			t, found, ok := readAnswer(message, name)
			switch {
			case questions[t] == nil:
				continue // to nobody's question
			case !ok:
				return nil
			case t == dnsmessage.TypeA:
				v4 = found
			default:
				v6 = found
			}
			delete(questions, t)
		case now := <-timer.C:
			if !now.Before(deadline) {
				if len(questions) == len(types) {
					n.servers.passOver(server)
				}
				return bestFirst(v4, v6)
			}
			for _, q := range questions {
				if q.send() != nil {
					return nil
				}
			}
			timer.Reset(pauseToAsk(deadline))
		case <-down:
			return nil
		case <-n.ctx.Done():
			return nil
		}
	}
	return bestFirst(v4, v6)
}

// bestFirst puts first the family to try first.
func bestFirst(v4, v6 []netip.Addr) []netip.Addr {
	if len(v4) > 0 && len(v6) > 0 && !suitsIPv6(v6[0]) {
		return append(v4, v6...)
	}
	return append(v6, v4...)
}

// suitsIPv6 reports whether a comes before addresses of version 4: there is a
// way to it, from an address of the same kind (RFC 6724 section 6, rules 1 and
// 5). Nothing is sent.
func suitsIPv6(a netip.Addr) bool {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 9)))
	if err != nil {
		return false
	}
	defer conn.Close()
	own := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	return own.IsPrivate() == a.IsPrivate()
}

// types are those of the addresses to use.
func (n *names) types() []dnsmessage.Type {
	switch n.network {
	case "ip4":
		return []dnsmessage.Type{dnsmessage.TypeA}
	case "ip6":
		return []dnsmessage.Type{dnsmessage.TypeAAAA}
	}
	return []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA}
}

// appendQuestion appends a question about a name, numbered 0 (RFC 1035 section
// 4.1), that says how large an answer may be (RFC 6891 section 6.1).
func appendQuestion(b []byte, name string, t dnsmessage.Type) []byte {
	const recurse, options = 1, 41
	b = append(b, 0, 0, recurse, 0, 0, 1, 0, 0, 0, 0, 0, 1)
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		b = append(b, byte(len(label)))
		b = append(b, label...)
	}
	b = append(b, 0, 0, byte(t), 0, byte(dnsmessage.ClassINET))
	return append(b, 0, 0, options, maxAnswer>>8, maxAnswer&0xff, 0, 0, 0, 0, 0, 0)
}

// readAnswer takes an answer apart: what it is about, which is nothing if it is
// about another name, and the addresses. It is not ok if it is cut short, an
// error, or from a server that knows nothing.
func readAnswer(message []byte, name string) (t dnsmessage.Type, addrs []netip.Addr, ok bool) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || !h.Response {
		return 0, nil, false
	}
	q, err := p.Question()
	if err != nil || !equalFold(q.Name.String(), name) {
		return 0, nil, false
	}
	if h.Truncated || h.RCode != dnsmessage.RCodeSuccess || !h.Authoritative && !h.RecursionAvailable || p.SkipAllQuestions() != nil {
		return q.Type, nil, false
	}
	for {
		r, err := p.AnswerHeader()
		switch {
		case err == dnsmessage.ErrSectionDone:
			return q.Type, addrs, true
		case err != nil:
			return q.Type, nil, false
		case r.Type == dnsmessage.TypeA && r.Type == q.Type:
			var a dnsmessage.AResource
			a, err = p.AResource()
			addrs = append(addrs, netip.AddrFrom4(a.A))
		case r.Type == dnsmessage.TypeAAAA && r.Type == q.Type:
			var a dnsmessage.AAAAResource
			a, err = p.AAAAResource()
			addrs = append(addrs, netip.AddrFrom16(a.AAAA).Unmap())
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return q.Type, nil, false
		}
	}
}
