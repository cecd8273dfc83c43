package report

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

func pageFile(name string) []byte {
	text, _ := pageFiles.ReadFile("page/" + name) // embedded
	return text
}

// appendInert appends a JSON string that cannot end the script element which it
// stands in, nor begin another or a comment: it has no "<".
func appendInert(b, text []byte) []byte {
	start := len(b)
	b = appendString(b, text)
	if n := bytes.Count(b[start:], []byte("<")); n > 0 {
		quoted := bytes.ReplaceAll(b[start:], []byte("<"), []byte(`\u003c`))
		b = append(b[:start], quoted...)
	}
	return b
}

// cut is the start of a text, with a mark that there was more.
func cut(text []byte, most int) []byte {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return append(text[:most], "…"...)
}

func isNumber(text []byte) bool {
	_, err := strconv.ParseFloat(string(text), 64)
	return err == nil && (text[0] == '-' || text[0] >= '0' && text[0] <= '9')
}
