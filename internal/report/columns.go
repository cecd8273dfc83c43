package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wget/internal/fetch"
)

// Column is one thing that is shown of each result: a key of the record, or the
// values of a header field.
type Column struct {
	Name string // as it was asked for

	key    []string // path in the record; nil for a header field
	header string   // name of the header field, in lower case; "" for a key
}

// keys lists the keys of a record, with those of its objects behind a dot. It is
// the list of docs/json.md.
func keys() []string {
	return []string{
		"index", "target", "time", "url", "addr", "edge", "edge.n", "edge.of", "edge.addr", "proxy", "proto", "status", "reason", "headers",
		"fields", "interim", "hops", "tls", "tls.version", "tls.cipher", "tls.curve", "tls.alpn", "tls.sni", "tls.verified",
		"tls.subject", "tls.issuer", "tls.names", "tls.serial", "tls.sha256", "tls.not_before", "tls.not_after", "tls.key",
		"tls.chain", "tls.stapled", "anomalies", "bytes", "raw", "tries", "group",
		"seconds", "seconds.dns", "seconds.connect", "seconds.tls", "seconds.first_byte", "seconds.total",
		"error", "error.stage", "error.kind", "error.message", "error.hint",
	}
}

// ParseColumns reads a list of keys and names of header fields, separated by
// commas. A word that is a key stands for the key, and header.NAME always for the
// header field. No word may come twice, since it would be a key twice in JSON.
func ParseColumns(list string) ([]Column, error) {
	var columns []Column
	for word := range strings.SplitSeq(list, ",") {
		c, err := parseColumn(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(columns, func(before Column) bool { return before.Name == c.Name }) {
			return nil, fmt.Errorf("%q comes twice", c.Name)
		}
		columns = append(columns, c)
	}
	return columns, nil
}

func parseColumn(word string) (Column, error) {
	name, isHeader := strings.CutPrefix(word, "header.")
	switch {
	case !isHeader && slices.Contains(keys(), word):
		return Column{Name: word, key: strings.Split(word, ".")}, nil
	case !isHeader && strings.Contains(word, "."):
		dotted := slices.DeleteFunc(keys(), func(k string) bool { return !strings.Contains(k, ".") })
		return Column{}, fmt.Errorf("%q is no key; those with a dot are %s, and header.NAME is a header field", word, strings.Join(dotted, ", "))
	case name == "":
		return Column{}, errors.New("an empty name")
	case !fetch.IsToken(name):
		return Column{}, fmt.Errorf("%q is neither a key nor the name of a header field", word)
	}
	return Column{Name: word, header: strings.ToLower(name)}, nil
}

// defaultColumns is ParseColumns for the lists of this package.
func defaultColumns(list string) []Column {
	columns, _ := ParseColumns(list)
	return columns
}

// picker takes the chosen columns out of results.
type picker struct {
	columns []Column
	writer  recordWriter
	record  []byte // of the result at hand
	members []jsonMember
	values  [][]byte
}

func newPicker(columns []Column, writer recordWriter) *picker {
	chosen := func(name string) bool {
		return slices.ContainsFunc(columns, func(c Column) bool { return c.key != nil && c.key[0] == name })
	}
	if writer.group == nil && chosen("group") {
		writer.group = byRule().name
	}
	writer.noFields = !chosen("headers") && !chosen("fields") && !chosen("interim") && !chosen("hops")
	writer.includeRaw = chosen("raw")
	writer.pairs = writer.pairs || chosen("fields") && !chosen("headers")
	return &picker{columns: columns, writer: writer}
}

// showsErrors reports whether one of the columns says why a target failed.
func showsErrors(columns []Column) bool {
	return slices.ContainsFunc(columns, func(c Column) bool { return c.key != nil && c.key[0] == "error" })
}

// take makes r the result at hand.
func (p *picker) take(r *fetch.Result) {
	p.record = p.writer.append(p.record[:0], r)
	p.members = p.members[:0]
	for m := range members(p.record) {
		p.members = append(p.members, m)
	}
}

// value is the JSON value of a key, or nil if the record has none.
func (p *picker) value(c *Column) []byte {
	for _, m := range p.members {
		if string(m.name) != c.key[0] {
			continue
		}
		if len(c.key) == 1 {
			return m.value
		}
		for inner := range members(m.value) {
			if string(inner.name) == c.key[1] {
				return inner.value
			}
		}
	}
	return nil
}

// headerValues are the values of a header field, as they came.
func (p *picker) headerValues(c *Column, r *fetch.Result) [][]byte {
	p.values = p.values[:0]
	for name, value := range r.Head.Fields() {
		if len(name) == len(c.header) && equalLower(name, []byte(c.header)) {
			p.values = append(p.values, value)
		}
	}
	return p.values
}

// appendText appends what a person is shown of a field, escaped as in lines:
// several values are joined with a comma, and an error is its line. Nothing is
// appended for what is absent.
func (p *picker) appendText(b []byte, c *Column, r *fetch.Result) []byte {
	switch {
	case c.key == nil:
		for i, value := range p.headerValues(c, r) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendEscaped(b, value)
		}
		return b
	case c.Name == "target": // whose JSON is Latin-1 if it is no UTF-8
		return appendEscaped(b, []byte(r.Target.Text))
	case c.Name == "reason":
		return appendEscaped(b, r.Head.Reason())
	case c.Name == "error" && r.Err == nil:
		return b
	case c.Name == "error":
		return appendEscaped(b, []byte(r.Err.Error()))
	case c.Name == "error.message" && r.Err != nil: // whose JSON is escaped already
		return appendEscaped(b, []byte(r.Err.Err.Error()))
	}
	return appendPlain(b, p.value(c))
}

// appendJSON appends the value of a field as it stands in a record, and null for
// what is absent.
func (p *picker) appendJSON(b []byte, c *Column, r *fetch.Result) []byte {
	if c.key != nil {
		if value := p.value(c); value != nil {
			return append(b, value...)
		}
		return append(b, "null"...)
	}
	values := p.headerValues(c, r)
	if len(values) == 0 {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, value)
	}
	return append(b, ']')
}

// appendPlain appends a JSON value as text: a string without its quotes, a list
// with its values joined.
func appendPlain(b, value []byte) []byte {
	switch {
	case len(value) == 0:
		return b
	case value[0] == '"':
		text, _ := stringOf(value)
		return appendEscaped(b, text)
	case value[0] == '[' && len(value) > 1 && value[1] == '"':
		first := true
		for item := range items(value) {
			if !first {
				b = append(b, ", "...)
			}
			first = false
			b = appendPlain(b, item)
		}
		return b
	}
	return append(b, value...)
}

// choosesLine reports whether a line of a section is chosen: the status line by
// the key status, a field line by its name, and a line that goes on with the value
// of the line before by what became of that one.
func (p *picker) choosesLine(line []byte, isStatus, before bool) bool {
	if isStatus {
		return len(line) > 0 && slices.ContainsFunc(p.columns, func(c Column) bool { return c.Name == "status" && c.key != nil })
	}
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return before
	}
	name, _, found := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return slices.ContainsFunc(p.columns, func(c Column) bool {
		return found && c.key == nil && len(name) == len(c.header) && equalLower(name, []byte(c.header))
	})
}
