package fetch

import (
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// parseBlock reads a CIDR block, and reports whether the text is one. The error
// is for a text that is meant as a block and would be taken for an address with a
// path.
func (s *Spec) parseBlock(text string) (isBlock bool, err error) {
	base, length, _ := strings.Cut(text, "/")
	if length == "" || length[0] == '/' {
		return false, nil
	}
	addr, ok := parseAddr(strings.Trim(base, "[]"))
	if !ok {
		return false, nil
	}
	more := strings.TrimLeft(length, "0123456789")
	isBracketed, isNumber := base[0] == '[', len(more) < len(length)
	switch {
	case isAddr(length):
		return false, errors.New("no CIDR block: a prefix length is needed in place of the netmask, as in 10.0.0.0/8")
	case !isNumber:
		return false, nil
	case more == "" && !isBracketed:
		return true, s.setBlock(text, addr)
	case more == "", isPort(more), isBracketed && more[0] == ']':
		return false, errors.New("no CIDR block: it has no port and no brackets, as in 192.0.2.0/24 and 2001:db8::/64")
	case strings.ContainsRune(separators, rune(more[0])) && startsWithAddr(strings.TrimLeft(more, separators)):
		return false, fmt.Errorf("looks like several blocks: %s", oneByOne)
	}
	return false, nil
}

func (s *Spec) setBlock(text string, base netip.Addr) error {
	if base.Zone() != "" {
		return errors.New("no CIDR block: a block has no zone")
	}
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return errors.New("no CIDR block: the prefix length must fit the address, as in 192.0.2.0/24")
	}
	s.block, s.bare = block.Masked(), true
	return nil
}

func isPort(s string) bool {
	digits, found := strings.CutPrefix(s, ":")
	return found && strings.Trim(digits, "0123456789") == ""
}

func startsWithAddr(s string) bool {
	if i := strings.IndexAny(s, "/"+separators); i >= 0 {
		s = s[:i]
	}
	return isAddr(s)
}

// separators stand between the targets of a text that looks like several.
const separators = " ,;|"

// oneByOne is the advice for a text that looks like several targets.
const oneByOne = "each target needs an argument, or a line, of its own"

// checkSeveral refuses what looks like several targets in one text. A comma and
// the like can stand in a path, unless a URL follows.
func checkSeveral(authority, path string) error {
	if strings.ContainsAny(authority, separators) && isList(authority) {
		return fmt.Errorf("looks like several targets: %s", oneByOne)
	}
	if first, _, found := strings.Cut(authority, "-"); found && strings.Contains(first, ":") && isAddr(first) {
		return errRange()
	}
	path, _, _ = strings.Cut(path, "?")
	for before, after, found := strings.Cut(path, "://"); found; before, after, found = strings.Cut(after, "://") {
		if i := strings.LastIndexAny(before, "/"+separators); i >= 0 && before[i] != '/' && isHTTP(before[i+1:]) {
			return fmt.Errorf("looks like several targets: %s", oneByOne)
		}
	}
	return nil
}

// isList reports whether an authority is several hosts. Words with spaces between
// them are hosts only if there is a dot or a port.
func isList(authority string) bool {
	words := strings.FieldsFunc(authority, func(r rune) bool { return strings.ContainsRune(separators, r) })
	return len(words) > 1 && !strings.HasSuffix(words[0], ":") && strings.ContainsAny(authority, ",;|.:")
}

// errInHost is the error for a character that no host can hold.
func errInHost(r rune) error {
	switch r {
	case ' ':
		return errors.New("a host cannot hold spaces")
	case '*', '{', '[':
		return fmt.Errorf("a host cannot hold %q: patterns are not expanded, but a CIDR block is, as 192.0.2.0/24", r)
	}
	return fmt.Errorf("a host cannot hold %q", r)
}

// isRange reports whether a name is a range of IPv4 addresses in one of the usual
// notations. No host has such a name, since every top-level domain has letters.
func isRange(name string) bool {
	return strings.Contains(name, "-") && strings.Count(name, ".") >= 3 && strings.Trim(name, "0123456789.-") == ""
}

func errRange() error {
	return errors.New("a range of addresses is written as a CIDR block, as in 192.0.2.0/24")
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
		return t.URL()
	case t.Addr.Is6():
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	}
	return strings.TrimSuffix(t.Text, ":") + ":" + strconv.Itoa(int(t.Port))
}
