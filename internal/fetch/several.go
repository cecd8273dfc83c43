package fetch

import (
	"errors"
	"fmt"
	"strings"
)

// separators stand between the targets of a text that looks like several.
const separators = " ,;|"

// oneByOne is the advice for a text that looks like several targets.
const oneByOne = "each target needs an argument, or a line, of its own"

// checkSeveral refuses what looks like several targets in one text. A comma and
// the like can stand in a path, unless a URL follows.
func checkSeveral(authority, path string) error {
	if strings.ContainsAny(authority, separators) && isList(authority) {
		return errSeveral()
	}
	if first, _, found := strings.Cut(authority, "-"); found && strings.Contains(first, ":") && isAddr(first) {
		return errRange()
	}
	path, _, _ = strings.Cut(path, "?")
	for before, after, found := strings.Cut(path, "://"); found; before, after, found = strings.Cut(after, "://") {
		if i := strings.LastIndexAny(before, "/"+separators); i >= 0 && before[i] != '/' && isHTTP(before[i+1:]) {
			return errSeveral()
		}
	}
	return nil
}

func errSeveral() error { return errors.New("looks like several targets: " + oneByOne) }

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
