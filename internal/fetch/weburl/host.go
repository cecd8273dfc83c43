package weburl

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxHost is far above the 253 characters that a name can have, and keeps what a
// server can have computed for it small.
const maxHost = 4096

func (u *URL) setHost(s string) error {
	switch {
	case s == "":
		return errors.New("it has no host")
	case len(s) > maxHost:
		return fmt.Errorf("the host has %d bytes", len(s))
	case s[0] == '[':
		addr, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
		if err != nil || s[len(s)-1] != ']' || !addr.Is6() || addr.Zone() != "" {
			return errors.New("no IPv6 address between the brackets")
		}
		u.setAddr(addr)
		return nil
	}
	name, err := domainToASCII(Unescape(s))
	if err != nil {
		return err
	}
	if !endsInNumber(name) {
		u.Host = name
		return nil
	}
	addr, err := parseIPv4(name)
	if err != nil {
		return err
	}
	u.setAddr(addr)
	return nil
}

func (u *URL) setAddr(addr netip.Addr) { u.Addr, u.Host = addr, addr.String() }

// domainToASCII is the algorithm of that name, not strict: labels may have any
// length, underscores and the like, and a name in ASCII is left as it is, if its
// encoded labels are valid. To look the name up is another matter.
func domainToASCII(s string) (name string, err error) {
	switch {
	case !utf8.ValidString(s):
		return "", errors.New("the host is not UTF-8")
	case isASCII(s) && !hasEncodedLabel(s):
		name = strings.ToLower(s)
	default:
		if name, err = UTS46().ToASCII(s); err != nil {
			return "", fmt.Errorf("no internationalised name: %.200v", err)
		}
		if isASCII(s) && !strings.EqualFold(name, s) {
			return "", errors.New("no internationalised name: a label encodes nothing")
		}
	}
	if name == "" {
		return "", errors.New("it has no host")
	}
	if i := strings.IndexFunc(name, isForbidden); i >= 0 {
		return "", fmt.Errorf("a host cannot hold %q", name[i])
	}
	return name, nil
}

// hasEncodedLabel reports whether a label is, or ought to be, in Punycode.
func hasEncodedLabel(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "xn--") || strings.Contains(s, ".xn--")
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// UTS46 is non-transitional processing with CheckBidi and CheckJoiners, and
// without CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength.
func UTS46() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false), idna.StrictDomainName(false))
}

// isForbidden reports whether r is a forbidden domain code point.
func isForbidden(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`#%/:<>?@[\]^|`, r)
}

// endsInNumber reports whether the last label of a name is a number, which makes
// the name an IPv4 address or nothing. Digits alone are one even if they are no
// octal number.
func endsInNumber(name string) bool {
	name = strings.TrimSuffix(name, ".")
	label := name[strings.LastIndexByte(name, '.')+1:]
	_, isNumber := parseNumber(label)
	return isNumber || label != "" && strings.Trim(label, "0123456789") == ""
}

// parseIPv4 reads one to four numbers, of which the last fills the bytes that
// are left.
func parseIPv4(name string) (netip.Addr, error) {
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, errors.New("an IPv4 address has four parts at most")
	}
	var addr [4]byte
	for i, part := range parts {
		end := i + 1
		if end == len(parts) {
			end = len(addr)
		}
		n, ok := parseNumber(part)
		if !ok || n>>(8*(end-i)) > 0 {
			return netip.Addr{}, errors.New("a host that ends in a number must be an IPv4 address")
		}
		for ; end > i; n >>= 8 {
			end--
			addr[end] = byte(n)
		}
	}
	return netip.AddrFrom4(addr), nil
}

// parseNumber reads a number as C writes it: decimal, 0 octal or 0x hexadecimal.
// One that does not fit is the largest there is.
func parseNumber(s string) (n uint64, ok bool) {
	base, digits := 10, "0123456789"
	switch {
	case strings.HasPrefix(s, "0x"):
		s, base, digits = s[2:], 16, "0123456789abcdef"
		if s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		s, base, digits = s[1:], 8, "01234567"
	}
	if s == "" || strings.Trim(s, digits) != "" {
		return 0, false
	}
	n, _ = strconv.ParseUint(s, base, 64)
	return n, true
}
