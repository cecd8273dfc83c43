package wget

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"wget/internal/fetch"
	"wget/internal/report"
)

// destination is what a run writes to, and which targets it is for.
type destination struct {
	sink     report.Sink
	targets  func(context.Context) iter.Seq[fetch.Target]
	expected func() (n int, exact bool)                  // targets, for the progress
	close    func(ctx context.Context, whole bool) error // whole: nothing has been left out
	file     *os.File                                    // to be emptied before the first record; nil for none
	kept     *journal                                    // nil if records are not kept
}

// openDestination opens the output. It may wait, as for the reader of a pipe. The
// error is errWhole if there is nothing to do.
func (c *config) openDestination(ctx context.Context, list *hosts, s streams) (*destination, error) {
	if c.keep.isOn() {
		j, err := c.openKept(ctx, list, s)
		if err != nil {
			return nil, err
		}
		return j.destination(list, c.format, c.fetch.Ordered), nil
	}
	out, err := openOutput(ctx, c.output, s)
	if err != nil {
		return nil, err
	}
	return &destination{
		sink:     report.Sink{Format: c.format, Out: out, Terminal: isTerminal(out.Writer)},
		targets:  list.targets,
		expected: list.expected,
		close:    func(context.Context, bool) error { return out.close() },
		file:     out.file,
	}, nil
}

// all counts all records, where s counts those of this run.
func (d *destination) all(s *report.Summary) *report.Summary {
	if d.kept == nil {
		return s
	}
	return &d.kept.recorded.Summary
}

// writeError is the error of a failed write, or of a list that has changed since.
func writeError(err error) error {
	if coded := new(codedError); errors.As(err, coded) {
		return err
	}
	return fileError(fmt.Errorf("writing: %w", err))
}
