package wget

import "testing"

// A flag that this command has is not told to be GNU wget's alone.
func TestGNUFlagsAreNotOurs(t *testing.T) {
	groups := new(flags).groups()
	for _, f := range append(pauseFlags(), downloadFlags()...) {
		for _, g := range groups {
			if g.flags.Lookup(f.name) != nil {
				t.Errorf("--%s is a flag of this command", f.name)
			}
			if f.shorthand != "" && g.flags.ShorthandLookup(f.shorthand) != nil {
				t.Errorf("-%s is a flag of this command", f.shorthand)
			}
		}
	}
}
