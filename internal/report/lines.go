package report

import (
	"bytes"
	"strconv"

	"wget/internal/fetch"
)

// lines is the format of that name:
//
//	sina.com.cn header > HTTP/1.1 302 Found
type lines struct {
	unframed
	palette palette

	label, code []byte // of the section at hand, kept for their memory
}

func newLines(o Options) Reporter { return &lines{palette: newPalette(o.Color)} }

func (l *lines) Record(b []byte, r *fetch.Result) []byte {
	if !isShown(r) {
		return b
	}
	for i := range r.Interim {
		b = l.appendHead(b, &r.Target, &r.Interim[i])
	}
	return l.appendHead(b, &r.Target, &r.Head)
}

// appendHead appends a section, line by line. In colour, the status code stands
// out from its line.
func (l *lines) appendHead(b []byte, t *fetch.Target, h *fetch.Head) []byte {
	l.label = l.palette.host(t).appendEscaped(l.label[:0], []byte(t.Text))
	l.label = append(l.label, " header > "...)
	l.code = strconv.AppendInt(l.code[:0], int64(h.Status), 10)
	code := l.code // until the status line was met
	for line := range h.Lines() {
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
