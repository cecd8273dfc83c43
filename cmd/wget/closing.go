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
	in          int // targets of the shard that were read
	whole       bool
	interrupted bool
	elapsed     time.Duration
}

// writeClosing writes the lines that stand below all records. A run that was
// interrupted has them whatever the number of hosts. A part has one line only,
// since there are many parts.
func (c *config) writeClosing(stderr io.Writer, d *destination, summary *report.Summary, e closing) {
	if text := summary.Interrupted(); text != "" && c.report.CountInterrupted {
		fmt.Fprintf(stderr, "%s: %s\n", c.report.Program, text)
	}
	name := ""
	if !c.shard.isAll() || c.keep.dir != "" {
		name = c.shard.String() + ": "
	}
	switch {
	case c.quiet:
	case c.keep.dir != "":
		if e.whole || e.interrupted {
			fmt.Fprintf(stderr, "%s%s in %.2f s\n", name, d.kept.receipt(e), e.elapsed.Seconds())
		}
	default:
		if summary.Total() > 1 || e.interrupted {
			fmt.Fprintf(stderr, "%s%s\n%s", name, summary.Line(e.elapsed), summary.Breakdown())
			if len(c.report.Checks) > 0 {
				fmt.Fprintln(stderr, report.Escape(summary.Checks.String()))
			}
		}
		if c.keep.resume && (e.whole || e.interrupted) {
			fmt.Fprintln(stderr, d.kept.receipt(e))
		}
	}
}

// receipt accounts for the targets of the list. How many there are is not known if
// the run has ended early.
func (j *journal) receipt(e closing) string {
	counts := fmt.Sprintf("%s answered + %s failed", thousands(j.recorded.Reached), thousands(j.recorded.Missed))
	if !e.whole {
		return "so far " + counts
	}
	return fmt.Sprintf("%s in = %s + %s missing", thousands(e.in), counts, thousands(e.in-j.recorded.Reached-j.recorded.Missed))
}

// thousands writes a number with a comma before each three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
