package report

import (
	"hash/fnv"
	"strings"

	"github.com/fatih/color"
)

// paint is what to write before and after a coloured text; the zero value
// writes nothing.
type paint struct{ on, off string }

// newPaint asks fatih/color for the sequences once, so that a host costs two
// appends.
func newPaint(attributes ...color.Attribute) paint {
	c := color.New(attributes...)
	c.EnableColor()
	on, off, _ := strings.Cut(c.Sprint("\x00"), "\x00")
	return paint{on, off}
}

// palette holds the colours in use. Its zero value paints nothing.
type palette struct {
	hosts   []paint
	classes [10]paint // by the first digit of a status
	err     paint
	note    paint
}

// newPalette chooses colours of middling brightness from the terminal's 256,
// which can be read on dark and on light backgrounds; red is kept for errors.
func newPalette(on bool) palette {
	if !on {
		return palette{}
	}
	p := palette{
		err:  newPaint(color.FgRed, color.Bold),
		note: newPaint(color.Faint),
	}
	for _, n := range []color.Attribute{32, 35, 64, 68, 97, 98, 130, 132, 133, 136, 137, 30, 66, 72, 104, 172} {
		p.hosts = append(p.hosts, newPaint(38, 5, n))
	}
	for class, c := range map[int]color.Attribute{1: color.FgBlue, 2: color.FgGreen, 3: color.FgCyan, 4: color.FgYellow, 5: color.FgRed} {
		p.classes[class] = newPaint(c, color.Bold)
	}
	return p
}

// host is the colour of a name, the same in every run.
func (p *palette) host(name string) paint {
	if len(p.hosts) == 0 {
		return paint{}
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return p.hosts[h.Sum32()%uint32(len(p.hosts))]
}

func (p *palette) status(code int) paint { return p.classes[code/100] }

// appendEscaped appends text in the paint's colour.
func (p paint) appendEscaped(dst, text []byte) []byte {
	dst = append(dst, p.on...)
	dst = appendEscaped(dst, text)
	return append(dst, p.off...)
}
