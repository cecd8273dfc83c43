package report

import (
	"io"

	"wget/internal/fetch"
)

// batchSize is how much of a batched format is kept back while more is
// waiting.
const batchSize = 32 << 10

// Drain reads results until the channel is closed, and starts beside them, and
// writes them: records to out, talk to talk. It is the only writer of both.
//
// The first failed write to out is returned; stop is called at once, so that
// no more hosts are started for nothing, and the results still to come are
// counted and dropped.
func Drain(results <-chan *fetch.Result, starts <-chan *fetch.Target, out, talk io.Writer, o Options, stop func(error)) (Summary, error) {
	var (
		summary  Summary
		failed   error
		outBuf   []byte
		talkBuf  []byte
		around   []byte // talkBuf and the bar
		format   = o.format()
		reporter = format.make(o)
		names    = newPalette(o.ColorErr)
		progress = newProgress(o.Progress)
	)
	defer progress.stop()
	write := func() {
		if len(outBuf) > 0 && failed == nil {
			if progress.Shared && len(progress.shown) > 0 {
				talk.Write(progress.above(nil))
			}
			if _, failed = out.Write(outBuf); failed != nil {
				stop(failed)
			}
		}
		if around = progress.around(around[:0], talkBuf); len(around) > 0 {
			talk.Write(around) // there is nowhere left to complain
		}
		outBuf, talkBuf, around = recycle(outBuf), recycle(talkBuf), recycle(around)
	}
	for {
		var (
			r    *fetch.Result
			t    *fetch.Target
			tick bool
		)
		select {
		case r = <-results:
		case t = <-starts:
		case <-progress.tick:
			tick = true
		default:
			write()
			select {
			case r = <-results:
			case t = <-starts:
			case <-progress.tick:
				tick = true
			}
		}
		switch {
		case r != nil:
			summary.add(r)
			outBuf, talkBuf = reporter.Report(outBuf, talkBuf, r)
			if !format.batched || len(outBuf) >= batchSize {
				write()
			}
		case t != nil:
			talkBuf = append(talkBuf, "wget "...)
			talkBuf = names.host(t.Host).appendEscaped(talkBuf, []byte(t.Text))
			talkBuf = append(talkBuf, "...\n"...)
			write()
		case tick:
			talkBuf = progress.update(talkBuf, &summary)
			write()
		default: // results is closed
			progress.line = nil
			write()
			return summary, failed
		}
	}
}

// recycle empties a buffer, and lets go of one that a huge record has blown up.
func recycle(b []byte) []byte {
	if cap(b) > 4*batchSize {
		return nil
	}
	return b[:0]
}
