package report

import (
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wget/internal/fetch"
)

// tableFields are the columns of a table unless others are chosen.
const tableFields = "target,status,server,location,error"

// The widths of a table's columns are taken from its first rows, which are held
// until there are so many, or until so much time has passed since the first.
const (
	firstRows     = 200
	firstRowsSize = 1 << 20 // bytes
	firstRowsTime = 300 * time.Millisecond
)

const (
	columnGap     = "  "
	widestPadding = 100 // columns that a cell is filled up to, at most, for the sake of a wider one
	absent        = "-"
	cutMark       = "…"
)

// table is the format of that name: a row for each result, in columns that are
// aligned by the widths that a terminal shows.
type table struct {
	picker  *picker
	palette palette
	width   int // of the terminal in columns, beyond which cells are cut; 0 means that none is

	widths []int // of each column; nil until they are known
	held   [][]tableCell
	size   int // of the cells that are held, in bytes
}

// tableCell is the text of a cell, as it is shown, and its colour.
type tableCell struct {
	text   string
	colour paint
}

func newTable(o Options) Reporter {
	fields := o.Columns
	if len(fields) == 0 {
		fields = defaultColumns(tableFields)
	}
	t := &table{picker: newPicker(fields, recordWriter{}), palette: newPalette(o, o.Color), width: o.Width}
	var names []tableCell
	for _, f := range fields {
		names = append(names, tableCell{f.Name, t.palette.note})
	}
	t.held = [][]tableCell{names}
	return t
}

func (t *table) Begin(b []byte) []byte { return b }

func (t *table) Record(b []byte, r *fetch.Result) []byte {
	row := t.cells(r)
	if t.widths != nil {
		return t.appendRow(b, row)
	}
	for _, cell := range row {
		t.size += len(cell.text)
	}
	if t.held = append(t.held, row); len(t.held) > firstRows || t.size > firstRowsSize {
		return t.Release(b)
	}
	return b
}

func (t *table) End(b []byte, _ *Summary) []byte { return t.Release(b) }

// cells are the row of a result.
func (t *table) cells(r *fetch.Result) []tableCell {
	t.picker.take(r)
	row := make([]tableCell, len(t.picker.columns))
	for i := range row {
		f := &t.picker.columns[i]
		text := t.picker.appendText(nil, f, r)
		if f.key != nil && f.Name == "target" {
			text = appendEscaped(nil, []byte(label(r)))
		}
		if len(text) == 0 {
			row[i] = tableCell{text: absent, colour: t.palette.note}
			continue
		}
		row[i] = tableCell{strings.ReplaceAll(string(text), "\t", " "), t.colour(f, r)} // whose width a TAB would spoil
	}
	return row
}

// colour is that of a field in lines.
func (t *table) colour(f *Column, r *fetch.Result) paint {
	switch {
	case f.key == nil:
		return paint{}
	case f.Name == "target":
		return t.palette.host(&r.Target)
	case f.Name == "status":
		return t.palette.status(r.Head.Status)
	case f.key[0] == "error":
		return t.palette.err
	}
	return paint{}
}

// Release settles the widths by the rows that are held, and appends these.
func (t *table) Release(b []byte) []byte {
	if t.widths == nil {
		t.widths = t.fit(widths(t.held))
	}
	for _, row := range t.held {
		b = t.appendRow(b, row)
	}
	t.held = nil
	return b
}

// widths are those of the widest cell of each column.
func widths(rows [][]tableCell) []int {
	list := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			list[i] = max(list[i], displayWidth(cell.text))
		}
	}
	return list
}

// fit takes from the widest columns what a terminal has no room for, and leaves
// room that none needs to the last.
func (t *table) fit(widths []int) []int {
	if t.width == 0 {
		for i := range widths {
			widths[i] = min(widths[i], widestPadding)
		}
		return widths
	}
	room := t.width - len(columnGap)*(len(widths)-1)
	for {
		total, widest := 0, 0
		for i, w := range widths {
			total += w
			if w > widths[widest] {
				widest = i
			}
		}
		if total <= room || widths[widest] <= 1 {
			widths[len(widths)-1] += max(0, room-total)
			return widths
		}
		widths[widest]--
	}
}

// displayWidth is how many columns of a terminal a text takes. Characters of
// ambiguous width (Unicode Standard Annex 11) take one, whatever the locale, as
// terminals have it.
func displayWidth(text string) int { return displayRule().StringWidth(text) }

func displayRule() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

// appendRow appends a row. Only a terminal's cells are cut; elsewhere a cell that
// is wider than its column moves the rest of its row. The last cell has all the
// room that is left: failures come late, when the widths are settled.
func (t *table) appendRow(b []byte, row []tableCell) []byte {
	left := t.width
	for i, cell := range row {
		if i > 0 {
			b = append(b, columnGap...)
			left -= len(columnGap)
		}
		room := t.widths[i]
		if i == len(row)-1 {
			room = max(room, left)
		}
		left -= t.widths[i]
		text, width := cell.text, displayWidth(cell.text)
		if t.width > 0 && width > room {
			text = displayRule().Truncate(text, room, cutMark)
			width = displayWidth(text)
		}
		b = append(b, cell.colour.on...)
		b = append(b, text...)
		b = append(b, cell.colour.off...)
		if i < len(row)-1 {
			for ; width < t.widths[i]; width++ {
				b = append(b, ' ')
			}
		}
	}
	return append(b, '\n')
}
