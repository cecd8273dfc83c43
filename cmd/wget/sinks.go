package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wget/internal/report"
)

// sinks are all that the records go to.
type sinks struct {
	list    []report.Sink
	closers []io.Closer
}

// openSinks opens the output for the records, and the file for the page if there
// is to be one. It may wait, as for the reader of a pipe.
func openSinks(ctx context.Context, c *config, s streams) (*sinks, error) {
	if err := checkOutputs(c.outputs(s), c.inputs(s)); err != nil {
		return nil, err
	}
	if err := c.checkPage(s); err != nil {
		return nil, err
	}
	out, err := openOutput(ctx, c.output, s)
	if err != nil {
		return nil, err
	}
	opened := &sinks{
		[]report.Sink{{Format: c.format, Out: out, Terminal: isTerminal(out.Writer)}},
		[]io.Closer{out},
	}
	if c.page != "" {
		page, err := os.OpenFile(c.page, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		if err != nil {
			out.Close()
			return nil, fileError(fmt.Errorf("--report: %w", err))
		}
		opened.list = append(opened.list, report.Sink{Format: report.Page(), Out: untilStuck(ctx, page)})
		opened.closers = append(opened.closers, page)
	}
	return opened, nil
}

// close closes what was opened.
func (s *sinks) close() error {
	var failed []error
	for _, c := range s.closers {
		failed = append(failed, c.Close())
	}
	return errors.Join(failed...)
}

// checkPage refuses a page in the place of the records.
func (c *config) checkPage(s streams) error {
	if c.page == "" {
		return nil
	}
	records := streamFile("stdout", s.out)
	if !isStdout(c.output) {
		records = namedFile("--output-document", c.output)
	}
	page := namedFile("--report", c.page)
	isSame := page.isFed() && records.info != nil && os.SameFile(page.info, records.info)
	if page.info == nil && records.info == nil { // files that are to be made
		a, errA := filepath.Abs(c.page)
		b, errB := filepath.Abs(c.output)
		isSame = errA == nil && errB == nil && a == b
	}
	if isSame {
		return usage("--report %s: the records go there", c.page)
	}
	return nil
}
