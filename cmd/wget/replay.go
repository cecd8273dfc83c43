package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"wget/internal/fetch"
	"wget/internal/report"
)

// maxWrongLines is how many lines that are no record are told.
const maxWrongLines = 20

// recordings are the records of earlier runs, in files.
type recordings struct {
	inputs []input
	wrong  []string // what was wrong with lines, as far as it is told
	more   int      // wrong lines that are not told
	failed error    // of the first file that could not be read to its end
}

// newRecordings checks that every file is there.
func newRecordings(names []string, stdin io.Reader) (*recordings, error) {
	r := new(recordings)
	for _, name := range names {
		in, err := newInput(name, stdin)
		if err != nil {
			return nil, fileError(fmt.Errorf("--from: %w", err))
		}
		r.inputs = append(r.inputs, in)
	}
	return r, nil
}

// results sends the recorded results until all have been sent or ctx ends, and
// closes the channel. The caller must read until then, and may look at the other
// members after that.
func (r *recordings) results(ctx context.Context) <-chan *fetch.Result {
	results := make(chan *fetch.Result)
	go func() {
		defer close(results)
		for _, in := range r.inputs {
			r.read(ctx, in, results)
		}
	}()
	return results
}

func (r *recordings) read(ctx context.Context, in input, to chan<- *fetch.Result) {
	line := 0 // each has a record or an error
	for record, err := range report.Records(untilDone(ctx, in.open)) {
		line++
		var wrong *report.LineError
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if err := record.Check(); err != nil {
				r.addWrong(in, line, fmt.Sprintf("no record: %v", err))
				continue
			}
			to <- record.Result()
		case errors.As(err, &wrong) && wrong.Err == io.ErrUnexpectedEOF:
			r.addWrong(in, line, "a record that was cut short")
		case errors.As(err, &wrong):
			r.addWrong(in, line, fmt.Sprintf("no record: %v", wrong.Err))
		case r.failed == nil:
			r.failed = fmt.Errorf("--from: %w", err)
		}
	}
}

func (r *recordings) addWrong(in input, line int, why string) {
	if len(r.wrong) == maxWrongLines {
		r.more++
		return
	}
	r.wrong = append(r.wrong, fmt.Sprintf("--from %s: line %d: %s", in.name, line, why))
}

// err is why not all records count, the last reason of several. It tells the others.
func (r *recordings) err(tell func(string)) error {
	var reasons []error
	for _, line := range r.wrong {
		reasons = append(reasons, errors.New(line))
	}
	if r.more > 0 {
		reasons = append(reasons, fmt.Errorf("--from: %d more lines that are no record", r.more))
	}
	if r.failed != nil {
		reasons = append(reasons, r.failed)
	}
	if len(reasons) == 0 {
		return nil
	}
	last := len(reasons) - 1
	for _, reason := range reasons[:last] {
		tell(reason.Error())
	}
	return fileError(reasons[last])
}

// replay shows what earlier runs recorded, in place of asking.
func replay(ctx context.Context, c *config, s streams, begin func()) outcome {
	recorded, err := newRecordings(c.from, s.in)
	if err != nil {
		return outcome{err: err}
	}
	if err := checkOutputs(c.outputs(s), c.inputs(s)); err != nil {
		return outcome{err: err}
	}
	page, err := c.openPage(ctx, s)
	if err != nil {
		return outcome{err: err}
	}
	defer page.close()
	out, err := openOutput(ctx, c.output, s)
	if err != nil {
		return outcome{err: err}
	}
	if err := empty(page.file, out.file); err != nil {
		return outcome{err: err}
	}
	begin()
	sinks := append(page.sinks, report.Sink{Format: c.format, Out: out, Terminal: isTerminal(out.Writer)})
	from := source{results: recorded.results, failed: func() error { return recorded.err(func(string) {}) }}
	came := c.show(ctx, from, sinks, report.Progress{}, s.err)
	came.close(out.close(), page.close())
	c.writeClosing(s.err, &came.summary, came.elapsed, came.signal != 0)
	end := outcome{signal: came.signal, records: c.judge(&came.summary)}
	switch {
	case came.signal != 0:
	case came.failed != nil:
		end.err = writeError(came.failed)
	case came.summary.Total() == 0 && len(recorded.wrong) == 0 && recorded.failed == nil:
		fmt.Fprintf(s.err, "%s: no record in %s\n", c.report.Program, report.Escape(inputNames(recorded.inputs)))
	default:
		end.err = recorded.err(func(line string) { fmt.Fprintf(s.err, "%s: %s\n", c.report.Program, report.Escape(line)) })
	}
	return end
}

// readBaseline reads the records of an earlier run. With latest, of several records
// of a target the last one counts.
func readBaseline(name string, latest bool) (*report.Baseline, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(fmt.Errorf("--baseline: %w", err))
	}
	defer f.Close()
	baseline, err := report.ReadBaseline(f, latest)
	if err != nil {
		return nil, fileError(fmt.Errorf("--baseline %s: %w", name, err))
	}
	return baseline, nil
}
