package wget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"wget/internal/fetch"
)

// targets yields the targets that are to be asked, numbered from 0 by their place
// in the whole list. It ends early when ctx does, also while it waits for input.
func (h *hosts) targets(ctx context.Context) iter.Seq[fetch.Target] {
	return func(yield func(fetch.Target) bool) {
		defer h.exhausted.Store(true)
		n := &numbering{list: h, yield: yield}
		for _, spec := range h.specs {
			if !n.add(spec) {
				return
			}
		}
		for _, in := range h.inputs {
			if !n.readInput(ctx, in) {
				return
			}
		}
	}
}

// numbering numbers targets as they are read.
type numbering struct {
	list  *hosts
	next  int // index of the next target
	yield func(fetch.Target) bool
}

// add yields those targets of a spec that are to be asked, until yield returns
// false.
func (n *numbering) add(spec fetch.Spec) bool {
	shard := n.list.shard
	for i, t := range spec.Every(shard.after(n.next), shard.step()) {
		t.Index = n.next + i
		n.list.read.Store(int64(t.Index) + 1)
		if n.isPassedOver(t.Index) {
			continue
		}
		if !n.yield(t) {
			return false
		}
	}
	n.skip(spec.Count())
	return true
}

// skip counts targets of the list as read, whether they are asked or not.
func (n *numbering) skip(count int) {
	n.next += min(count, math.MaxInt-n.next)
	n.list.read.Store(int64(n.next))
}

func (n *numbering) isPassedOver(index int) bool {
	return !n.list.shard.has(index) || n.list.done != nil && n.list.done(index)
}

// readInput yields the targets of one input, and reports whether to go on with
// the next.
func (n *numbering) readInput(ctx context.Context, in input) bool {
	h := n.list
	first, wanted := true, true // first: no line but empty ones came before
	err := readLines(ctx, h.opened(in), func(line []byte, long bool) bool {
		h.consumed.Add(int64(len(line)))
		if first && isUTF16(line) {
			h.fail(errUTF16(in))
			return false
		}
		first = first && string(line) == "\n"
		if long && !hasComment(line) {
			wanted = n.add(fetch.BadTarget(startOf(line), fmt.Errorf("a line of more than %d bytes", maxLine)).Only())
		} else {
			wanted = n.addLine(line)
		}
		return wanted
	})
	if err != nil {
		h.fail(fileError(fmt.Errorf("reading %s: %w", in.name, err)))
	}
	return wanted && ctx.Err() == nil && !(h.numbered && h.failed != nil)
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

func errUTF16(in input) error { return usage("%s is UTF-16: a list of targets is UTF-8", in.name) }

// addLine yields the targets of one line. A line that is no target is yielded with
// its error. A line is not parsed if its target is another shard's or is done.
func (n *numbering) addLine(line []byte) bool {
	for bytes.HasPrefix(line, []byte(byteOrderMark)) { // more than one where an empty file was joined
		line = line[len(byteOrderMark):]
	}
	if line = withoutComment(line); len(line) == 0 {
		return true
	}
	if n.isPassedOver(n.next) && fetch.IsSingle(line, n.list.defaults) {
		n.skip(1)
		return true
	}
	text := string(line)
	spec, err := fetch.Parse(text, n.list.defaults)
	if strings.Contains(text, byteOrderMark) {
		err = errors.New("a byte order mark inside of the line: two files were joined here")
	}
	if err != nil {
		spec = fetch.BadTarget(text, err).Only()
	}
	return n.add(spec)
}

// byteOrderMark starts each of the files that make a list, on some systems.
const byteOrderMark = "\ufeff"

// withoutComment is a line without its end, the space around it, and a comment:
// a # at the start or after a space or tab, and the rest of the line.
func withoutComment(line []byte) []byte {
	for from := 0; ; {
		i := bytes.IndexByte(line[from:], '#')
		if i < 0 {
			return bytes.TrimSpace(line)
		}
		from += i + 1
		if before := line[:from-1]; len(bytes.TrimSpace(before)) == 0 || bytes.HasSuffix(before, []byte(" ")) || bytes.HasSuffix(before, []byte("\t")) {
			return bytes.TrimSpace(before)
		}
	}
}

// hasComment reports whether a comment begins in the start of a line.
func hasComment(start []byte) bool {
	return len(withoutComment(start)) < len(bytes.TrimSpace(start))
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
