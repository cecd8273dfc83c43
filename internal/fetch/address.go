package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"wget/internal/fetch/weburl"
)

// ParseHost reads a host as that of a target is read: a name becomes its ASCII form,
// and an address its usual spelling, without brackets.
func ParseHost(text string) (string, error) {
	if err := checkText(text); err != nil {
		return "", err
	}
	name, _, err := parseHost(text)
	return name, err
}

// parseHost reads a name or an address, IPv6 bare or in brackets. The name is in
// its ASCII form; of an address it is the usual spelling, without brackets.
func parseHost(text string) (name string, addr netip.Addr, err error) {
	switch {
	case text == "":
		return "", addr, errors.New("empty host")
	case text[0] == '[':
		addr, ok := parseAddr(strings.TrimSuffix(text[1:], "]"))
		if !ok || text[len(text)-1] != ']' || !addr.Is6() {
			return "", addr, errors.New("no IPv6 address between the brackets")
		}
		return addr.Unmap().String(), addr.Unmap(), nil
	case strings.Contains(text, ":"):
		if addr, ok := parseAddr(text); ok {
			return addr.Unmap().String(), addr.Unmap(), nil
		}
	}
	if name, err = toASCII(text); err != nil {
		return "", addr, err
	}
	if err := checkName(name); err != nil {
		return "", addr, err
	}
	if !endsInNumber(name) {
		return name, addr, nil
	}
	if addr, err = netip.ParseAddr(strings.TrimSuffix(name, ".")); err != nil {
		return "", addr, errors.New("a host that ends in a number must be an IPv4 address of four decimal parts, 0 to 255")
	}
	return addr.String(), addr, nil
}

// parseAddr is netip.ParseAddr for zones that an interface can have. In URLs the
// percent sign before a zone is escaped as %25 (RFC 6874 section 2).
func parseAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() == "" {
		return addr, err == nil
	}
	zone := addr.Zone()
	if after, found := strings.CutPrefix(zone, "25"); found && after != "" {
		zone = after
	}
	return addr.WithZone(zone), !strings.ContainsAny(zone, "/?#[]@:% ")
}

func isAddr(text string) bool {
	_, ok := parseAddr(text)
	return ok
}

// toASCII is the name as it is looked up: escapes decoded, and characters beyond
// ASCII mapped and encoded by UTS 46 as browsers do, without transitional
// processing and without rules for ASCII. A name in ASCII stays as it is.
func toASCII(text string) (string, error) {
	if strings.Contains(text, "%") {
		if decoded := weburl.Unescape(text); checkText(decoded) == nil {
			text = decoded
		}
	}
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return text, nil
	}
	name, err := weburl.UTS46().ToASCII(text)
	if err != nil {
		return "", fmt.Errorf("no internationalised name: %s", strings.TrimPrefix(err.Error(), "idna: "))
	}
	return name, nil
}

// notPlain reports whether r is anything but a character of an ASCII host name.
func notPlain(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_')
}

// checkName holds a name to the limits of RFC 1035 section 2.3.4. It lets
// underscores pass: hosts that are asked over HTTP have them.
func checkName(name string) error {
	if i := strings.IndexFunc(name, notPlain); i >= 0 {
		return errInHost(rune(name[i]))
	}
	if isRange(name) {
		return errRange()
	}
	labels := strings.TrimSuffix(name, ".")
	if len(labels) > 253 {
		return fmt.Errorf("a host of %d characters: 253 is the limit", len(labels))
	}
	for label := range strings.SplitSeq(labels, ".") {
		switch {
		case label == "":
			return errors.New("an empty label in the host")
		case len(label) > 63:
			return fmt.Errorf("a label of %d characters in the host: 63 is the limit", len(label))
		}
	}
	return nil
}

// endsInNumber reports whether the last label is a number, decimal or
// hexadecimal. Such a name is an IPv4 address or nothing, as in browsers.
func endsInNumber(name string) bool {
	name = strings.TrimSuffix(name, ".")
	label := name[strings.LastIndexByte(name, '.')+1:]
	digits := "0123456789"
	if len(label) > 1 && label[0] == '0' && label[1]|0x20 == 'x' {
		label, digits = label[2:], digits+"abcdefABCDEF"
	}
	return strings.Trim(label, digits) == "" && name != ""
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

// nameOf is the name of a host in certificates, which have no zones.
func nameOf(host string, addr netip.Addr) string {
	if addr.IsValid() {
		return addr.WithZone("").String()
	}
	return strings.ToLower(host)
}
