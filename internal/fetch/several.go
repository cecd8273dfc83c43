package fetch

import (
	"errors"
	"strings"
)

// separators stand between the targets of a text that looks like several.
const separators = " ,;|"

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
