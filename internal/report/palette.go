package report

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/fatih/color"

	"wget/internal/fetch"
)

// paint holds the sequences to write before and after a coloured text. The zero
// value writes none.
type paint struct{ on, off string }

// newPaint asks fatih/color for the sequences once, so that colouring a text
// takes two appends.
func newPaint(attributes ...color.Attribute) paint {
	c := color.New(attributes...)
	c.EnableColor()
	on, _, _ := strings.Cut(c.Sprint("\x00"), "\x00")
	return paint{on, "\x1b[0m"}
}

// palette holds the colours in use. Its zero value paints nothing.
type palette struct {
	hosts   []paint
	classes [10]paint // by the first digit of a status
	err     paint
	note    paint // hints and anomalies
	name    paint // of a header field
	differs paint // in which the addresses of a host differ

	before *coloured
}

// coloured is the host that was coloured last.
type coloured struct {
	name  string
	place int // of its colour in palette.hosts
}

// newPalette returns colours, or none unless on is set. Red is kept for errors. The
// terminal's 256 do not depend on its theme: those of hosts have a contrast of at
// least 3:1 on black and on white, and are as far apart as that allows. Its 16 do,
// and blue is often too dark.
func newPalette(o Options, on bool) palette {
	var p palette
	switch {
	case !on:
		return p
	case o.FewColors:
		p = of16()
	default:
		p = of256()
	}
	if p.before = o.before; p.before == nil {
		p.before = new(coloured)
	}
	return p
}

func of256() palette {
	p := palette{
		err:     newPaint(38, 5, 196, color.Bold),
		note:    newPaint(38, 5, 243),
		name:    newPaint(38, 5, 67),
		differs: newPaint(38, 5, 130),
	}
	for _, n := range []color.Attribute{27, 28, 168, 31, 33, 65, 96, 100, 137, 103, 128, 200, 135, 30} {
		p.hosts = append(p.hosts, newPaint(38, 5, n))
	}
	for i, n := range []color.Attribute{133, 28, 32, 130, 162} {
		p.classes[i+1] = newPaint(38, 5, n, color.Bold)
	}
	return p
}

func of16() palette {
	p := palette{
		err:     newPaint(color.FgRed, color.Bold),
		note:    newPaint(color.FgHiBlack),
		name:    newPaint(color.Bold),
		differs: newPaint(color.FgYellow, color.Bold),
	}
	for _, c := range []color.Attribute{color.FgGreen, color.FgYellow, color.FgMagenta, color.FgCyan} {
		p.hosts = append(p.hosts, newPaint(c))
	}
	for i, c := range []color.Attribute{color.FgBlue, color.FgGreen, color.FgCyan, color.FgYellow, color.FgMagenta} {
		p.classes[i+1] = newPaint(c, color.Bold)
	}
	return p
}

// host returns the colour of a target: that of its host, and of its port unless
// the port is 80 or 443, so that the colour is the same in every run. Only
// where the target before has that colour by chance, it is another.
func (p *palette) host(t *fetch.Target) paint {
	if len(p.hosts) == 0 {
		return paint{}
	}
	name := t.Host
	if t.Port != 0 && t.Port != 80 && t.Port != 443 {
		name += ":" + strconv.Itoa(int(t.Port))
	}
	before := p.before
	if name == before.name {
		return p.hosts[before.place]
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	n := uint32(len(p.hosts))
	place := int(h.Sum32() % n)
	if place == before.place && before.name != "" {
		place = int((uint32(place) + 1 + h.Sum32()/n%(n-1)) % n)
	}
	*before = coloured{name, place}
	return p.hosts[place]
}

func (p *palette) status(code int) paint { return p.classes[code/100] }

// appendLine appends a line of a section and its end.
func (p *palette) appendLine(b, line []byte, isStatus bool, status int, colour paint) []byte {
	if isStatus {
		return append(p.appendStatusLine(b, line, status, colour), '\n')
	}
	return append(p.appendField(b, line, colour), '\n')
}

// appendStatusLine appends a status line, from which in colour the status code
// stands out.
func (p *palette) appendStatusLine(b, line []byte, status int, colour paint) []byte {
	of := p.status(status)
	if of.on == "" {
		return colour.appendEscaped(b, line)
	}
	code := fmt.Appendf(nil, "%03d", status)
	before, after, found := bytes.Cut(line, code)
	if !found {
		return colour.appendEscaped(b, line)
	}
	b = colour.appendEscaped(b, before)
	b = of.appendEscaped(b, code)
	return colour.appendEscaped(b, after)
}

// appendField appends a line that is no status line. In colour, the name of a field
// stands out from its value, which may have a colour of its own.
func (p *palette) appendField(b, line []byte, colour paint) []byte {
	if colon := bytes.IndexByte(line, ':'); colon > 0 && p.name.on != "" && line[0] != ' ' && line[0] != '\t' {
		b = p.name.appendEscaped(b, line[:colon])
		line = line[colon:]
	}
	b = append(b, colour.on...)
	b = appendEscaped(b, line)
	return append(b, colour.off...)
}

// Quiet puts lines that are about no host in a colour that stays behind those that
// are, where stderr is coloured.
func (o *Options) Quiet(lines string) string {
	note := newPalette(*o, o.ColorErr).note
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(note.on + strings.TrimSuffix(line, "\n") + note.off + "\n")
	}
	return b.String()
}

// appendEscaped appends text in the paint's colour.
func (p paint) appendEscaped(dst, text []byte) []byte {
	dst = append(dst, p.on...)
	dst = appendEscaped(dst, text)
	return append(dst, p.off...)
}
