// Package testpicture draws what a terminal shows as SVG, for the pictures in the docs. Tests hold the pictures to what
// the program prints.
package testpicture

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Frame is what a terminal shows from a moment on, line by line, in the colours of xterm's 256.
type Frame struct {
	At    time.Duration
	Lines []string
}

// pause is how long the last frame of a film stands before the film begins again.
const pause = 4 * time.Second

const letter, line, margin, width = 8.43, 18, 14, 702 // in pixels, for 80 columns

// Draw draws the frames; more than one are a film. A reader who wants no motion sees the last frame. Each text says how
// long it is, since fonts differ.
func Draw(title string, frames ...Frame) string {
	rows := 0
	for _, f := range frames {
		rows = max(rows, len(f.Lines))
	}
	height := rows*line + 2*margin + 1
	end := frames[len(frames)-1].At + pause
	var texts, rules strings.Builder
	for row := range rows {
		for _, s := range scenes(frames, row, end) {
			class := ""
			if s.from > 0 || s.to < end {
				class = fmt.Sprintf(` class="s%d-%d"`, row, s.from.Milliseconds())
				rules.WriteString(s.rule(row, end))
			}
			fmt.Fprintf(&texts, `<text y="%d"%s>%s</text>`+"\n", margin+13+row*line, class, spans(s.text))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="t">
<title id="t">%s</title>
`, width, height, html.EscapeString(title))
	b.WriteString("<style>\ntext{white-space:pre}\n")
	if rules.Len() > 0 {
		fmt.Fprintf(&b, "text{animation:%.1fs step-end infinite}\n%s@media (prefers-reduced-motion:reduce){text{animation:none!important}}\n", end.Seconds(), rules.String())
	}
	fmt.Fprintf(&b, `</style>
<rect width="%d" height="%d" rx="6" fill="#1e1e1e"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#d4d4d4" xml:space="preserve">
`, width, height)
	return b.String() + texts.String() + "</g>\n</svg>\n"
}

// scene is a text that stands in a row for some time.
type scene struct {
	text     string
	from, to time.Duration
}

// scenes are the texts of a row, one after the other.
func scenes(frames []Frame, row int, end time.Duration) (list []scene) {
	for i, f := range frames {
		text, to := "", end
		if row < len(f.Lines) {
			text = f.Lines[row]
		}
		if i+1 < len(frames) {
			to = frames[i+1].At
		}
		if last := len(list) - 1; last >= 0 && list[last].text == text {
			list[last].to = to
			continue
		}
		from := f.At
		if i == 0 {
			from = 0
		}
		list = append(list, scene{text, from, to})
	}
	shown := list[:0]
	for _, s := range list {
		if s.text != "" {
			shown = append(shown, s)
		}
	}
	return shown
}

// rule is the style of a scene. Without motion only the last frame is seen.
func (s scene) rule(row int, end time.Duration) string {
	name := fmt.Sprintf("s%d-%d", row, s.from.Milliseconds())
	percent := func(d time.Duration) float64 { return 100 * d.Seconds() / end.Seconds() }
	still, steps := "hidden", fmt.Sprintf("%.2f%%{visibility:visible}", percent(s.from))
	if s.from > 0 {
		steps = "0%{visibility:hidden}" + steps
	}
	if s.to < end {
		steps += fmt.Sprintf("%.2f%%{visibility:hidden}", percent(s.to))
	} else {
		still, steps = "visible", steps+"100%{visibility:visible}"
	}
	return fmt.Sprintf(".%s{visibility:%s;animation-name:%[1]s}@keyframes %[1]s{%[3]s}\n", name, still, steps)
}

// spans are the runs of a line, each in its colour.
func spans(text string) string {
	var b strings.Builder
	x := float64(margin)
	for _, run := range regexp.MustCompile(`(?:\x1b\[([\d;]*)m)?([^\x1b]*)`).FindAllStringSubmatch(text, -1) {
		if run[2] == "" {
			continue
		}
		length := letter * float64(utf8.RuneCountInString(run[2]))
		fmt.Fprintf(&b, `<tspan x="%.2f" textLength="%.2f"%s>%s</tspan>`, x, length, style(run[1]), html.EscapeString(run[2]))
		x += length
	}
	return b.String()
}

// style is how SVG says a colour of xterm's 256, perhaps in bold: "38;5;32;1".
func style(code string) string {
	index, chosen := strings.CutPrefix(code, "38;5;")
	if !chosen {
		return ""
	}
	index, bold := strings.CutSuffix(index, ";1")
	n, _ := strconv.Atoi(index)
	level := func(step int) int {
		if step == 0 {
			return 0
		}
		return 55 + 40*step
	}
	n -= 16 // the first of the cube
	red, green, blue := level(n/36), level(n/6%6), level(n%6)
	if n >= 216 { // the greys behind it
		red = 8 + 10*(n-216)
		green, blue = red, red
	}
	text := fmt.Sprintf(` fill="#%02x%02x%02x"`, red, green, blue)
	if bold {
		text += ` font-weight="bold"`
	}
	return text
}
