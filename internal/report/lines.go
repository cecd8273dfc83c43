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
	unframed
	palette palette
	picker  *picker // of the chosen fields; nil if all lines are shown

	label, code []byte // of the section at hand, kept for their memory
}

func newLines(o Options) Reporter {
	if o.Group != nil {
		return newGroups(o)
	}
	l := &lines{palette: newPalette(o.Color)}
	if len(o.Columns) > 0 {
		l.picker = newPicker(o.Columns, recordWriter{})
	}
	return l
}

func (l *lines) Record(b []byte, r *fetch.Result) []byte {
	for i := range r.Hops {
		b = l.appendSections(b, &r.Target, &r.Hops[i])
		b = l.palette.host(&r.Target).appendEscaped(b, []byte(r.Target.Text))
		b = append(b, " redirect > "...)
		b = append(r.LedTo(i).Target.AppendURL(b), '\n')
	}
	if !isShown(r) {
		return b
	}
	b = l.appendSections(b, &r.Target, &r.Reply)
	if l.picker != nil {
		b = l.appendKeys(b, r)
	}
	return b
}

// appendSections appends the sections of a reply, under the label of a target.
func (l *lines) appendSections(b []byte, t *fetch.Target, r *fetch.Reply) []byte {
	if l.picker != nil {
		return l.appendHead(b, t, &r.Head)
	}
	for i := range r.Interim {
		b = l.appendHead(b, t, &r.Interim[i])
	}
	return l.appendHead(b, t, &r.Head)
}

// appendKeys appends a line for each chosen key but status, which chooses the
// status line:
//
//	sina.com.cn seconds.total > 0.021200
func (l *lines) appendKeys(b []byte, r *fetch.Result) []byte {
	l.picker.take(r)
	for i := range l.picker.columns {
		c := &l.picker.columns[i]
		if c.key == nil || c.Name == "status" {
			continue
		}
		text := l.picker.appendText(nil, c, r)
		if len(text) == 0 {
			continue
		}
		b = l.palette.host(&r.Target).appendEscaped(b, []byte(r.Target.Text))
		b = append(append(append(b, ' '), c.Name...), " > "...)
		b = append(append(b, text...), '\n')
	}
	return b
}

// appendHead appends a section, line by line. In colour, the status code stands
// out from its line.
func (l *lines) appendHead(b []byte, t *fetch.Target, h *fetch.Head) []byte {
	l.label = l.palette.host(t).appendEscaped(l.label[:0], []byte(t.Text))
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
		if colour := l.palette.status(h.Status); colour.on != "" && bytes.HasPrefix(line, []byte("HTTP/")) {
			before, after, _ := bytes.Cut(line, code)
			b = appendEscaped(b, before)
			b = colour.appendEscaped(b, code)
			b = appendEscaped(b, after)
			code = nil
		} else {
			b = appendEscaped(b, line)
		}
		b = append(b, '\n')
	}
	return b
}
