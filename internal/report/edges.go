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

// sections is the fields of the results of one target.
type sections struct {
	names []string              // where each first came, in lower case; "" for the status line
	lines []map[string][][]byte // of each result, by name
}

// add takes a section apart.
func (s *sections) add(h *fetch.Head) {
	fields := make(map[string][][]byte)
	name, first := "", true
	for line := range h.Lines() {
		isFold := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		if !first && !isFold {
			before, _, _ := bytes.Cut(line, []byte(":"))
			name = strings.ToLower(string(bytes.TrimRight(before, " \t")))
		}
		first = first && !bytes.HasPrefix(line, []byte("HTTP/"))
		if !s.knows(name) && fields[name] == nil {
			s.names = append(s.names, name)
		}
		fields[name] = append(fields[name], line)
	}
	s.lines = append(s.lines, fields)
}

// knows reports whether a section that was added has the field.
func (s *sections) knows(name string) bool {
	return slices.ContainsFunc(s.lines, func(fields map[string][][]byte) bool { return fields[name] != nil })
}

// agree reports whether all sections have the same lines of a field.
func (s *sections) agree(name string) bool {
	return !slices.ContainsFunc(s.lines, func(fields map[string][][]byte) bool {
		return !slices.EqualFunc(fields[name], s.lines[0][name], bytes.Equal)
	})
}

// appendMerged appends the sections of all addresses that answered and were
// gathered, and forgets them.
func (l *lines) appendMerged(b []byte) []byte {
	all := l.edges.results
	if len(all) == 0 {
		return b
	}
	l.edges.results = nil
	answered := slices.DeleteFunc(slices.Clone(all), func(r *fetch.Result) bool { return !isShown(r) || r.Head.Proto == "" })
	if len(answered) == 0 {
		return l.appendKeys(b, all...)
	}
	b = l.appendChains(b, answered)
	var parts sections
	for _, r := range answered {
		parts.add(&r.Head)
	}
	for _, name := range parts.names {
		if parts.agree(name) {
			b = l.appendLines(b, answered[0], answered[0].Target.Text, parts.lines[0][name], paint{})
			continue
		}
		differs := l.palette.differs
		if l.edges.rule.isReply(name) {
			differs = paint{}
		}
		for i, r := range answered {
			b = l.appendLines(b, r, label(r), parts.lines[i][name], differs)
		}
	}
	return l.appendKeys(b, all...)
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
