package report

import (
	"bytes"
	"strconv"

	"wget/internal/fetch"
)

// lines is the format of that name:
//
//	sina.com.cn header > HTTP/1.1 302 Found
//	sina.com.cn redirect > https://www.sina.com.cn/
type lines struct {
	palette palette
	picker  *picker // of the chosen fields; nil if all lines are shown

	edges edges // of a target that is not whole yet

	label, code []byte // of the section at hand, kept for their memory
}

func newLines(o Options) Reporter {
	if o.Baseline != nil {
		return newChangesText(o)
	}
	if o.Group != nil {
		return newGroups(o)
	}
	l := &lines{palette: newPalette(o.Color), edges: edges{rule: newSigner(GroupBy{})}}
	if len(o.Columns) > 0 {
		l.picker = newPicker(o.Columns, recordWriter{})
	}
	return l
}

func (l *lines) Begin(b []byte) []byte { return b }

func (l *lines) Record(b []byte, r *fetch.Result) []byte {
	if held := l.edges.results; len(held) > 0 && held[0].Target.Index != r.Target.Index {
		b = l.Whole(b) // records of an earlier run need not be complete
	}
	if !isEdge(r) {
		b = l.appendChain(b, r, r.Target.Text)
		return l.appendLast(b, r)
	}
	l.edges.results = append(l.edges.results, r)
	return b
}

func (l *lines) End(b []byte, _ *Summary) []byte { return l.Whole(b) }

// appendChain appends what came before the last answer, under a label: the answers
// that redirected, and the interim sections.
func (l *lines) appendChain(b []byte, r *fetch.Result, label string) []byte {
	for i := range r.Hops {
		b = l.appendInterim(b, r, &r.Hops[i], label)
		b = l.appendHead(b, r, &r.Hops[i].Head, label)
		b = l.appendRedirect(b, r, i, label)
	}
	if !isShown(r) {
		return b
	}
	return l.appendInterim(b, r, &r.Reply, label)
}

// appendRedirect appends where Hops[i] leads.
func (l *lines) appendRedirect(b []byte, r *fetch.Result, i int, label string) []byte {
	b = l.palette.host(&r.Target).appendEscaped(b, []byte(label))
	b = append(b, " redirect > "...)
	return append(r.LedTo(i).Target.AppendURL(b), '\n')
}

// appendInterim appends the interim sections, which no chosen field is looked for
// in.
func (l *lines) appendInterim(b []byte, r *fetch.Result, reply *fetch.Reply, label string) []byte {
	if l.picker != nil {
		return b
	}
	for i := range reply.Interim {
		b = l.appendHead(b, r, &reply.Interim[i], label)
	}
	return b
}

// appendLast appends the last answer.
func (l *lines) appendLast(b []byte, r *fetch.Result) []byte {
	if !isShown(r) {
		return b
	}
	b = l.appendHead(b, r, &r.Head, r.Target.Text)
	if l.picker != nil {
		b = l.appendKeys(b, r)
	}
	return b
}

// appendKeys appends a line for each chosen key:
//
//	sina.com.cn seconds.total > 0.021200
func (l *lines) appendKeys(b []byte, r *fetch.Result) []byte {
	l.picker.take(r)
	for i := range l.picker.columns {
		if c := &l.picker.columns[i]; hasLine(c) {
			b = l.appendKey(b, r, r.Target.Text, c, l.picker.appendText(nil, c, r), paint{})
		}
	}
	return b
}

// hasLine reports whether a column has a line of its own in lines, as keys have but
// for status, which chooses the status line.
func hasLine(c *Column) bool { return c.key != nil && c.Name != "status" }

// appendKey appends the line of a key under a label, in a colour. A key that is
// absent has none.
func (l *lines) appendKey(b []byte, r *fetch.Result, label string, c *Column, text []byte, colour paint) []byte {
	if len(text) == 0 {
		return b
	}
	b = l.palette.host(&r.Target).appendEscaped(b, []byte(label))
	b = append(append(append(b, ' '), c.Name...), " > "...)
	b = append(append(b, colour.on...), text...)
	return append(append(b, colour.off...), '\n')
}

// appendHead appends a section, line by line.
func (l *lines) appendHead(b []byte, r *fetch.Result, h *fetch.Head, label string) []byte {
	l.label = l.palette.host(&r.Target).appendEscaped(l.label[:0], []byte(label))
	l.label = append(l.label, " header > "...)
	l.code = strconv.AppendInt(l.code[:0], int64(h.Status), 10)
	code := l.code // until the status line was met
	chosen := true
	for line := range h.Lines() {
		if l.picker != nil {
			chosen = l.picker.choosesLine(line, chosen)
		}
		if !chosen {
			continue
		}
		b = append(b, l.label...)
		b, code = l.appendLine(b, line, h.Status, code, paint{})
	}
	return b
}

// appendLines appends lines of a section under a label, in a colour.
func (l *lines) appendLines(b []byte, r *fetch.Result, h *fetch.Head, label string, list [][]byte, colour paint) []byte {
	l.code = strconv.AppendInt(l.code[:0], int64(h.Status), 10)
	chosen := true
	for _, line := range list {
		if l.picker != nil {
			chosen = l.picker.choosesLine(line, chosen)
		}
		if !chosen {
			continue
		}
		b = l.palette.host(&r.Target).appendEscaped(b, []byte(label))
		b = append(b, " header > "...)
		b, _ = l.appendLine(b, line, h.Status, l.code, colour)
	}
	return b
}

// appendLine appends a line and its end. In colour, the status code stands out
// from the status line; code is nil once that line was met.
func (l *lines) appendLine(b, line []byte, status int, code []byte, colour paint) ([]byte, []byte) {
	of := l.palette.status(status)
	if code == nil || of.on == "" || !bytes.HasPrefix(line, []byte("HTTP/")) {
		b = append(b, colour.on...)
		b = appendEscaped(b, line)
		b = append(b, colour.off...)
		return append(b, '\n'), code
	}
	before, after, _ := bytes.Cut(line, code)
	b = colour.appendEscaped(b, before)
	b = of.appendEscaped(b, code)
	b = colour.appendEscaped(b, after)
	return append(b, '\n'), nil
}
