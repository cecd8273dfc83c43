package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"iter"
	"slices"
	"strings"

	"wget/internal/fetch"
)

// The page is one file that needs no network, and is written as records come:
//
//	<head>          policy and style
//	<script rows>   what the table shows of some hundred hosts ┐ as often
//	<script heads>  and what a row opens of the same hosts     ┘ as needed
//	<main>          the summary, and below it the table of the first hosts
//	<script>        page.js, which makes the table one of all hosts
//
// The summary stands above the table and is known last. So all that is visible
// comes last, and the records, which are data and not visible, come before it:
// nothing has to be moved, and the order of the file is the order of reading.
//
// Text of servers gets into the page in two ways: by appendInert, and by
// html/template. What the script reads it shows as text nodes only.

// pageFiles are page.css, page.js and main.html. Nobody changes them.
//
//go:embed page
var pageFiles embed.FS

const (
	pageColumns = "target,status,server,location,seconds.first_byte,error" // unless others are chosen
	pageRows    = 200                                                      // hosts in the table without JavaScript
	pageChunk   = 64 << 10                                                 // bytes of heads that wait, at least, to be written together
	pageCell    = 256                                                      // bytes of a cell at most; its row opens the whole text
)

// Page is the format of --report.
func Page() Format {
	return Format{Name: "html", About: "a page for a browser", Batched: true, ShowsErrors: true, Opens: true, HasColumns: true, New: newPage}
}

// page holds no more than the first rows, a chunk of heads and counts.
type page struct {
	picker *picker
	checks *judge
	tally  tally

	first   []pageRow
	values  []columnValues
	inChunk bool   // a list of rows is open
	heads   []byte // of the rows in it

	// Of the result at hand, kept for their memory.
	failures    []failure
	words, text []byte
}

// failure is a check that a result does not pass.
type failure struct{ clause, why string }

// pageRow is a row of the table without JavaScript.
type pageRow []string

// columnValues says what is known of the values in a column.
type columnValues struct{ some, text bool } // there is one; one is no number

func newPage(o Options) Reporter {
	columns := o.Columns
	if len(columns) == 0 {
		columns = defaultColumns(pageColumns)
	}
	// A row is named by its first cell.
	columns = slices.DeleteFunc(slices.Clone(columns), func(c Column) bool { return c.Name == "target" })
	columns = append(defaultColumns("target"), columns...)
	picker := newPicker(columns, recordWriter{})
	if picker.writer.group != nil {
		picker.writer.group = newSigner(o.groupBy()).name // as the panel has it
	}
	return &page{
		picker: picker, checks: newJudge(o, nil), tally: newTally(o),
		values: make([]columnValues, len(columns)),
	}
}

