package report

import (
	"hash/fnv"
	"strings"

	"github.com/fatih/color"
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
}

// newPalette returns colours, or none unless on is set. The colours are among
// the terminal's 256, which do not depend on its theme. Those of hosts have a
// contrast of at least 3:1 on black and on white, and are as far apart as that
// allows. Red is kept for errors.
func newPalette(on bool) palette {
	if !on {
		return palette{}
	}
	p := palette{
		err:  newPaint(38, 5, 196, color.Bold),
		note: newPaint(38, 5, 243),
	}
	for _, n := range []color.Attribute{27, 28, 168, 31, 33, 65, 96, 100, 137, 103, 128, 200, 135, 30} {
		p.hosts = append(p.hosts, newPaint(38, 5, n))
	}
	for i, n := range []color.Attribute{133, 28, 32, 130, 196} {
		p.classes[i+1] = newPaint(38, 5, n, color.Bold)
	}
	return p
}

// host returns the colour of a name, which is the same in every run.
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
