package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"wget/internal/fetch"
)

// A file of records says by itself how far a run has come. It grows at its end,
// and of several records of a target the last counts, so it is read backwards.

// Entry is a record in short: which target it is about, and what came of it.
type Entry struct {
	Index  int
	Target []byte     // as typed; it is valid until the next entry
	Status int        // 0 if the record has none
	Kind   fetch.Kind // of the failure; "" if the target answered, as far as the record says
	Start  int64      // where the record begins, in bytes from the start of the file
	Size   int        // of the record with its line end, in bytes

	// Which of the target's addresses the record is about, from 0, and of how
	// many; both are 0 in the only record of a target.
	Edge, Edges int
}

// IsLast reports whether no other record of its target follows e.
func (e *Entry) IsLast() bool { return e.Edge == max(0, e.Edges-1) }

// Entries reads the records that end at the offset end, from the last to the
// first. A line that is no record yields an error, and ends them.
func Entries(r io.ReaderAt, end int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for line, err := range linesBackwards(r, end) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			e, err := parseEntry(line.text)
			if err != nil {
				yield(Entry{}, fmt.Errorf("line %d: %w", lineNumber(r, line.start), err))
				return
			}
			e.Start, e.Size = line.start, len(line.text)
			if !yield(e, nil) {
				return
			}
		}
	}
}

// EndOfEntries is where the whole records of a file end: behind it there may be a
// part of a record, or records of some of a target's addresses, as a process that
// is killed leaves them. It is an error if there is anything else. firstKey is the
// key that records begin with.
func EndOfEntries(r io.ReaderAt, size int64, firstKey string) (int64, error) {
	end, err := endOfLines(r, size)
	if err != nil {
		return 0, err
	}
	for _, start := range []int64{0, end} {
		if err := checkStart(r, start, size, `{"`+firstKey+`":`); err != nil {
			return 0, err
		}
	}
	cut := end
	for e, err := range Entries(r, end) {
		if err != nil {
			return 0, err
		}
		if cut == end && e.IsLast() {
			return end, nil
		}
		if cut = e.Start; e.Edge == 0 {
			break
		}
	}
	return cut, nil
}

// checkStart wants what stands from start on to be prefix, as far as it goes.
func checkStart(r io.ReaderAt, start, size int64, prefix string) error {
	text := make([]byte, min(size-start, int64(len(prefix))))
	if _, err := r.ReadAt(text, start); err != nil && err != io.EOF {
		return err
	}
	if start > 0 && len(bytes.Trim(text, "\x00")) == 0 {
		return nil // a loss of power leaves zeros where records were being written
	}
	if string(text) != prefix[:len(text)] {
		return fmt.Errorf("line %d: %w", lineNumber(r, start), errNoRecord)
	}
	return nil
}

var errNoRecord = errors.New("not a record of such a run")

// span is how much of a file is read at once.
const span = 1 << 20

// endOfLines is the offset behind the last line end before size, or 0.
func endOfLines(r io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, span)
	for end := size; end > 0; {
		part := buf[:min(end, span)]
		if _, err := r.ReadAt(part, end-int64(len(part))); err != nil && err != io.EOF {
			return 0, err
		}
		end -= int64(len(part))
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return end + int64(i) + 1, nil
		}
	}
	return 0, nil
}

// line is a line of a file, with its end.
type line struct {
	start int64
	text  []byte
}

// linesBackwards yields the lines before end, which is the end of a line, from
// the last to the first.
func linesBackwards(r io.ReaderAt, end int64) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		at, buf := end, []byte(nil) // buf is what stands in the file from at on, without the lines that were yielded
		for at > 0 || len(buf) > 0 {
			i := bytes.LastIndexByte(buf[:max(0, len(buf)-1)], '\n')
			if i < 0 && at > 0 {
				longer, err := readBefore(r, at, buf)
				if err != nil {
					yield(line{}, err)
					return
				}
				at -= int64(len(longer) - len(buf))
				buf = longer
				continue
			}
			if !yield(line{at + int64(i) + 1, buf[i+1:]}, nil) {
				return
			}
			buf = buf[:i+1]
		}
	}
}

// readBefore is buf, which stands in the file at the offset at, and more of what
// stands before it: at least as much as is in buf, so that a long line is copied
// a few times only.
func readBefore(r io.ReaderAt, at int64, buf []byte) ([]byte, error) {
	n := int(min(at, max(span, int64(len(buf)))))
	longer := buf
	if cap(buf) < n+len(buf) {
		longer = make([]byte, n+len(buf), 2*(n+len(buf)))
	}
	longer = longer[:n+len(buf)]
	copy(longer[n:], buf)
	_, err := r.ReadAt(longer[:n], at-int64(n))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the file was longer when it was opened
	}
	return longer, err
}

// lineNumber is the number of the line that begins at an offset, from 1.
func lineNumber(r io.ReaderAt, start int64) int {
	number := 1
	lines := bufio.NewReaderSize(io.NewSectionReader(r, 0, start), span)
	for {
		switch _, err := lines.ReadSlice('\n'); err {
		case nil:
			number++
		case bufio.ErrBufferFull:
		default:
			return number
		}
	}
}

// parseEntry reads a record, whole or of chosen fields.
func parseEntry(text []byte) (Entry, error) {
	e := Entry{Index: -1}
	text, ended := bytes.CutSuffix(text, []byte("\n"))
	targeted, answered := false, true
	ok := eachMember(text, func(key, value []byte) (ok bool) {
		switch string(key) {
		case "index":
			e.Index, ok = parseCount(value)
		case "target":
			e.Target, ok = stringOf(value)
			targeted = ok
		case "status":
			e.Status, ok = parseCount(value)
			ok = ok && e.Status < len(Summary{}.Statuses)
			answered = string(value) != "null"
		case "error":
			ok = eachMember(value, func(key, value []byte) bool {
				return string(key) != "kind" || e.setKind(value)
			})
		case "error.kind":
			ok = e.setKind(value)
		case "edge":
			ok = eachMember(value, func(key, value []byte) bool { return e.setEdge("edge."+string(key), value) })
		case "edge.n", "edge.of":
			ok = e.setEdge(string(key), value)
		default:
			ok = true
		}
		return ok || string(value) == "null"
	})
	if !ok || !ended || !targeted || e.Index < 0 || e.Edge > max(0, e.Edges-1) {
		return Entry{}, errNoRecord
	}
	if !answered && e.Kind == "" {
		e.Kind = kindUnknown
	}
	return e, nil
}

// kindUnknown is the kind of a failure that chosen fields do not tell: there is no
// status.
const kindUnknown fetch.Kind = "unknown"

func (e *Entry) setKind(value []byte) bool {
	kind, ok := stringOf(value)
	e.Kind = fetch.Kind(kind)
	return ok
}

func (e *Entry) setEdge(key string, value []byte) (ok bool) {
	switch key {
	case "edge.n":
		e.Edge, ok = parseCount(value)
	case "edge.of":
		e.Edges, ok = parseCount(value)
	default:
		ok = true
	}
	return ok
}

// parseCount reads a number that counts something.
func parseCount(value []byte) (int, bool) {
	n, err := strconv.Atoi(string(value))
	return n, err == nil && n >= 0
}
