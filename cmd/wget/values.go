package wget

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wget/internal/fetch"
)

// A parser in this file returns an error that does not name the flag: its caller
// knows where the text came from.

// parseEach parses every value of a flag. An error is worded from the text of the
// value and the parser's error.
func parseEach[T any](texts []string, parse func(string) (T, error), word func(text string, err error) error) ([]T, error) {
	var values []T
	for _, text := range texts {
		value, err := parse(text)
		if err != nil {
			return nil, word(text, err)
		}
		values = append(values, value)
	}
	return values, nil
}

// showing words the error of a value that can be shown.
func showing(format string) func(text string, err error) error {
	return func(text string, err error) error { return usage(format, text, err) }
}

// seconds is a flag that reads 5s, 300ms, or plain seconds as GNU wget does.
type seconds time.Duration

func (s *seconds) Type() string { return "SECONDS" }

func (s *seconds) String() string {
	if *s == 0 {
		return "0"
	}
	return time.Duration(*s).String()
}

func (s *seconds) Set(text string) error {
	d, err := time.ParseDuration(text)
	if n, plain := strconv.ParseFloat(text, 64); plain == nil {
		d, err = time.Duration(n*float64(time.Second)), nil
		if n != n || n > 1e9 {
			err = errors.New("out of range")
		}
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	isZero := !strings.ContainsAny(mantissa, "123456789")
	if err != nil || d < 0 || d == 0 && !isZero { // less than can be told, and 0 is no bound
		return errors.New("a duration is seconds, or a number with a unit such as 300ms")
	}
	*s = seconds(d)
	return nil
}

// verbosity is a flag that counts how often it is given.
type verbosity int

func (v *verbosity) Type() string     { return "bool" }
func (v *verbosity) IsBoolFlag() bool { return true }
func (v *verbosity) String() string   { return strconv.FormatBool(*v > 0) }

func (v *verbosity) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if *v++; !on {
		*v = 0
	}
	return err
}

// byteSize is a flag that reads a number of bytes, or of KiB and MiB as in 64k
// and 1m.
type byteSize int

func (b *byteSize) Type() string { return "BYTES" }

func (b *byteSize) String() string {
	switch n := int(*b); {
	case n > 0 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "m"
	case n > 0 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "k"
	default:
		return strconv.Itoa(n)
	}
}

func (b *byteSize) Set(text string) error {
	number, shift := strings.ToLower(text), 0
	if digits, ok := strings.CutSuffix(number, "k"); ok {
		number, shift = digits, 10
	} else if digits, ok := strings.CutSuffix(number, "m"); ok {
		number, shift = digits, 20
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n > math.MaxInt32>>shift {
		return errors.New("a size is a number of bytes, or as in 64k, 1m")
	}
	*b = byteSize(n << shift)
	return nil
}

// perSecond is a flag that reads 50/s, 600/m, 600/h, or plain hosts per second.
type perSecond float64

func (r *perSecond) Type() string { return "N/s" }

func (r *perSecond) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) }

func (r *perSecond) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n > 0 && n < 1e9) {
		return errors.New("a rate is a number of hosts per second, or as in 50/s, 600/m")
	}
	*r = perSecond(n / seconds)
	return nil
}

// wrongHeader words the error of a field for the request. It shows no more of the field
// than its name: the rest can be a credential, and anything can where the colon is missing.
func wrongHeader(_ string, err error) error { return usage("--header: %w", err) }

// parseHeader reads 'Name: value', and 'Name:', which removes a default. An empty
// value is 'Name;', as curl has it.
func parseHeader(text string) (fetch.Field, error) {
	if name, found := strings.CutSuffix(text, ";"); found && fetch.IsToken(name) {
		return fetch.Field{Name: name}, nil
	}
	name, value, found := strings.Cut(text, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found:
		return fetch.Field{}, errors.New("missing colon, as in 'Name: value'")
	case !fetch.IsToken(name):
		return fetch.Field{}, errors.New("the text before the colon cannot be a field name")
	case strings.ContainsAny(value, "\r\n\x00"):
		return fetch.Field{}, fmt.Errorf("the value of %s cannot hold CR, LF or NUL", name)
	}
	return fetch.Field{Name: name, Value: value, Remove: value == ""}, nil
}

// parsePort reads a port of a list, where spaces may stand.
func parsePort(text string) (uint16, error) { return fetch.ParsePort(strings.TrimSpace(text)) }

// parseLocalAddr reads an address of this machine, of a family unless that is 0.
func parseLocalAddr(text string, family int) (netip.Addr, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return addr, errors.New("not an IP address")
	}
	if addr = addr.Unmap(); addr.IsUnspecified() {
		return addr, nil
	}
	if family == 4 && !addr.Is4() || family == 6 && addr.Is4() {
		return addr, fmt.Errorf("contradicts -%d", family)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return addr, errors.New("not an address of this machine")
	}
	return addr, conn.Close()
}

// parseServer reads the address of a resolver, with or without a port. Spaces may
// stand around it.
func parseServer(text string) (netip.AddrPort, error) {
	text = strings.TrimSpace(text)
	server, err := netip.ParseAddrPort(text)
	if err != nil {
		addr, err := parseServerAddr(text)
		if err != nil {
			return server, err
		}
		server = netip.AddrPortFrom(addr, 53)
	}
	if server.Port() == 0 {
		return server, errors.New("a port is a number from 1 to 65535")
	}
	return server, nil
}

// parseServerAddr reads an address, IPv6 bare or in brackets. A bare IPv6 address
// that ends in :53 is refused, since the end was probably meant as a port.
func parseServerAddr(text string) (netip.Addr, error) {
	bare := text
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		bare = text[1 : len(text)-1]
	}
	addr, err := netip.ParseAddr(bare)
	if err != nil {
		return addr, errors.New("not an IP address, with or without a port")
	}
	if before, found := strings.CutSuffix(text, ":53"); found {
		if _, err := netip.ParseAddr(before); err == nil {
			return addr, fmt.Errorf("write [%s]:53 for port 53 of %s, and [%s] for the address", before, before, text)
		}
	}
	return addr, nil
}

// parseTLSVersion reads 1.2, also as TLS 1.2 or TLSv1.2.
func parseTLSVersion(text string) (uint16, error) {
	number := strings.TrimLeft(strings.ToLower(text), "tlsv ")
	for version := uint16(tls.VersionTLS10); version <= tls.VersionTLS13; version++ {
		if tls.VersionName(version) == "TLS "+number {
			return version, nil
		}
	}
	return 0, errors.New("1.0, 1.1, 1.2 or 1.3")
}

// parseCurve reads the name of a key exchange, in any case, as RFC 8446, FIPS
// 186-5 or openssl has it.
func parseCurve(text string) (tls.CurveID, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "x25519":
		return tls.X25519, nil
	case "p-256", "p256", "secp256r1", "prime256v1":
		return tls.CurveP256, nil
	case "p-384", "p384", "secp384r1":
		return tls.CurveP384, nil
	case "p-521", "p521", "secp521r1":
		return tls.CurveP521, nil
	case "x25519mlkem768":
		return tls.X25519MLKEM768, nil
	case "secp256r1mlkem768":
		return tls.SecP256r1MLKEM768, nil
	case "secp384r1mlkem1024":
		return tls.SecP384r1MLKEM1024, nil
	}
	return 0, errors.New("X25519, P-256, P-384, P-521, X25519MLKEM768, SecP256r1MLKEM768 and SecP384r1MLKEM1024 are known")
}
