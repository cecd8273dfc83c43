package report

import "wget/internal/fetch"

// lines is the format of that name:
//
//	sina.com.cn header > HTTP/1.1 302 Found
//	sina.com.cn redirect > https://www.sina.com.cn/
type lines struct {
	unframed
	palette palette
	picker  *picker // of the chosen fields; nil if all lines are shown

	edges edges // of a target that is not whole yet

	label []byte // of the section at hand, kept for its memory
}

func newLines(o Options) Reporter {
	if o.Baseline != nil {
		return newChangesText(o)
	}
	if o.Group != nil {
		return newGroups(o)
	}
	l := &lines{palette: newPalette(o, o.Color), edges: edges{rule: newRule()}}
	if len(o.Columns) > 0 {
		l.picker = newPicker(o.Columns, recordWriter{})
	}
	return l
}

// Record gathers the results of one target.
func (l *lines) Record(b []byte, r *fetch.Result) []byte {
	if !isEdge(r) {
		b = l.appendChain(b, r, r.Target.Text)
		return l.appendLast(b, r)
	}
	l.edges.results = append(l.edges.results, r)
	return b
}

// appendLast appends the last answer.
func (l *lines) appendLast(b []byte, r *fetch.Result) []byte {
	if isShown(r) {
		b = l.appendHead(b, r, &r.Head, r.Target.Text)
	}
	return l.appendKeys(b, r)
}
