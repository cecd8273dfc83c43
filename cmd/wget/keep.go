package wget

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"wget/internal/fetch"
	"wget/internal/report"
)

// keep says whether and where the records of a run are kept, so that the run can
// be gone on with. The zero value keeps none.
type keep struct {
	resume bool   // -c: the output is gone on with
	again  bool   // targets that failed are asked again
	dir    string // --out: the directory of the parts
}

func (k keep) isOn() bool { return k.resume || k.dir != "" }

// flag is the flag that keeps the records, for messages.
func (k keep) flag() string {
	if k.dir != "" {
		return "--out"
	}
	return "-c"
}

// checkKept refuses what could not be read back.
func (c *config) checkKept() error {
	if !c.keep.isOn() {
		return nil
	}
	switch columns := c.report.Columns; {
	case !c.format.Resumable:
		return usage("%s needs --json", c.keep.flag())
	case len(c.report.Match) > 0:
		return usage("%s and --match contradict each other: a record says that its target is done", c.keep.flag())
	case len(columns) > 0 && len(c.report.Checks) > 0:
		return usage("%s with checks needs whole records: leave out --fields", c.keep.flag())
	case len(columns) > 0 && !(hasColumn(columns, "index") && hasColumn(columns, "target")):
		return usage("%s needs index and target among --fields: they say which target is done", c.keep.flag())
	case len(columns) > 0 && c.fetch.AllAddrs && !hasColumn(columns, "edge") && !(hasColumn(columns, "edge.n") && hasColumn(columns, "edge.of")):
		return usage("%s needs edge among --fields: it says which addresses of a target are done", c.keep.flag())
	case len(columns) > 0 && !(hasColumn(columns, "error") || hasColumn(columns, "error.kind") || hasColumn(columns, "status")):
		return usage("%s needs error, error.kind or status among --fields: they say which target has failed", c.keep.flag())
	case len(columns) > 0 && c.fail && c.keep.dir == "" && !hasColumn(columns, "status"):
		return usage("-c with --fail needs status among --fields: it says which target has failed")
	}
	return nil
}

func hasColumn(columns []report.Column, name string) bool {
	return slices.ContainsFunc(columns, func(c report.Column) bool { return c.Name == name })
}

// errWhole says that a part is whole already.
var errWhole = errors.New("the part is whole")

// openKept opens the output of a run that is kept, and reads how far it has come.
// The error is errWhole if there is nothing to do.
func (c *config) openKept(ctx context.Context, list *hosts, s streams) (j *journal, err error) {
	var part *parts
	if c.keep.dir == "" {
		j, err = openAlone(c.output)
	} else {
		part = &parts{c.keep.dir, c.shard}
		j, err = c.openPart(ctx, part, list, s)
	}
	if err != nil {
		return nil, err
	}
	j.part, j.shard, j.again, j.firstKey = part, c.shard, c.keep.again, "index"
	if part == nil { // a part has no line about its checks, and no exit code for them
		j.checks = c.report.Checks
	}
	if columns := c.report.Columns; len(columns) > 0 {
		j.firstKey = columns[0].Name
	}
	var again *hosts
	if j.once = !list.isRepeatable(); !j.once {
		if again, err = newHosts(c, nil); err != nil {
			j.file.Close()
			return nil, err
		}
	}
	if err := j.resume(ctx, again); err != nil {
		j.file.Close()
		return nil, err
	}
	return j, nil
}

// openAlone opens the output of -c. Two runs that write to it would tear each
// other's records.
func openAlone(path string) (*journal, error) {
	j, err := openJournal(path)
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(j.file)
	if err == nil && !locked {
		err = fmt.Errorf("another run writes to %s", path)
	}
	if err != nil {
		j.file.Close()
		return nil, fileError(err)
	}
	return j, nil
}

// openPart opens the part of --out.
func (c *config) openPart(ctx context.Context, p *parts, list *hosts, s streams) (*journal, error) {
	list.digest = c.newDigest()
	known := ""
	if list.isRepeatable() {
		var err error
		if known, err = c.fingerprint(ctx, list.inputs); err != nil {
			return nil, err
		}
	}
	if err := p.agree(ctx, known); err != nil {
		return nil, err
	}
	j, err := p.open(ctx, func() {
		fmt.Fprintf(s.err, "%s: %s: another process is at work on it, and is waited for\n", c.report.Program, p.shard)
	})
	if err == errWhole && !c.quiet {
		fmt.Fprintf(s.err, "%s: %s is there\n", p.shard, p.path())
	}
	return j, err
}

// isRepeatable reports whether the list can be read twice.
func (h *hosts) isRepeatable() bool {
	return !slices.ContainsFunc(h.inputs, func(in input) bool { return in.path == "" || in.size() < 0 })
}

// targets are those of the list that are to be asked.
func (j *journal) targets(ctx context.Context, list *hosts) iter.Seq[fetch.Target] {
	if j.once {
		return j.remaining(ctx, list)
	}
	list.done = j.ledger.isDone
	return list.targets(ctx)
}

// destination makes j what a run writes to.
func (j *journal) destination(list *hosts, f report.Format, ordered bool) *destination {
	done := j.ledger.done
	return &destination{
		sink:    report.Sink{Format: report.Finished(f, ordered, &j.recorded), Out: j},
		targets: func(ctx context.Context) iter.Seq[fetch.Target] { return j.targets(ctx, list) },
		expected: func() (int, bool) {
			n, exact := list.expected()
			return max(0, n-done), exact
		},
		close: func(ctx context.Context, whole bool) error { return j.finish(ctx, list, whole) },
		kept:  j,
	}
}

// finish closes the file. A part of which nothing is missing gets its name. The end of
// ctx stops the count of all records, which is no error.
func (j *journal) finish(ctx context.Context, list *hosts, whole bool) error {
	err := j.recount(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil && whole {
		err = j.complete(list)
	}
	if err == nil && whole && j.part != nil {
		return j.part.publish(j.file)
	}
	closed := j.file.Close()
	return cmp.Or(err, closed)
}

// recount leaves out records that are no longer the last of their target, and
// holds the checks against all that are.
func (j *journal) recount(ctx context.Context) error {
	end := j.end
	if j.isCut {
		var err error
		if end, err = j.file.Seek(0, io.SeekCurrent); err != nil {
			return err
		}
	}
	if j.again {
		if err := j.tally(ctx, end, false); err != nil {
			j.uncounted = true
			return err
		}
	}
	if len(j.checks) == 0 {
		return nil
	}
	return j.recheck(ctx, end)
}

// complete makes sure that the file is what it has to be, and nothing else.
func (j *journal) complete(list *hosts) error {
	if err := j.cut(); err != nil || j.part == nil {
		return err
	}
	return j.part.agree(context.Background(), fingerprint(list.digest)) // a part that is whole is not given up for a signal
}
