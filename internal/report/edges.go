package report

import (
	"bytes"
	"slices"
	"strings"

	"wget/internal/fetch"
)

// edges gathers the results of one target's addresses, and says once what they
// agree on:
//
//	a.test header > HTTP/1.1 200 OK
//	a.test@192.0.2.1 header > X-Served-By: cache-a
//	a.test@192.0.2.2 header > X-Served-By: cache-b
type edges struct {
	results []*fetch.Result
	partial bool  // some of the target's addresses are not to be seen, so the others speak for themselves alone
	rule    *rule // knows which fields are about one reply
}

// section is the lines of a section by field.
type section struct {
	names []string            // in lower case, where each first came; statusLine is that of no field
	lines map[string][][]byte // of each
}

// statusLine stands for the status line among names of fields.
const statusLine = ":"

// sectionOf takes a section apart. A folded line belongs to the field before it.
func sectionOf(h *fetch.Head) section {
	s := section{lines: make(map[string][][]byte)}
	name, inFields := statusLine, false
	for line, isStatus := range h.Lines() {
		isFold := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		if inFields && !isFold {
			before, _, _ := bytes.Cut(line, []byte(":"))
			name = strings.ToLower(string(bytes.TrimRight(before, " \t")))
		}
		inFields = inFields || isStatus
		if _, known := s.lines[name]; !known {
			s.names = append(s.names, name)
		}
		s.lines[name] = append(s.lines[name], line)
	}
	return s
}

// Whole appends what the results of a target have in common and where they differ,
// once all of them have come, and forgets them.
func (l *lines) Whole(b []byte) []byte {
	results := l.edges.results
	l.edges.results = nil
	if len(results) == 0 {
		return b
	}
	hidden := len(results) < results[0].Edge.Of
	spoke := slices.DeleteFunc(slices.Clone(results), func(r *fetch.Result) bool { return len(r.Hops)+len(r.Interim) == 0 && !isAnswered(r) })
	l.edges.partial = hidden || len(spoke) == 1
	b = l.appendChains(b, spoke)
	answered := slices.DeleteFunc(spoke, func(r *fetch.Result) bool { return !isAnswered(r) })
	l.edges.partial = hidden || len(answered) == 1
	b = l.appendSections(b, answered, lastHead)
	l.edges.partial = hidden
	return l.appendComparedKeys(b, results)
}

// isAnswered reports whether there is a last section to show.
func isAnswered(r *fetch.Result) bool { return isShown(r) && r.Head.Proto != "" }

// lastHead is the last section of a result.
func lastHead(r *fetch.Result) *fetch.Head { return &r.Head }

// appendSections appends one section of each result, field by field.
func (l *lines) appendSections(b []byte, results []*fetch.Result, head func(*fetch.Result) *fetch.Head) []byte {
	var (
		names    []string
		known    = make(map[string]bool)
		sections = make([]section, len(results))
	)
	for i, r := range results {
		sections[i] = sectionOf(head(r))
		for _, name := range sections[i].names {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	values := make([][]byte, len(results))
	for _, name := range names {
		for i := range sections {
			values[i] = bytes.Join(sections[i].lines[name], []byte("\n"))
		}
		b = l.appendCompared(b, results, values, l.edges.rule.isReply(name), func(b []byte, i int, label string, mark paint) []byte {
			return l.appendLines(b, results[i], head(results[i]), label, sections[i].lines[name], name == statusLine, mark)
		})
	}
	return b
}

// appendCompared appends what all results have in common under the label of the
// target, or else each result's own under that of its address. Values that differ
// are marked, and those of the few more than that of the many; if they are of one
// reply and differ always, they are not.
func (l *lines) appendCompared(b []byte, results []*fetch.Result, values [][]byte, ofReply bool, appendTo func(b []byte, i int, label string, mark paint) []byte) []byte {
	counts := make(map[string]int)
	for _, value := range values {
		counts[string(value)]++
	}
	if len(counts) == 1 && !l.edges.partial {
		return appendTo(b, 0, results[0].Target.Text, paint{})
	}
	for i, r := range results {
		mark := l.palette.differs
		switch {
		case ofReply, len(counts) == 1:
			mark = paint{}
		case 2*counts[string(values[i])] > len(results):
			mark = l.palette.note
		}
		b = appendTo(b, i, label(r), mark)
	}
	return b
}

// appendChains appends what came before the last answers: hop by hop if all went
// the same way, and else one chain after another.
func (l *lines) appendChains(b []byte, results []*fetch.Result) []byte {
	if len(results) == 0 {
		return b
	}
	if !wentTheSameWay(results) {
		for _, r := range results {
			b = l.appendChain(b, r, label(r))
		}
		return b
	}
	for i := range results[0].Hops {
		b = l.appendSections(b, results, func(r *fetch.Result) *fetch.Head { return &r.Hops[i].Head })
		if !l.edges.partial {
			b = l.appendRedirect(b, results[0], i, results[0].Target.Text)
			continue
		}
		for _, r := range results {
			b = l.appendRedirect(b, r, i, label(r))
		}
	}
	return b
}

// wentTheSameWay reports whether results have as many hops, which lead to the same
// targets, and no interim sections.
func wentTheSameWay(results []*fetch.Result) bool {
	first := results[0]
	return !slices.ContainsFunc(results, func(r *fetch.Result) bool {
		if len(r.Hops) != len(first.Hops) || len(r.Interim) > 0 {
			return true
		}
		for i := range r.Hops {
			if len(r.Hops[i].Interim) > 0 || r.LedTo(i).Target.URL() != first.LedTo(i).Target.URL() {
				return true
			}
		}
		return false
	})
}

// appendComparedKeys appends the chosen keys. Times are of one reply.
func (l *lines) appendComparedKeys(b []byte, results []*fetch.Result) []byte {
	if l.picker == nil {
		return b
	}
	columns := l.picker.columns
	texts := make([][][]byte, len(columns)) // by column and result
	for _, r := range results {
		l.picker.take(r)
		for i := range columns {
			if hasLine(&columns[i]) {
				texts[i] = append(texts[i], l.picker.appendText(nil, &columns[i], r))
			}
		}
	}
	for i, list := range texts {
		c := &columns[i]
		if list == nil {
			continue
		}
		ofReply := c.key[0] == "seconds" || c.key[0] == "time"
		b = l.appendCompared(b, results, list, ofReply, func(b []byte, i int, label string, mark paint) []byte {
			return l.appendKey(b, results[i], label, c, list[i], mark)
		})
	}
	return b
}
