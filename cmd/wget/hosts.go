package wget

import (
	"fmt"
	"hash"
	"io"
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
	shard    shard                // the part of the list that is asked
	done     func(index int) bool // reports which targets are passed over; nil for none
	digest   hash.Hash            // gets the inputs as they are read; nil for nothing
	numbered bool                 // indexes must be those of the whole list: what follows an input that fails has none
	failed   error                // the first error: an input could not be read to its end, or is another list than was recorded

	// How far the targets have been read, for a guess at how many are to come.
	listed    int          // targets among the arguments
	read      atomic.Int64 // targets
	consumed  atomic.Int64 // bytes
	exhausted atomic.Bool
}

// newHosts checks every input before the first host is asked, so that a wrong
// name is found at once.
func newHosts(c *config, stdin io.Reader) (*hosts, error) {
	h := &hosts{specs: c.specs, defaults: c.defaults, shard: c.shard, numbered: c.keep != (keep{}) || !c.shard.isAll()}
	for _, spec := range c.specs {
		h.listed += min(spec.Count(), math.MaxInt-h.listed)
	}
	for _, name := range c.files {
		in, err := newInput(name, stdin)
		if err != nil && strings.Contains(name, "://") {
			err = fmt.Errorf("%w (a target is an argument of its own, and -i reads a file)", err)
		}
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

// isEmpty reports whether there was no target, once everything has been read.
func (h *hosts) isEmpty() bool { return h.read.Load() == 0 }

// own is the number of the shard's targets in what has been read.
func (h *hosts) own() int { return h.shard.share(int(h.read.Load())) }

// expected is the number of the shard's targets in all.
func (h *hosts) expected() (n int, exact bool) {
	n, exact = h.expectedInAll()
	return h.shard.share(n), exact
}

// expectedInAll is the number of targets of all shards: exact if all are known, and else a
// guess from how many were in the bytes read so far. It is 0 if there is no
// ground for a guess.
func (h *hosts) expectedInAll() (n int, exact bool) {
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

// fail keeps the first error.
func (h *hosts) fail(err error) {
	if h.failed == nil {
		h.failed = err
	}
}

// opened opens an input that passes on to the digest what is read.
func (h *hosts) opened(in input) func() (io.ReadCloser, error) {
	if h.digest == nil {
		return in.open
	}
	return func() (io.ReadCloser, error) {
		r, err := in.open()
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r, h.digest), r}, nil
	}
}
