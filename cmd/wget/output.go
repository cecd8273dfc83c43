package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"wget/internal/fetch"
	"wget/internal/report"
)

// isStdout reports whether --output-document stands for stdout.
func isStdout(name string) bool { return name == "" || name == "-" }

// openOutput opens the file for the records, or gives stdout, which closing
// leaves open.
func openOutput(name string, stdout io.Writer) (io.WriteCloser, error) {
	if isStdout(name) {
		return struct {
			io.Writer
			io.Closer
		}{stdout, io.NopCloser(nil)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fileError(fmt.Errorf("--output-document: %w", err))
	}
	return f, nil
}

// destination is what a run writes to, and which targets it is for.
type destination struct {
	sink     report.Sink
	targets  func(context.Context) iter.Seq[fetch.Target]
	expected func() (n int, exact bool) // targets, for the progress
	close    func(whole bool) error     // whole: nothing has been left out
	kept     *journal                   // nil if records are not kept
}

// openDestination opens the output. The error is errWhole if there is nothing to do.
func (c *config) openDestination(ctx context.Context, list *hosts, s streams) (*destination, error) {
	if c.keep.isOn() {
		j, err := c.openKept(ctx, list, s)
		if err != nil {
			return nil, err
		}
		return j.destination(list, c.format, c.fetch.Ordered), nil
	}
	out, err := openOutput(c.output, s.out)
	if err != nil {
		return nil, err
	}
	return &destination{
		sink:     report.Sink{Format: c.format, Out: out, Terminal: isStdout(c.output) && isTerminal(s.out)},
		targets:  list.targets,
		expected: list.expected,
		close:    func(bool) error { return out.Close() },
	}, nil
}

// all counts all records, where s counts those of this run.
func (d *destination) all(s *report.Summary) *report.Summary {
	if d.kept == nil {
		return s
	}
	all := d.kept.recorded
	all.Checks = s.Checks
	return &all
}

// writeError is the error of a failed write, or of a list that has changed since.
func writeError(err error) error {
	if coded := new(codedError); errors.As(err, coded) {
		return err
	}
	return fileError(fmt.Errorf("writing: %w", err))
}
