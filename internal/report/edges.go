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
	rule    *signer // knows which fields are about one reply
}

// label is what stands for a result in the lines: the target, and the address
// where the target has several.
func label(r *fetch.Result) string {
	if r.Edge == nil || r.Edge.Of < 2 {
		return r.Target.Text
	}
	return r.Target.Text + "@" + r.Edge.Addr.String()
}

// field is the lines of one field of a section, or the status line.
type field struct {
	name  string // in lower case; "" for the status line
	lines [][]byte
}

// fieldsOf takes a section apart, each name where it first came.
func fieldsOf(h *fetch.Head) (fields []field) {
	at := -1
	first := true
	for line := range h.Lines() {
		isFold := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		if !isFold || at < 0 {
			name := ""
			if !first {
				before, _, _ := bytes.Cut(line, []byte(":"))
				name = strings.ToLower(string(bytes.TrimRight(before, " \t")))
			}
			at = slices.IndexFunc(fields, func(f field) bool { return f.name == name })
			if at < 0 {
				at = len(fields)
				fields = append(fields, field{name: name})
			}
		}
		first = first && !bytes.HasPrefix(line, []byte("HTTP/"))
		fields[at].lines = append(fields[at].lines, line)
	}
	return fields
}

// linesOf are the lines of a field, or none.
func linesOf(fields []field, name string) [][]byte {
	for _, f := range fields {
		if f.name == name {
			return f.lines
		}
	}
	return nil
}

// isWhole reports whether r is the last of its target's results, so that all of
// them have been gathered.
func (e *edges) isWhole(r *fetch.Result) bool { return r.Edge.N == r.Edge.Of-1 }

// appendMerged appends the sections of all addresses that answered, and forgets
// them.
func (l *lines) appendMerged(b []byte) []byte {
	answered := slices.DeleteFunc(slices.Clone(l.edges.results), func(r *fetch.Result) bool { return !isShown(r) || r.Head.Proto == "" })
	l.edges.results = l.edges.results[:0]
	if len(answered) == 0 {
		return b
	}
	b = l.appendChains(b, answered)
	var (
		names  []string
		fields [][]field
	)
	for _, r := range answered {
		list := fieldsOf(&r.Head)
		fields = append(fields, list)
		for _, f := range list {
			if !slices.Contains(names, f.name) {
				names = append(names, f.name)
			}
		}
	}
	for _, name := range names {
		first := linesOf(fields[0], name)
		if !slices.ContainsFunc(fields, func(f []field) bool { return !slices.EqualFunc(linesOf(f, name), first, bytes.Equal) }) {
			b = l.appendLines(b, answered[0], answered[0].Target.Text, first, paint{})
			continue
		}
		differs := l.palette.differs
		if l.edges.rule.isReply(name) {
			differs = paint{}
		}
		for i, r := range answered {
			b = l.appendLines(b, r, label(r), linesOf(fields[i], name), differs)
		}
	}
	return b
}

// appendChains appends what came before the last answers: once, if it is the same
// for all addresses.
func (l *lines) appendChains(b []byte, answered []*fetch.Result) []byte {
	first := l.appendChain(nil, answered[0], answered[0].Target.Text)
	for _, r := range answered[1:] {
		if !bytes.Equal(first, l.appendChain(nil, r, r.Target.Text)) {
			for _, r := range answered {
				b = l.appendChain(b, r, label(r))
			}
			return b
		}
	}
	return append(b, first...)
}
