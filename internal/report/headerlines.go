package report

import "wget/internal/fetch"

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

// appendKeys appends a line for each chosen key:
//
//	sina.com.cn seconds.total > 0.021200
func (l *lines) appendKeys(b []byte, r *fetch.Result) []byte {
	if l.picker == nil {
		return b
	}
	l.picker.take(r)
	for i := range l.picker.columns {
		if c := &l.picker.columns[i]; hasLine(c) {
			b = l.appendKey(b, r, r.Target.Text, c, l.picker.appendText(nil, c, r), paint{})
		}
	}
	return b
}

// hasLine reports whether a column has a line of its own, as keys have. The status
// line stands for the key status, and stderr has the error.
func hasLine(c *Column) bool { return c.key != nil && c.Name != "status" && c.Name != "error" }

// appendKey appends the line of a key under a label, in a colour, or nothing if
// the result has no such key. The text is escaped.
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
	chosen := true
	for line, isStatus := range h.Lines() {
		if l.picker != nil {
			chosen = l.picker.choosesLine(line, isStatus, chosen)
		}
		if chosen {
			b = append(b, l.label...)
			b = l.palette.appendLine(b, line, isStatus, h.Status, paint{})
		}
	}
	return b
}

// appendLines appends the status line, or the lines of one field, under a label in
// a colour.
func (l *lines) appendLines(b []byte, r *fetch.Result, h *fetch.Head, label string, list [][]byte, isStatus bool, colour paint) []byte {
	chosen := true
	for _, line := range list {
		if l.picker != nil {
			chosen = l.picker.choosesLine(line, isStatus, chosen)
		}
		if chosen {
			b = l.palette.host(&r.Target).appendEscaped(b, []byte(label))
			b = append(b, " header > "...)
			b = l.palette.appendLine(b, line, isStatus, h.Status, colour)
		}
	}
	return b
}
