package wget

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"wget/internal/report"
)

// page is the file of --report, or none.
type page struct {
	file  *os.File
	sinks []report.Sink // of the file
}

// openPage opens the file of --report, if one is named. The file is still to be emptied. A
// page in the place of the records is refused.
func (c *config) openPage(ctx context.Context, s streams) (page, error) {
	switch {
	case c.page == "":
		return page{}, nil
	case c.isPlaceOfRecords(c.page, s):
		return page{}, usage("--report %s: the records go there", c.page)
	}
	f, err := os.OpenFile(c.page, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return page{}, fileError(fmt.Errorf("--report: %w", err))
	}
	return page{f, []report.Sink{{Format: report.Page(), Out: untilStuck(ctx, f)}}}, nil
}

func (p page) close() error { return closeFile(p.file) }

// isPlaceOfRecords reports whether a name leads to where the records go, also if
// there is no file yet.
func (c *config) isPlaceOfRecords(name string, s streams) bool {
	named, records := namedFile("", name), streamFile("stdout", s.out)
	if !isStdout(c.output) {
		records = namedFile("", c.output)
	}
	if named.info != nil || records.info != nil {
		return named.isFed() && records.info != nil && os.SameFile(named.info, records.info)
	}
	a, errA := filepath.Abs(name)
	b, errB := filepath.Abs(c.output)
	return !isStdout(c.output) && errA == nil && errB == nil && a == b
}
