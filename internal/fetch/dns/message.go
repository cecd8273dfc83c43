package dns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	maxDatagram = 1232 // bytes of an answer by UDP, so that it is not fragmented
	headerLen   = 12   // RFC 1035 section 4.1.1
	optLen      = 11   // an OPT record without options (RFC 6891 section 6.1.2)
	maxAliases  = 32   // CNAME records that are followed
)

// appendQuery appends a question for addresses with recursion desired, numbered 0, and an OPT record that says how
// large an answer may be.
func appendQuery(b []byte, name string, t dnsmessage.Type) []byte {
	const recursionDesired = 1
	b = append(b, 0, 0, recursionDesired, 0, 0, 1, 0, 0, 0, 0, 0, 1)
	for label := range strings.SplitSeq(name, ".") {
		b = append(b, byte(len(label)))
		b = append(b, label...)
	}
	b = append(b, 0, 0, byte(t), 0, byte(dnsmessage.ClassINET))
	return append(b, 0, 0, byte(dnsmessage.TypeOPT), maxDatagram>>8, maxDatagram&0xff, 0, 0, 0, 0, 0, 0)
}

// outcome is what a reply makes of a question.
type outcome uint8

const (
	unanswered outcome = iota
	found              // there are addresses
	noData             // the name exists, without such an address
	noName             // NXDOMAIN
	failed             // this server has no answer
	truncated          // ask the same server by TCP
	oldServer          // ask the same server without EDNS
)

// reply is an answer taken apart.
type reply struct {
	outcome outcome
	addrs   []netip.Addr // if found
	reason  string       // if failed
}

// readReply takes apart the answer to the question of a query, which starts after the header of the query. It is not
// ok if the message is none: a query, or an answer to another question.
func readReply(message, question []byte, name string, withEDNS bool) (r reply, ok bool) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || !h.Response || h.OpCode != 0 {
		return r, false
	}
	switch questions := binary.BigEndian.Uint16(message[4:]); {
	case questions == 0:
		// Servers that refuse a message may send back no more than its header, as unbound does by its access-control.
		switch h.RCode {
		case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
			return r, false
		}
	case questions > 1: // RFC 9619 section 4
		return r, false
	case len(message) < headerLen+len(question), !equalFold(message[headerLen:headerLen+len(question)], question):
		return r, false
	}
	switch h.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
	case dnsmessage.RCodeFormatError:
		if withEDNS {
			return reply{outcome: oldServer}, true
		}
		fallthrough
	default:
		return reply{outcome: failed, reason: rcodeName(h.RCode)}, true
	}
	if h.Truncated {
		return reply{outcome: truncated}, true
	}
	t := dnsmessage.Type(binary.BigEndian.Uint16(question[len(question)-4:]))
	addrs, aliases, err := readAnswers(&p, name, t)
	switch {
	case err != nil:
		return reply{outcome: failed, reason: "malformed answer"}, true
	case len(addrs) > 0 && h.RCode == dnsmessage.RCodeSuccess:
		return reply{outcome: found, addrs: addrs}, true
	}
	isNegative, err := hasSOA(&p)
	if err != nil {
		return reply{outcome: failed, reason: "malformed answer"}, true
	}
	code, err := extendedRCode(&p, h.RCode)
	switch {
	case err != nil:
		return reply{outcome: failed, reason: "malformed answer"}, true
	case code == badVersion && withEDNS:
		return reply{outcome: oldServer}, true
	case code == dnsmessage.RCodeNameError:
		return reply{outcome: noName}, true
	case code != dnsmessage.RCodeSuccess:
		return reply{outcome: failed, reason: rcodeName(code)}, true
	case !isNegative && !h.RecursionAvailable && (!h.Authoritative || aliases > 0):
		return reply{outcome: failed, reason: "no recursion"}, true // a lame delegation, or a referral
	}
	return reply{outcome: noData}, true
}

