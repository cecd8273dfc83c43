package fetch

import (
	"iter"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Spec is what one word of input stands for: one target, or a block of
// addresses, times the default ports.
type Spec struct {
	one   Target
	block netip.Prefix // valid for a CIDR block
	ports []uint16     // not empty if each makes a target of its own
	bare  bool         // the text of each target is a host and no more
}

// TLS reports whether the targets are https.
func (s Spec) TLS() bool { return s.one.TLS }

// Count is the number of targets; math.MaxInt stands for more.
func (s Spec) Count() int {
	n := max(1, len(s.ports))
	if !s.block.IsValid() {
		return n
	}
	bits := s.block.Addr().BitLen() - s.block.Bits()
	if n > math.MaxInt>>bits {
		return math.MaxInt
	}
	return n << bits
}

// All yields the targets one by one, without an index. A block is never held
// whole.
func (s Spec) All() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		if !s.block.IsValid() {
			s.each(s.one, yield)
			return
		}
		for addr := s.block.Addr(); s.block.Contains(addr); addr = addr.Next() {
			t := s.one
			t.Addr = addr.Unmap()
			t.Host = t.Addr.String()
			t.Text = t.Host
			if !s.each(t, yield) {
				return
			}
		}
	}
}

// each yields t once for every default port, named after it.
func (s Spec) each(t Target, yield func(Target) bool) bool {
	if len(s.ports) == 0 {
		return yield(t)
	}
	for _, port := range s.ports {
		p := t
		p.Port = port
		if len(s.ports) > 1 {
			p.Text = p.nameWithPort(s.bare)
		}
		if !yield(p) {
			return false
		}
	}
	return true
}

// nameWithPort tells targets apart that share a text. A bare text is a host, with
// a colon at most.
func (t *Target) nameWithPort(bare bool) string {
	switch {
	case !bare:
		return t.URL() + fragmentOf(t.Text) // which a redirect hands on
	case t.Addr.Is6():
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	}
	return strings.TrimSuffix(t.Text, ":") + ":" + strconv.Itoa(int(t.Port))
}
