package dns

import (
	"errors"
	"strings"
)

// sources are where names are looked up, and in which order.
type sources struct {
	files, dns bool
	dnsFirst   bool // before the hosts file
	// With dnsFirst, the hosts file is not searched for a name that DNS does not know, or when DNS has failed.
	notFoundEnds, failureEnds bool
}

// filesAfter reports whether the hosts file is searched after DNS has ended in an error.
func (s sources) filesAfter(err error) bool {
	var e *Error
	if errors.As(err, &e) && e.NotFound {
		return s.files && s.dnsFirst && !s.notFoundEnds
	}
	return s.files && s.dnsFirst && !s.failureEnds
}

// readSources reads the last line about hosts of nsswitch.conf(5).
func readSources(text string) sources {
	s := sources{files: true, dns: true}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if database, services, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(database) == "hosts" {
			s = readServices(services)
		}
	}
	return s
}

// readServices reads which services a line has: the hosts file (files), DNS (dns), and one after the other (resolve:
// systemd-resolved reads the hosts file itself, and resolv.conf names it too). Others are passed over.
func readServices(services string) (s sources) {
	known := false // the service before an action is one of ours
	for _, word := range splitActions(services) {
		switch {
		case word == "files", word == "resolve":
			s.dnsFirst = s.dnsFirst || !s.files && s.dns
			s.files, known = true, true
			s.dns = s.dns || word == "resolve"
		case word == "dns":
			s.dns, known = true, true
		case word[0] != '[':
			known = false
		case known:
			notFound, failure := ends(word)
			if !s.files {
				s.notFoundEnds, s.failureEnds = notFound, failure
			} else if notFound {
				return s
			}
		}
	}
	return s
}

// splitActions splits services at spaces, and keeps what is in brackets in one piece.
func splitActions(services string) []string {
	var words []string
	for services = strings.TrimSpace(services); services != ""; services = strings.TrimSpace(services) {
		end := strings.IndexAny(services, " \t[")
		if services[0] == '[' {
			end = strings.IndexByte(services, ']') + 1
		}
		if end <= 0 {
			end = len(services)
		}
		words = append(words, strings.ToLower(services[:end]))
		services = services[end:]
	}
	return words
}

// ends reports whether an action, such as [NOTFOUND=return], ends the search when the service before it does not know the
// name, and when it has failed. As in glibc a state with ! stands for all others, and the last word about a state counts.
func ends(action string) (notFound, failure bool) {
	words := strings.Fields(strings.ReplaceAll(strings.Trim(action, "[]"), "=", " = "))
	for ; len(words) >= 3; words = words[3:] {
		state, negated := strings.CutPrefix(words[0], "!")
		if (state == "notfound") != negated {
			notFound = words[2] == "return"
		}
		if (state == "unavail") != negated {
			failure = words[2] == "return"
		}
	}
	return notFound, failure
}
