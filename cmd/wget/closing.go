package wget

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"wget/internal/report"
)

// closing is what the closing lines say beside the counts of the records.
type closing struct {
	started     int // targets asked in this run
	in          int // targets of the shard that were read
	whole       bool
	interrupted bool
	elapsed     time.Duration
}

// writeClosing writes the closing lines. A part has one only, since there are many
// parts, and one target has none.
func (c *config) writeClosing(w io.Writer, d *destination, s *report.Summary, e closing) {
	name := ""
	if !c.shard.isAll() || c.keep.dir != "" {
		name = c.shard.String() + ": "
	}
	if c.keep.dir == "" && (e.started > 1 || e.interrupted) {
		fmt.Fprintf(w, "%s%s\n%s", name, s.Line(e.elapsed), s.Breakdown())
		if len(c.report.Checks) > 0 {
			fmt.Fprintln(w, report.Escape(s.Checks.String()))
		}
	}
	switch {
	case d.kept == nil || !e.whole && !e.interrupted:
	case c.keep.dir == "":
		fmt.Fprintln(w, d.kept.receipt(e))
	default:
		fmt.Fprintf(w, "%s%s in %.2f s\n", name, d.kept.receipt(e), e.elapsed.Seconds())
	}
}

// receipt accounts for the targets of the list. How many there are is not known if
// the run has ended early.
func (j *journal) receipt(e closing) string {
	counts := fmt.Sprintf("%s answered + %s failed", thousands(j.recorded.Answered), thousands(j.recorded.Failed))
	if !e.whole {
		return "so far " + counts
	}
	return fmt.Sprintf("%s in = %s + %s missing", thousands(e.in), counts, thousands(e.in-j.recorded.Total()))
}

// thousands writes a number with a comma before each three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
