package fetch

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"net/netip"
	"strings"
)

// Every yields every step-th target from the one with the number first on, each
// with its number. The targets between them are not made, so that a part of a
// block costs what it has.
func (s Spec) Every(first, step int) iter.Seq2[int, Target] {
	perAddr := max(1, len(s.ports))
	return func(yield func(int, Target) bool) {
		for next, count := first, s.Count(); next < count; {
			number := next - next%perAddr
			for t := range s.oneAddr(number / perAddr).All() {
				if number == next {
					if !yield(number, t) || step >= count-number {
						return
					}
					next += step
				}
				number++
			}
		}
	}
}

// oneAddr is the spec of the n-th address of a block, and s itself if it is none.
func (s Spec) oneAddr(n int) Spec {
	if s.block.IsValid() {
		addr := addToAddr(s.block.Addr(), uint64(n))
		s.block = netip.PrefixFrom(addr, addr.BitLen())
	}
	return s
}

// addToAddr is the address n after a.
func addToAddr(a netip.Addr, n uint64) netip.Addr {
	b := a.As16()
	low, carry := bits.Add64(binary.BigEndian.Uint64(b[8:]), n, 0)
	binary.BigEndian.PutUint64(b[8:], low)
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+carry)
	if a.Is4() {
		return netip.AddrFrom16(b).Unmap()
	}
	return netip.AddrFrom16(b)
}

// IsSingle reports, without parsing it, that a text counts as one target, whether
// it is one or not. It is false where only [Parse] can tell.
func IsSingle(text []byte, d Defaults) bool {
	if len(d.Ports) > 1 {
		return false
	}
	for i, c := range text {
		if c == '/' {
			return strings.Trim(string(text[i+1:]), "0123456789") != ""
		}
	}
	return true
}

// Only is the spec of one target.
func (t Target) Only() Spec { return Spec{one: t} }