func (p *page) Begin(b []byte) []byte {
	css, js := pageFile("page.css"), pageFile("page.js")
	b = append(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"...)
	b = append(b, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src `...)
	b = append(appendHash(b, css), "; script-src "...)
	b = append(appendHash(b, js), "\">\n"...)
	b = append(b, "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>wget report</title>\n<style>"...)
	b = append(append(b, css...), "</style>\n</head>\n<body>\n"...)
	// The style hides this line once there is a main element.
	return append(b, "<p class=\"partial\">This page is still loading, or the run that wrote it did not come to its end.</p>\n"...)
}

// appendHash appends the source expression of a policy that allows an inline
// script or style (Content Security Policy Level 3 section 2.3.1).
func appendHash(b, text []byte) []byte {
	sum := sha256.Sum256(text)
	b = append(b, "'sha256-"...)
	b = base64.StdEncoding.AppendEncode(b, sum[:])
	return append(b, '\'')
}

func (p *page) Record(b []byte, r *fetch.Result) []byte {
	p.picker.take(r)
	p.checks.take(r)
	p.failures = p.failures[:0]
	for clause, why := range p.checks.failures(r) {
		p.failures = append(p.failures, failure{clause, why})
	}
	p.words = p.tally.add(p.words[:0], r, p.failures)
	if p.inChunk {
		b = append(b, ",\n"...)
		p.heads = append(p.heads, ",\n"...)
	} else {
		b = append(b, "<script type=\"application/json\" class=\"rows\">[\n"...)
		p.inChunk = true
	}
	b = p.appendRow(b, r)
	p.heads = p.appendHead(p.heads, r)
	if len(p.heads) >= pageChunk {
		b = p.endChunk(b)
	}
	return b
}

// endChunk appends the heads that belong to the rows before them.
func (p *page) endChunk(b []byte) []byte {
	if !p.inChunk {
		return b
	}
	b = append(b, "\n]</script>\n<script type=\"application/json\" class=\"heads\">[\n"...)
	b = append(append(b, p.heads...), "\n]</script>\n"...)
	p.inChunk, p.heads = false, recycle(p.heads)
	return b
}

// appendRow appends a list of the words that filters look for, in one string, and
// the cells.
func (p *page) appendRow(b []byte, r *fetch.Result) []byte {
	b = append(b, '[')
	b = appendInert(b, p.words)
	var row pageRow
	for i := range p.picker.columns {
		c := &p.picker.columns[i]
		p.text = p.picker.appendText(p.text[:0], c, r)
		if c.Name == "target" {
			p.text = appendEscaped(p.text[:0], []byte(label(r)))
		}
		p.text = cut(p.text, pageCell)
		if len(p.text) > 0 {
			p.values[i].some = true
			p.values[i].text = p.values[i].text || !isNumber(p.text)
		}
		b = append(b, ',')
		b = appendInert(b, p.text)
		if len(p.first) < pageRows {
			row = append(row, string(p.text))
		}
	}
	if row != nil {
		p.first = append(p.first, row)
	}
	p.text = recycle(p.text)
	return append(b, ']')
}

// appendHead appends a list of what a row opens: the members of the record and the
// checks that failed, in pairs, and the lines of the header sections, with an empty
// one between two.
func (p *page) appendHead(b []byte, r *fetch.Result) []byte {
	b = append(b, "[["...)
	for _, m := range p.picker.members {
		if !slices.Contains([]string{"target", "headers", "fields", "interim", "hops", "raw"}, string(m.name)) {
			b = p.appendMember(b, string(m.name), m.value)
		}
	}
	for _, f := range p.failures {
		p.text = appendEscaped(p.text[:0], []byte(strings.TrimSuffix(f.clause+": "+f.why, ": ")))
		b = appendPair(b, "failed check", p.text)
	}
	b = append(b, "],["...)
	for section := range shownSections(r) {
		b = p.appendLines(b, section)
	}
	p.text = recycle(p.text)
	return append(b, "]]"...)
}

// appendMember appends a value with its name. Of objects, and of lists of them, each
// member is appended, with its name behind a dot.
func (p *page) appendMember(b []byte, name string, value []byte) []byte {
	switch {
	case value[0] == '{':
		for inner := range members(value) {
			b = p.appendMember(b, name+"."+string(inner.name), inner.value)
		}
		return b
	case len(value) > 1 && value[0] == '[' && value[1] == '{':
		for item := range items(value) {
			b = p.appendMember(b, name, item)
		}
		return b
	}
	if name == "error.message" { // which is escaped already
		text, _ := stringOf(value)
		return appendPair(b, name, text)
	}
	p.text = appendPlain(p.text[:0], value)
	return appendPair(b, name, p.text)
}

// appendPair appends a name of this program and a text to a list, unless there is no
// text.
func appendPair(b []byte, name string, text []byte) []byte {
	if len(text) == 0 {
		return b
	}
	if b[len(b)-1] == ']' {
		b = append(b, ',')
	}
	b = append(append(append(b, `["`...), name...), `",`...)
	return append(appendInert(b, text), ']')
}

// shownSections yields those of a chain of answers that are shown as they came.
func shownSections(r *fetch.Result) iter.Seq[*fetch.Head] {
	return func(yield func(*fetch.Head) bool) {
		last := len(r.Hops)
		for i := range last + 1 {
			reply := &r.Reply
			if i < last {
				reply = &r.Hops[i]
			} else if !isShown(r) {
				return
			}
			for k := range reply.Interim {
				if !yield(&reply.Interim[k]) {
					return
				}
			}
			if !yield(&reply.Head) {
				return
			}
		}
	}
}

// appendLines appends the lines of a section as strings, escaped as in lines. An
// empty one stands between two sections.
func (p *page) appendLines(b []byte, h *fetch.Head) []byte {
	separator := `,"",`
	for line := range h.Lines() {
		if b[len(b)-1] != '[' {
			b = append(b, separator...)
		}
		separator = ","
		p.text = appendEscaped(p.text[:0], line)
		b = appendInert(b, p.text)
	}
	return b
}

func (p *page) End(b []byte, s *Summary) []byte {
	b = p.endChunk(b)
	b = p.appendMain(b, s)
	b = append(append(b, "<script>"...), pageFile("page.js")...)
	return append(b, "</script>\n</body>\n</html>\n"...)
}
