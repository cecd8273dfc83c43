package fetch

import (
	"errors"
	"fmt"
	"net/netip"
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
	case more[:min(1, len(more))] == "#":
		return false, errors.New("no CIDR block: a space stands before a comment, and a block has no fragment")
	case more == "", isPort(more), isBracketed && more[0] == ']':
		return false, errors.New("no CIDR block: it has no port and no brackets, as in 192.0.2.0/24 and 2001:db8::/64")
	case strings.ContainsRune(separators, rune(more[0])) && startsWithAddr(strings.TrimLeft(more, separators)):
		return false, fmt.Errorf("looks like several blocks: %s", oneByOne)
	case more[0] == ' ', strings.Trim(more, separators) == "":
		return false, errors.New("no CIDR block: nothing can stand behind it")
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
