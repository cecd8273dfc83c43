package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The defaults of resolv.conf(5), and the highest values that it takes, as in glibc.
const (
	defaultNdots    = 1
	defaultTimeout  = 5 * time.Second
	defaultAttempts = 2

	maxServers  = 3
	maxNdots    = 15
	maxTimeout  = 30
	maxAttempts = 5

	port = 53
)

// settings are what resolv.conf(5), RES_OPTIONS and LOCALDOMAIN say.
type settings struct {
	servers  []netip.AddrPort
	search   []string // domains, without a dot at their ends; "" is the root
	ndots    int      // a name with as many dots is asked for as it is first
	timeout  time.Duration
	attempts int
	bounded  bool // timeout or attempts were set, so a silent server has their time and no more

	rotate, useTCP, singleRequest, reopen, noAAAA bool
}

// readSettings reads the text of a resolv.conf. The host's name stands in for a search list that is missing.
func readSettings(text string, lookupEnv func(string) (string, bool), hostname string) settings {
	s := settings{ndots: defaultNdots, timeout: defaultTimeout, attempts: defaultAttempts}
	var searched bool
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.HasPrefix(line, words[0]) || line[0] == '#' || line[0] == ';' {
			continue // a keyword starts its line
		}
		switch words[0] {
		case "nameserver":
			if addr, err := netip.ParseAddr(words[1]); err == nil && len(s.servers) < maxServers {
				s.servers = append(s.servers, netip.AddrPortFrom(addr.Unmap(), port))
			}
		case "domain":
			s.search, searched = searchList(words[1:2]), true
		case "search":
			s.search, searched = searchList(words[1:]), true
		case "options":
			s.setOptions(words[1:])
		}
	}
	if domains, isSet := lookupEnv("LOCALDOMAIN"); isSet {
		s.search, searched = searchList(strings.Fields(domains)), true
	}
	options, _ := lookupEnv("RES_OPTIONS")
	s.setOptions(strings.Fields(options))
	if _, domain, _ := strings.Cut(hostname, "."); domain != "" && !searched {
		s.search = searchList([]string{domain})
	}
	if len(s.servers) == 0 {
		s.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
	}
	return s
}

// searchList leaves out dots around a domain, which would be empty labels in a question, and what follows a comment sign.
func searchList(domains []string) []string {
	var list []string
	for _, domain := range domains {
		if domain[0] == '#' || domain[0] == ';' {
			break
		}
		list = append(list, strings.Trim(domain, "."))
	}
	return list
}

func (s *settings) setOptions(options []string) {
	for _, option := range options {
		if option[0] == '#' || option[0] == ';' {
			break
		}
		name, value, _ := strings.Cut(option, ":")
		n, err := strconv.Atoi(value)
		number := err == nil && n >= 0
		switch {
		case name == "ndots" && number:
			s.ndots = min(n, maxNdots)
		case name == "timeout" && number:
			s.timeout, s.bounded = time.Duration(min(max(n, 1), maxTimeout))*time.Second, true
		case name == "attempts" && number:
			s.attempts, s.bounded = min(max(n, 1), maxAttempts), true
		case name == "rotate":
			s.rotate = true
		case name == "use-vc":
			s.useTCP = true
		case name == "single-request":
			s.singleRequest = true
		case name == "single-request-reopen":
			s.singleRequest, s.reopen = true, true
		case name == "no-aaaa":
			s.noAAAA = true
		}
	}
}

// candidates appends the names to ask for, in order, and returns which of them is the name as it was typed.
func (s *settings) candidates(name string) (names []string, typed int) {
	bare := strings.TrimSuffix(name, ".")
	if len(bare) < len(name) || len(s.search) == 0 {
		return []string{bare}, 0
	}
	domains := append(slices.Clip(s.search), "") // the root: the name as it was typed, where it stands first
	if strings.Count(name, ".") >= s.ndots {
		domains = append([]string{""}, s.search...)
	}
	typed = -1
	for _, domain := range domains {
		switch full := bare + "." + domain; {
		case domain != "" && checkName(full) == nil:
			names = append(names, full)
		case domain == "" && typed < 0:
			typed, names = len(names), append(names, bare)
		}
	}
	return names, typed
}
