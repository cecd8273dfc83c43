package wget

import (
	"fmt"
	"io"
	"time"

	"wget/internal/report"
)

// writeClosing writes the lines that stand below all records, if they are about more than
// one host, or the run was interrupted. A part has its receipt only, since there are many
// parts.
func (c *config) writeClosing(stderr io.Writer, summary *report.Summary, elapsed time.Duration, interrupted bool) {
	if text := summary.Interrupted(); text != "" && c.report.CountInterrupted {
		fmt.Fprintf(stderr, "%s: %s\n", c.report.Program, text)
	}
	if c.quiet || c.keep.dir != "" {
		return
	}
	several := summary.Total() > 1 || interrupted
	if several {
		of := ""
		if !c.shard.isAll() {
			of = c.shard.String() + ": "
		}
		fmt.Fprint(stderr, c.report.Quiet(of+summary.Line(elapsed)+"\n"+summary.Breakdown()))
	}
	if n := summary.Checks.Judged; n > 1 || n > 0 && several { // of the hosts of earlier runs too, with -c
		fmt.Fprintln(stderr, report.Escape(summary.Checks.String()))
	}
}

// writeReceipt writes the line that accounts for the targets of a run that is kept.
func (c *config) writeReceipt(stderr io.Writer, receipt string, elapsed time.Duration) {
	switch {
	case c.quiet, receipt == "":
	case c.keep.dir == "":
		fmt.Fprintln(stderr, receipt)
	default:
		fmt.Fprintf(stderr, "%s: %s in %.2f s\n", c.shard, receipt, elapsed.Seconds())
	}
}

// receipt accounts for the targets of the list, of which there are in. How many
// there are is not known of a run that has ended early. The receipt is "" if a signal has
// stopped the count of what is recorded.
func (j *journal) receipt(in int, whole bool) string {
	if j.uncounted {
		return ""
	}
	counts := fmt.Sprintf("%s answered + %s failed", report.Thousands(j.recorded.Reached), report.Thousands(j.recorded.Missed))
	if !whole {
		return "so far " + counts
	}
	return fmt.Sprintf("%s in = %s + %s missing", report.Thousands(in), counts, report.Thousands(in-j.recorded.Reached-j.recorded.Missed))
}
