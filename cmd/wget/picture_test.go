package wget_test

import (
	"fmt"
	"html"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// The picture of README shows what its command prints, in the colours of a terminal. With -update it is drawn anew.
func TestPicture(t *testing.T) {
	const command, path = "wget --demo --keep-order", "../../docs/terminal.svg"
	drawn := picture(command, shell(t, t.TempDir(), command+" --color always"))
	if *update {
		if err := os.WriteFile(path, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	length := regexp.MustCompile(` textLength="[^"]*"`) // that of a time varies
	want, got := length.ReplaceAllString(readPage(t, "docs/terminal.svg"), ""), length.ReplaceAllString(drawn, "")
	if diff := cmp.Diff(timeless(want), timeless(got)); diff != "" {
		t.Errorf("go test ./cmd/wget -run Picture -update draws it anew (-picture +run):\n%s", diff)
	}
}

// picture draws a command and its coloured output as SVG, for a terminal of 80 columns. Each text says how long it is, since
// fonts differ.
func picture(command, output string) string {
	const letter, line, margin = 8.43, 18, 14
	lines := strings.Split("$ "+command+"\n"+strings.TrimSuffix(output, "\n"), "\n")
	width, height := 702, len(lines)*line+2*margin+1
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="t">
<title id="t">%s in a terminal: each host in its colour, names of header fields set off, the status code in the colour of its class</title>
<rect width="%[1]d" height="%[2]d" rx="6" fill="#1e1e1e"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#d4d4d4" xml:space="preserve">
`, width, height, html.EscapeString(command))
	for i, text := range lines {
		fmt.Fprintf(&b, `<text y="%d">`, margin+13+i*line)
		x := float64(margin)
		for _, run := range regexp.MustCompile(`(?:\x1b\[([\d;]*)m)?([^\x1b]*)`).FindAllStringSubmatch(text, -1) {
			if run[2] == "" {
				continue
			}
			length := letter * float64(utf8.RuneCountInString(run[2]))
			fmt.Fprintf(&b, `<tspan x="%.2f" textLength="%.2f"%s>%s</tspan>`, x, length, style(run[1]), html.EscapeString(run[2]))
			x += length
		}
		b.WriteString("</text>\n")
	}
	return b.String() + "</g>\n</svg>\n"
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
	text := fmt.Sprintf(` fill="#%02x%02x%02x"`, level(n/36), level(n/6%6), level(n%6))
	if bold {
		text += ` font-weight="bold"`
	}
	return text
}
