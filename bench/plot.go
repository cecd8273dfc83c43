//go:build linux

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// plot draws a sweep: CPU per host and peak memory, each against what its points differ in.
func (t *table) plot(dir string) error {
	if t.Axis == "" {
		return nil
	}
	for _, p := range []struct {
		name, title string
		value       func(row) float64
	}{
		{"cpu", "CPU, µs per host", func(r row) float64 { return r.CPU }},
		{"memory", "Peak memory, MB", func(r row) float64 { return r.Peak }},
	} {
		file := filepath.Join(dir, t.Name+"-"+p.name+".svg")
		if err := os.WriteFile(file, []byte(t.svg(p.title, p.value)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// svg draws a line per client; x is logarithmic, y begins at 0.
func (t *table) svg(title string, value func(row) float64) string {
	const left, top, width, height = 70.0, 50.0, 560.0, 300.0
	colours := []string{"#888888", "#0b6fb8", "#e07b00", "#2a9d3a", "#b0309a", "#c0392b", "#6b4fbb"}
	axis := func(r row) float64 {
		if t.Axis == "hosts in a list" {
			return float64(r.Hosts)
		}
		return float64(r.InFlight)
	}
	var ticks []float64
	var order []string // of clients
	lowest, highest, most := math.Inf(1), 0.0, 0.0
	rows := slices.DeleteFunc(slices.Clone(t.Rows), func(r row) bool { return r.Error != "" })
	for _, r := range rows {
		lowest, highest, most = min(lowest, axis(r)), max(highest, axis(r)), max(most, value(r))
		if !slices.Contains(ticks, axis(r)) {
			ticks = append(ticks, axis(r))
		}
		if !slices.Contains(order, r.Client) {
			order = append(order, r.Client)
		}
	}
	step := niceStep(most / 5)
	most = math.Ceil(most/step) * step
	x := func(v float64) float64 {
		return left + width*math.Log(v/lowest)/max(math.Log(highest/lowest), 1e-9)
	}
	y := func(v float64) float64 { return top + height*(1-v/most) }

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 400" font-family="sans-serif" font-size="13">
<rect width="760" height="400" fill="white"/>
<text x="%v" y="26" font-size="16">%s, against %s</text>
`, left, title, t.Axis)
	for v := 0.0; v <= most+step/2 && step > 0; v += step {
		fmt.Fprintf(&b, `<path d="M%v %.1fh%v" stroke="#ddd"/><text x="%v" y="%.1f" text-anchor="end">%g</text>`+"\n",
			left, y(v), width, left-8, y(v)+4, v)
	}
	for _, v := range ticks {
		fmt.Fprintf(&b, `<text x="%.1f" y="%v" text-anchor="middle">%.0f</text>`+"\n", x(v), top+height+20, v)
	}
	for i, name := range order {
		colour := colours[i%len(colours)]
		var path strings.Builder
		for _, r := range rows {
			if r.Client != name {
				continue
			}
			pen := "L"
			if path.Len() == 0 {
				pen = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", pen, x(axis(r)), y(value(r)))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x(axis(r)), y(value(r)), colour)
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), colour)
		fmt.Fprintf(&b, `<text x="%v" y="%v" fill="%s">%s</text>`+"\n", left+width+16, top+20*float64(i+1), colour, name)
	}
	return b.String() + "</svg>\n"
}

// niceStep rounds up to 1, 2 or 5 times a power of ten.
func niceStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least {
			return m * power
		}
	}
	return 10 * power
}
