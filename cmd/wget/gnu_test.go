package wget

import (
	"strings"
	"testing"
)

// A flag that this command has is not told to be another program's.
func TestForeignFlagsAreNotOurs(t *testing.T) {
	groups := new(flags).groups()
	for _, f := range foreign() {
		for _, name := range f.names {
			for _, g := range groups {
				long, isLong := strings.CutPrefix(name, "--")
				if isLong && g.flags.Lookup(long) != nil || !isLong && len(name) == 2 && g.flags.ShorthandLookup(name[1:]) != nil {
					t.Errorf("%s is a flag of this command", name)
				}
			}
		}
	}
}
