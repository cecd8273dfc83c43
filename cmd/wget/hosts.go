package wget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"sync/atomic"

	"wget/internal/fetch"
)

// hosts is where targets come from: the arguments, then each input.
type hosts struct {
	specs    []fetch.Spec
	inputs   []input
	defaults fetch.Defaults
	failed   error // why an input, the first of its kind, could not be read to its end

	// How far the targets have been read, for a guess at how many are to come.
	listed    int          // targets among the arguments
	read      atomic.Int64 // targets
	consumed  atomic.Int64 // bytes
	exhausted atomic.Bool
}

// newHosts checks every input before the first host is asked, so that a wrong
// name is found at once.
func newHosts(c *config, stdin io.Reader) (*hosts, error) {
	h := &hosts{specs: c.specs, defaults: c.defaults}
	for _, spec := range c.specs {
		h.listed += min(spec.Count(), math.MaxInt-h.listed)
	}
	for _, name := range c.files {
		in, err := newInput(name, stdin)
		if err != nil {
			return nil, fileError(fmt.Errorf("--input-file: %w", err))
		}
		h.inputs = append(h.inputs, in)
	}
	return h, nil
}

// size is the size of the inputs as they are now, in bytes; 0 if one of them is no
// regular file.
func (h *hosts) size() (size int64) {
	for _, in := range h.inputs {
		n := in.size()
		if n < 0 {
			return 0
		}
		size += n
	}
	return size
}

// names lists the inputs.
func (h *hosts) names() string {
	var names []string
	for _, in := range h.inputs {
		names = append(names, in.name)
	}
	return strings.Join(names, ", ")
}

// isEmpty reports whether there was no target, once everything has been read.
func (h *hosts) isEmpty() bool { return h.read.Load() == 0 }

// expected is the number of targets in all: exact if all are known, and else a
// guess from how many were in the bytes read so far. It is 0 if there is no
// ground for a guess.
func (h *hosts) expected() (n int, exact bool) {
	read, consumed := int(h.read.Load()), h.consumed.Load()
	switch {
	case h.exhausted.Load():
		return read, true
	case len(h.inputs) == 0:
		return h.listed, true
	case consumed == 0:
		return 0, false
	}
	size := h.size()
	if size < consumed { // no files, or files that are being written anew
		return 0, false
	}
	inFiles := float64(read-h.listed) * float64(size) / float64(consumed)
	return h.listed + int(inFiles), false
}

// targets yields the targets, numbered from 0. It ends early when ctx does, also
// while it waits for input.
func (h *hosts) targets(ctx context.Context) iter.Seq[fetch.Target] {
	return func(yield func(fetch.Target) bool) {
		index := 0
		defer h.exhausted.Store(true)
		number := func(t fetch.Target) bool {
			t.Index = index
			index++
			h.read.Store(int64(index))
			return yield(t)
		}
		for _, spec := range h.specs {
			if !yieldAll(spec, number) {
				return
			}
		}
		for _, in := range h.inputs {
			if !h.readInput(ctx, in, number) {
				return
			}
		}
	}
}

// readInput yields the targets of one input, and reports whether to go on with
// the next.
func (h *hosts) readInput(ctx context.Context, in input, yield func(fetch.Target) bool) bool {
	first, wanted := true, true
	err := readLines(ctx, in.open, func(line []byte, long bool) bool {
		h.consumed.Add(int64(len(line)))
		if first && isUTF16(line) {
			h.fail(usage("%s is UTF-16: a list of targets is UTF-8", in.name))
			return false
		}
		first = false
		if long {
			wanted = yield(fetch.BadTarget(startOf(line), fmt.Errorf("a line of more than %d bytes", maxLine)))
		} else {
			wanted = h.readLine(line, yield)
		}
		return wanted
	})
	if err != nil {
		h.fail(fileError(fmt.Errorf("reading %s: %w", in.name, err)))
	}
	return wanted && ctx.Err() == nil
}

// fail keeps the first error.
func (h *hosts) fail(err error) {
	if h.failed == nil {
		h.failed = err
	}
}

// isUTF16 reports whether a file that starts with these bytes is UTF-16, with or
// without a byte order mark. No target has a zero byte.
func isUTF16(start []byte) bool {
	if len(start) < 2 {
		return false
	}
	pair := [2]byte(start)
	return pair == [2]byte{0xff, 0xfe} || pair == [2]byte{0xfe, 0xff} || (pair[0] == 0) != (pair[1] == 0)
}

// readLine yields the targets of one line. A line that is no target is yielded
// with its error.
func (h *hosts) readLine(line []byte, yield func(fetch.Target) bool) bool {
	text := string(withoutComment(bytes.TrimPrefix(line, []byte(byteOrderMark))))
	if text == "" {
		return true
	}
	spec, err := fetch.Parse(text, h.defaults)
	if strings.Contains(text, byteOrderMark) {
		err = errors.New("a byte order mark inside of the line: two files were joined here")
	}
	if err != nil {
		return yield(fetch.BadTarget(text, err))
	}
	return yieldAll(spec, yield)
}

// byteOrderMark starts each of the files that make a list, on some systems.
const byteOrderMark = "\ufeff"

// yieldAll yields the targets of a spec until yield returns false.
func yieldAll(spec fetch.Spec, yield func(fetch.Target) bool) bool {
	for t := range spec.All() {
		if !yield(t) {
			return false
		}
	}
	return true
}

// withoutComment is a line without its end, the space around it, and a comment:
// a # at the start or after a space or tab, and the rest of the line.
func withoutComment(line []byte) []byte {
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

// startOf names a line that is too long, by its text up to the place where
// credentials could begin.
func startOf(line []byte) string {
	text := fetch.WithoutUser(string(line))
	scheme, rest, found := strings.Cut(text[:min(80, len(text))], "://")
	if !found {
		scheme, rest = "", scheme
	} else {
		scheme += "://"
	}
	rest, _, _ = strings.Cut(rest, ":")
	return scheme + rest + "..."
}
