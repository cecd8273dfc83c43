package report

import (
	"bytes"
	"strconv"

	"wget/internal/fetch"
)

// csvFields are the columns of csv unless others are chosen.
const csvFields = "target,url,addr,proto,status,reason,seconds.total,bytes,error"

// commaSeparated is the csv format (RFC 4180, but that lines end with LF), with a
// header line.
type commaSeparated struct {
	picker *picker
	cell   []byte // kept for its memory
}

func newCSV(o Options) Reporter {
	fields := o.Columns
	if len(fields) == 0 {
		fields = defaultColumns(csvFields)
	}
	return &commaSeparated{picker: newPicker(fields, recordWriter{})}
}

func (c *commaSeparated) Begin(b []byte) []byte {
	for i, f := range c.picker.columns {
		b = appendCell(b, i, []byte(f.Name))
	}
	return append(b, '\n')
}

func (c *commaSeparated) Record(b []byte, r *fetch.Result) []byte {
	c.picker.take(r)
	for i := range c.picker.columns {
		c.cell = c.picker.appendText(c.cell[:0], &c.picker.columns[i], r)
		b = appendCell(b, i, c.cell)
	}
	if len(c.picker.columns) == 1 && len(c.cell) == 0 {
		b = append(b, `""`...) // readers pass over an empty line
	}
	return append(b, '\n')
}

func (c *commaSeparated) End(b []byte, _ *Summary) []byte { return b }

// appendCell appends cell i of a row. A cell that a spreadsheet would take for a
// formula gets an apostrophe in front of it.
func appendCell(b []byte, i int, text []byte) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	formula := isFormula(text)
	if !bytes.ContainsAny(text, ",\"\r\n") {
		if formula {
			b = append(b, '\'')
		}
		return append(b, text...)
	}
	b = append(b, '"')
	if formula {
		b = append(b, '\'')
	}
	for _, c := range text {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// isFormula reports whether a text begins like a formula and is no decimal number.
func isFormula(text []byte) bool {
	if len(text) == 0 || bytes.IndexByte([]byte("=+-@\t\r"), text[0]) < 0 {
		return false
	}
	_, err := strconv.ParseFloat(string(text), 64)
	return err != nil || bytes.ContainsAny(text, "_nNpPxX") // infinity, 0x1p2
}
