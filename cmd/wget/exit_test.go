package wget

import (
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"
)

// What goes first when a run ends with several things at once.
func TestOutcome(t *testing.T) {
	misuse, file, other := usage("wrong"), fileError(io.ErrShortWrite), errors.New("other")
	for _, c := range []struct {
		name string
		end  outcome
		want int
	}{
		{"success", outcome{}, 0},
		{"records", outcome{records: exitNetwork}, 4},
		{"usage", outcome{err: misuse}, 2},
		{"file", outcome{err: file}, 3},
		{"file and a lower record", outcome{err: file, records: exitUsage}, 2},
		{"file and a higher record", outcome{err: file, records: exitNetwork}, 3},
		{"other before records", outcome{err: other, records: exitNetwork}, 1},
		{"signal before all", outcome{signal: syscall.SIGTERM, err: file, records: exitUsage}, 143},
		{"interrupt", outcome{signal: syscall.SIGINT}, 130},
	} {
		if got := c.end.code(); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
		if !slices.ContainsFunc(exitCodes(), func(e exitMeaning) bool { return slices.Contains(e.codes, c.want) }) {
			t.Errorf("%s: the exit codes of the help text do not have %d", c.name, c.want)
		}
	}
}
