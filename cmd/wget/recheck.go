package wget

import (
	"context"
	"encoding/json"
	"io"
	"slices"

	"wget/internal/fetch"
	"wget/internal/report"
)

// recheck holds the checks against all records that count and that end at an
// offset, whichever run has written them. There are no results if ctx ends.
func (j *journal) recheck(ctx context.Context, end int64) error {
	results := make(chan *fetch.Result)
	var failed error
	go func() {
		defer close(results)
		failed = j.sendResults(ctx, end, results)
	}()
	summary, _ := report.Drain(results, nil, nil, io.Discard, report.Options{Checks: j.checks}, func(error) {})
	if failed == nil {
		j.recorded.Checks = summary.Checks
	}
	return failed
}

// sendResults sends what the records say, until ctx ends.
func (j *journal) sendResults(ctx context.Context, end int64, to chan<- *fetch.Result) error {
	seen := newLedger(j.shard)
	for r, err := range j.records(end) {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if seen.isRecorded(r.index) {
			continue
		}
		seen.add(r.index, r.text, false)
		for _, e := range slices.Backward(r.entries) { // in the order of the file: a check counts a target at its first address
			text := make([]byte, e.Size)
			if _, err := j.file.ReadAt(text, e.Start); err != nil {
				return fileError(err)
			}
			record := new(report.Record)
			if err := json.Unmarshal(text, record); err != nil {
				return j.refused(err)
			}
			to <- record.Result()
		}
	}
	return nil
}