// readAnswers returns the addresses that belong to a name, at the end of its CNAME records. Records of other owners
// are not believed. CNAME records may stand in any order.
func readAnswers(p *dnsmessage.Parser, name string, t dnsmessage.Type) (addrs []netip.Addr, aliases int, err error) {
	if err := p.SkipAllQuestions(); err != nil {
		return nil, 0, err
	}
	owner := append(make([]byte, 0, 256), name...)
	answers := *p
	for {
		before := aliases
		*p = answers
		for {
			h, err := p.AnswerHeader()
			if err == dnsmessage.ErrSectionDone {
				break
			}
			if err != nil {
				return nil, aliases, err
			}
			mine := h.Class == dnsmessage.ClassINET && equalFold(trimRoot(&h.Name), owner)
			switch {
			case mine && h.Type == t && int(h.Length) != addrLen(t):
				err = errAddrLen // dnsmessage would read on in the next record
			case mine && h.Type == dnsmessage.TypeCNAME && aliases < maxAliases:
				var r dnsmessage.CNAMEResource
				r, err = p.CNAMEResource()
				owner, addrs = append(owner[:0], trimRoot(&r.CNAME)...), nil
				aliases++
			case mine && h.Type == t && t == dnsmessage.TypeA:
				var r dnsmessage.AResource
				r, err = p.AResource()
				addrs = append(addrs, netip.AddrFrom4(r.A))
			case mine && h.Type == t && t == dnsmessage.TypeAAAA:
				var r dnsmessage.AAAAResource
				r, err = p.AAAAResource()
				addrs = append(addrs, netip.AddrFrom16(r.AAAA).Unmap())
			default:
				err = p.SkipAnswer()
			}
			if err != nil {
				return nil, aliases, err
			}
		}
		if len(addrs) > 0 || aliases == before {
			return addrs, aliases, nil
		}
	}
}

var errAddrLen = errors.New("an address of another length than its family's")

// addrLen is the length of an address in a record.
func addrLen(t dnsmessage.Type) int {
	if t == dnsmessage.TypeA {
		return 4
	}
	return 16
}

// trimRoot is a name without the dot at its end.
func trimRoot(n *dnsmessage.Name) []byte { return n.Data[:max(n.Length, 1)-1] }

// hasSOA reports whether the authority section says that there is no such record. A referral has no SOA record there
// (RFC 2308 section 2.2).
func hasSOA(p *dnsmessage.Parser) (has bool, err error) {
	for {
		h, err := p.AuthorityHeader()
		if err == dnsmessage.ErrSectionDone {
			return has, nil
		}
		if err != nil {
			return has, err
		}
		has = has || h.Type == dnsmessage.TypeSOA
		if err := p.SkipAuthority(); err != nil {
			return has, err
		}
	}
}

// extendedRCode adds the upper bits of the code, which an OPT record has (RFC 6891 section 6.1.3).
func extendedRCode(p *dnsmessage.Parser, code dnsmessage.RCode) (dnsmessage.RCode, error) {
	for {
		h, err := p.AdditionalHeader()
		if err == dnsmessage.ErrSectionDone {
			return code, nil
		}
		if err != nil {
			return code, err
		}
		if h.Type == dnsmessage.TypeOPT {
			return h.ExtendedRCode(code), nil
		}
		if err := p.SkipAdditional(); err != nil {
			return code, err
		}
	}
}

const badVersion dnsmessage.RCode = 16

// rcodeName is the name in IANA's registry of RCODEs.
func rcodeName(code dnsmessage.RCode) string {
	names := [...]string{1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS"}
	if int(code) < len(names) && names[code] != "" {
		return names[code]
	}
	return "RCODE " + strconv.Itoa(int(code))
}

// questionOf is the question in a query with EDNS, as it stands in replies too (RFC 1035 section 4.1.2).
func questionOf(query []byte) []byte { return query[headerLen : len(query)-optLen] }

// withoutEDNS is a query without its OPT record.
func withoutEDNS(query []byte) []byte {
	query = slices.Clone(query[:len(query)-optLen])
	query[headerLen-1] = 0
	return query
}
