package wget

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"wget/internal/fetch"
)

// maxLine is the longest line of an input file that can be a target, in bytes.
const maxLine = 64 << 10

// hosts is where targets come from: the arguments, then each file.
type hosts struct {
	specs    []fetch.Spec
	inputs   []input
	defaults fetch.Defaults
	failed   error // the first input that could not be read to its end

	// How far the inputs have been read, for a guess at what is still to come.
	listed    int          // targets among the arguments
	size      int64        // bytes of the inputs; 0 if one of them is no regular file
	taken     atomic.Int64 // targets
	consumed  atomic.Int64 // bytes
	exhausted atomic.Bool
}

// input is a file of targets, or stdin, which is not ours to close.
type input struct {
	io.Reader
	name string
	file *os.File // nil for stdin
}

// openHosts opens every file before the first host is asked, so that a wrong
// name is found at once.
func openHosts(c *Config, stdin io.Reader) (*hosts, error) {
	h := &hosts{specs: c.Specs, defaults: c.Defaults}
	for _, spec := range c.Specs {
		h.listed += min(spec.Count(), math.MaxInt-h.listed)
	}
	for _, name := range c.Files {
		if name == "-" {
			h.inputs = append(h.inputs, input{stdin, "stdin", nil})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			h.close()
			return nil, fileError{err: fmt.Errorf("--input-file: %w", err)}
		}
		h.inputs = append(h.inputs, input{f, name, f})
		if info, err := f.Stat(); err == nil && info.IsDir() {
			h.close()
			return nil, fileError{err: fmt.Errorf("--input-file: %s is a directory", name)}
		}
	}
	h.size = h.sizeOfInputs()
	return h, nil
}

// sizeOfInputs is 0 if one of them is no regular file.
func (h *hosts) sizeOfInputs() (size int64) {
	for _, in := range h.inputs {
		f, ok := in.Reader.(interface{ Stat() (os.FileInfo, error) })
		if !ok {
			return 0
		}
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		size += info.Size()
	}
	return size
}

// expected is how many targets there are in all: a number if they are all
// known, and else a guess from how many were in the bytes read so far. It is 0
// if there is nothing to go by.
func (h *hosts) expected() (n int, exact bool) {
	taken, consumed := int(h.taken.Load()), h.consumed.Load()
	switch {
	case h.exhausted.Load():
		return taken, true
	case len(h.inputs) == 0:
		return h.listed, true
	case h.size == 0 || consumed == 0:
		return 0, false
	}
	inFiles := float64(taken-h.listed) * float64(h.size) / float64(consumed)
	return h.listed + int(inFiles), false
}

func (h *hosts) close() {
	for _, in := range h.inputs {
		if in.file != nil {
			in.file.Close()
		}
	}
}

// targets yields what to ask, numbered from 0. It ends early when ctx does,
// also while it waits for input.
func (h *hosts) targets(ctx context.Context) iter.Seq[fetch.Target] {
	return func(yield func(fetch.Target) bool) {
		index := 0
		defer h.exhausted.Store(true)
		number := func(t fetch.Target) bool {
			t.Index = index
			index++
			h.taken.Store(int64(index))
			return yield(t)
		}
		for _, spec := range h.specs {
			for t := range spec.All() {
				if !number(t) {
					return
				}
			}
		}
		for _, in := range h.inputs {
			if !h.read(ctx, in, number) {
				return
			}
		}
	}
}

// read yields the targets of one input. A line that is no target is yielded
// with its error, and the rest of the input is read.
func (h *hosts) read(ctx context.Context, in input, yield func(fetch.Target) bool) bool {
	lines := bufio.NewReaderSize(untilDone(ctx, in), maxLine)
	for first := true; ; first = false {
		line, err := lines.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			shown := fetch.BadTarget(startOf(line), fmt.Errorf("a line of more than %d bytes", maxLine))
			for err == bufio.ErrBufferFull {
				_, err = lines.ReadSlice('\n')
			}
			if !yield(shown) {
				return false
			}
			line = nil
		}
		h.consumed.Add(int64(len(line)))
		if first {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if text := targetOf(line); len(text) > 0 && !h.expand(string(text), yield) {
			return false
		}
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			if err != io.EOF && h.failed == nil {
				h.failed = fmt.Errorf("reading %s: %w", in.name, err)
			}
			return true
		}
	}
}

// startOf names a line that is too long, up to where credentials could begin.
func startOf(line []byte) string {
	scheme, rest, found := strings.Cut(string(line[:80]), "://")
	if !found {
		scheme, rest = "", scheme
	} else {
		scheme += "://"
	}
	rest, _, _ = strings.Cut(rest, ":")
	return scheme + rest + "..."
}

// targetOf is a line without its end, the space around it, and a comment: what
// follows # at the start or after a space.
func targetOf(line []byte) []byte {
	line = bytes.TrimSpace(line)
	if len(line) > 0 && line[0] == '#' {
		return nil
	}
	for _, mark := range []string{" #", "\t#"} {
		if i := bytes.Index(line, []byte(mark)); i >= 0 {
			line = line[:i]
		}
	}
	return bytes.TrimSpace(line)
}

func (h *hosts) expand(text string, yield func(fetch.Target) bool) bool {
	spec, err := fetch.Parse(text, h.defaults)
	if err != nil {
		return yield(fetch.BadTarget(text, err))
	}
	for t := range spec.All() {
		if !yield(t) {
			return false
		}
	}
	return true
}

// untilDone is r until ctx ends. A read that is blocked then, in a pipe that
// nobody writes to, cannot be called back: its goroutine is left to the end of
// the process.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	d := &doneReader{ctx: ctx, chunks: make(chan chunk)}
	go func() {
		defer close(d.chunks)
		// While one buffer is being used the other is being filled; the
		// channel's hand-over says when they change.
		var buffers [2][maxLine]byte
		for i := 0; ; i = 1 - i {
			n, err := r.Read(buffers[i][:])
			select {
			case d.chunks <- chunk{buffers[i][:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return d
}

type chunk struct {
	bytes []byte
	err   error
}

type doneReader struct {
	ctx    context.Context
	chunks chan chunk
	now    chunk
}

func (d *doneReader) Read(p []byte) (int, error) {
	for len(d.now.bytes) == 0 {
		if d.now.err != nil {
			return 0, d.now.err
		}
		select {
		case d.now = <-d.chunks:
		case <-d.ctx.Done():
			return 0, io.EOF
		}
	}
	n := copy(p, d.now.bytes)
	d.now.bytes = d.now.bytes[n:]
	return n, nil
}
