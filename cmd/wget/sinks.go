package wget

import (
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
// is to be one. A page that would overwrite an input or the records is refused
// before anything is opened.
func openSinks(c *config, s streams) (*sinks, error) {
	if err := c.checkPage(s); err != nil {
		return nil, err
	}
	out, err := openOutput(c.output, s.out)
	if err != nil {
		return nil, err
	}
	opened := &sinks{
		[]report.Sink{{Format: c.format, Out: out, Terminal: isStdout(c.output) && isTerminal(s.out)}},
		[]io.Closer{out},
	}
	if c.page != "" {
		page, err := os.Create(c.page)
		if err != nil {
			out.Close()
			return nil, fileError(fmt.Errorf("--report: %w", err))
		}
		opened.list = append(opened.list, report.Sink{Format: report.Page(), Out: page})
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

// checkPage refuses a page that would overwrite what else the run reads or writes.
func (c *config) checkPage(s streams) error {
	if c.page == "" {
		return nil
	}
	if !isStdout(c.output) && isSamePath(c.page, c.output) {
		return usage("--report %s: the records go there", c.page)
	}
	info, err := os.Stat(c.page)
	if err != nil || !info.Mode().IsRegular() {
		return nil // no file yet, or one that keeps nothing
	}
	for _, name := range c.files {
		in, err := os.Stat(name)
		if name == "-" {
			in, err = statOf(s.in)
		}
		if err == nil && os.SameFile(info, in) {
			return usage("--report %s: it is also an input", c.page)
		}
	}
	if out, err := statOf(s.out); err == nil && isStdout(c.output) && os.SameFile(info, out) {
		return usage("--report %s: the records go there", c.page)
	}
	return nil
}

// isSamePath reports whether two names lead to the same place, whether or not
// there is a file yet.
func isSamePath(a, b string) bool {
	if one, err := os.Stat(a); err == nil {
		other, err := os.Stat(b)
		return err == nil && one.Mode().IsRegular() && os.SameFile(one, other)
	}
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// statOf describes the file behind a stream.
func statOf(stream any) (os.FileInfo, error) {
	f, ok := stream.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return f.Stat()
}
