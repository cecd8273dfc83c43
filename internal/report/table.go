package report

import (
	"time"

	"github.com/mattn/go-runewidth"

	"wget/internal/fetch"
)

// tableFields are the columns of a table unless others are chosen.
const tableFields = "target,status,server,location,error"

// The widths of a table's columns are taken from its first rows, which are held
// until there are so many, or so much time has passed.
const (
	firstRows     = 200
	firstRowsTime = 300 * time.Millisecond
)

const (
	columnGap     = "  "
	narrowestCell = 6 // columns that a cut cell keeps at least, its mark included
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
	since  time.Time // of the first row that is held
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
	t := &table{picker: newPicker(fields, recordWriter{}), palette: newPalette(o.Color), width: o.Width}
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
	if t.since.IsZero() {
		t.since = time.Now()
	}
	if t.held = append(t.held, row); len(t.held) > firstRows || time.Since(t.since) > firstRowsTime {
		return t.appendHeld(b)
	}
	return b
}

func (t *table) End(b []byte, _ *Summary) []byte { return t.appendHeld(b) }

// cells are the row of a result.
func (t *table) cells(r *fetch.Result) []tableCell {
	t.picker.take(r)
	row := make([]tableCell, len(t.picker.columns))
	for i := range row {
		f := &t.picker.columns[i]
		text := t.picker.appendText(nil, f, r)
		if f.Name == "target" && f.key != nil {
			text = appendEscaped(nil, []byte(label(r)))
		}
		if len(text) == 0 {
			row[i] = tableCell{text: absent, colour: t.palette.note}
			continue
		}
		row[i] = tableCell{string(text), t.colour(f, r)}
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

// appendHeld settles the widths by the rows that are held, and appends these.
func (t *table) appendHeld(b []byte) []byte {
	if t.widths == nil {
		t.widths = fit(widths(t.held), t.width)
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
			list[i] = max(list[i], runewidth.StringWidth(cell.text))
		}
	}
	return list
}

// fit takes from the widest columns what a terminal has no room for.
func fit(widths []int, width int) []int {
	if width == 0 {
		return widths
	}
	room := width - len(columnGap)*(len(widths)-1)
	for {
		total, widest := 0, 0
		for i, w := range widths {
			total += w
			if w > widths[widest] {
				widest = i
			}
		}
		if total <= room || widths[widest] <= narrowestCell {
			return widths
		}
		widths[widest]--
	}
}

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
		text, width := cell.text, runewidth.StringWidth(cell.text)
		if t.width > 0 && width > room {
			text = runewidth.Truncate(text, room, cutMark)
			width = runewidth.StringWidth(text)
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
