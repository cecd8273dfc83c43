package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"wget/internal/fetch"
	"wget/internal/report"
)

// journal is an output that can be gone on with after any end of the run. There is
// no other state: it is what says which targets have been asked, and of which list.
type journal struct {
	path     string
	file     *os.File
	shard    shard
	firstKey string // of each record
	end      int64  // of the whole records of earlier runs
	isCut    bool   // nothing follows them that is not of this run
	ledger   *ledger
	recorded report.Recorded // all records that count, those of earlier runs too

	uncounted bool // recorded is not right: a signal has stopped the count

	once   bool           // the list can be read once only, and is compared as it goes by
	again  bool           // targets that failed are asked again
	checks []report.Check // to hold against all records
	part   *parts         // the records are a part of --out; nil if not
}

// openJournal opens a file for this process alone. The file is left as it is until
// it is resumed.
func openJournal(path string) (*journal, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, usage("%s is no regular file, and could not be read back", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fileError(err)
	}
	return &journal{path: path, file: f}, nil
}

// resume reads the records, and compares them with the list. It changes nothing.
// list is nil if the list can only be read once.
func (j *journal) resume(ctx context.Context, list *hosts) error {
	info, err := j.file.Stat()
	if err != nil {
		return fileError(err)
	}
	if j.end, err = report.EndOfEntries(j.file, info.Size(), j.firstKey); err != nil {
		return j.refused(err)
	}
	if err := j.tally(ctx, j.end, j.again); err != nil {
		return err
	}
	if list == nil {
		return nil
	}
	return j.verify(ctx, list)
}

// Write appends records. The part of a record that a dead process has left is cut
// off before the first write, and not earlier: the list may turn out to be another.
func (j *journal) Write(p []byte) (int, error) {
	if err := j.cut(); err != nil {
		return 0, err
	}
	return j.file.Write(p)
}

func (j *journal) cut() error {
	if j.isCut {
		return nil
	}
	if err := j.file.Truncate(j.end); err != nil {
		return err
	}
	_, err := j.file.Seek(j.end, io.SeekStart)
	j.isCut = err == nil
	return err
}

// verify reads the list as far as something of it is recorded.
func (j *journal) verify(ctx context.Context, list *hosts) error {
	if j.ledger.left == 0 {
		return nil
	}
	for t := range list.targets(ctx) {
		if !j.ledger.compare(&t) {
			return j.difference()
		}
		if j.ledger.left == 0 {
			return nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case list.failed != nil:
		return list.failed
	case !j.ledger.end():
		return j.difference()
	}
	return nil
}

// tally counts the records that end at an offset, and enters them into the ledger.
func (j *journal) tally(ctx context.Context, end int64, again bool) error {
	j.ledger, j.recorded = newLedger(j.shard), report.Recorded{}
	for r, err := range j.records(end) {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case j.ledger.isRecorded(r.index): // a later record counts
			continue
		}
		j.recorded.Add(r.entries)
		failed := slices.ContainsFunc(r.entries, func(e report.Entry) bool { return e.Kind != "" })
		j.ledger.add(r.index, r.text, failed && again)
	}
	return nil
}

// refused says why the file cannot be gone on with. Another try would not help.
func (j *journal) refused(err error) error {
	if file := new(os.PathError); errors.As(err, &file) {
		return fileError(err)
	}
	return usage("%s cannot be continued: %w", j.path, err)
}

// recordedTarget is what is recorded of a target: a record, or one for each of its
// addresses.
type recordedTarget struct {
	index   int
	text    []byte         // valid until the next
	entries []report.Entry // the last of the file first
}

// records yields the recorded targets from the last to the first. Those that were
// canceled are left out: they are to be asked again.
func (j *journal) records(end int64) iter.Seq2[recordedTarget, error] {
	return func(yield func(recordedTarget, error) bool) {
		var r recordedTarget
		missing := 0 // addresses before those in r
		canceled := false
		for e, err := range report.Entries(j.file, end) {
			switch {
			case err != nil:
			case !j.shard.has(e.Index):
				err = fmt.Errorf("target %d is not of %s", e.Index, j.shard)
			case missing == 0 && e.IsLast():
				r, canceled = recordedTarget{index: e.Index, entries: r.entries[:0]}, false
			case e.Edge != missing-1 || e.Index != r.index:
				err = fmt.Errorf("the addresses of target %d are not all there", e.Index)
			}
			if err != nil {
				yield(recordedTarget{}, j.refused(err))
				return
			}
			r.text, r.entries = e.Target, append(r.entries, e)
			missing = e.Edge
			canceled = canceled || e.Kind == fetch.KindCanceled
			if missing == 0 && !canceled && !yield(r, nil) {
				return
			}
		}
		if missing > 0 {
			yield(recordedTarget{}, j.refused(fmt.Errorf("the addresses of target %d are not all there", r.index)))
		}
	}
}

// difference names the first target of the list that is not as recorded, among
// those of the block that the ledger is at.
func (j *journal) difference() error {
	recorded := make(map[int]string) // the text of each target of the block
	for r, err := range j.records(j.end) {
		if err != nil {
			return err
		}
		if _, known := recorded[r.index]; !known && r.index/j.shard.step()/blockSize == j.ledger.at {
			recorded[r.index] = string(r.text)
		}
	}
	seen := j.ledger.seen
	for bit := range blockSize {
		index := (j.ledger.at*blockSize+bit)*j.shard.step() + j.shard.number
		text, known := recorded[index]
		switch {
		case !known:
			continue
		case len(seen) == 0:
			return j.refused(fmt.Errorf("its target %d is %q, and the list ends before that", index, text))
		case seen[0] != text:
			return j.refused(fmt.Errorf("its target %d is %q, and that of the list is %q", index, text, seen[0]))
		}
		seen = seen[1:]
	}
	return j.refused(errors.New("it is about another list"))
}

// remaining are the targets of a list that are to be asked, if the list can only
// be read once. It is compared as it goes by: no target of a block is let through
// before all that is recorded of the block has been seen in the list. A list that
// differs ends there, and has failed.
func (j *journal) remaining(ctx context.Context, list *hosts) iter.Seq[fetch.Target] {
	return func(yield func(fetch.Target) bool) {
		var held []fetch.Target
		for t := range list.targets(ctx) {
			if !j.ledger.compare(&t) {
				list.fail(j.difference())
				return
			}
			if !j.ledger.isDone(t.Index) {
				held = append(held, t)
			}
			if j.ledger.isSettled(t.Index) {
				for _, t := range held {
					if !yield(t) {
						return
					}
				}
				held = held[:0]
			}
		}
		if ctx.Err() == nil && list.failed == nil && !j.ledger.end() {
			list.fail(j.difference())
		}
	}
}
