package report

import (
	"strconv"
	"unicode/utf8"
)

// Escape makes text safe to show on a terminal, in a form that can be read back.
// Control characters other than TAB, bytes that are not UTF-8, characters that
// reorder or break lines, and invisible ones become \xNN for each of their bytes. A backslash
// that would read as the start of such an escape becomes \x5c. All other text is
// left as it is.
func Escape(text string) string { return string(appendEscaped(nil, []byte(text))) }

// appendEscaped appends text as Escape returns it.
func appendEscaped(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && isPlain(text[i]) {
			i++
		}
		dst = append(dst, text[start:i]...)
		if i == len(text) {
			break
		}
		size := 1
		switch {
		case text[i] == '\\':
			if !startsEscape(text[i:]) {
				dst = append(dst, '\\')
				i++
				continue
			}
		case text[i] >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(text[i:])
			if size = n; !isUnsafe(r) && (r != utf8.RuneError || n > 1) {
				dst = append(dst, text[i:i+n]...)
				i += n
				continue
			}
		}
		for _, c := range text[i : i+size] {
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
		i += size
	}
	return dst
}

// unescape is the text that Escape was given.
func unescape(text string) string {
	var b []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && startsEscape([]byte(text[i:min(len(text), i+4)])) {
			value, _ := strconv.ParseUint(text[i+2:i+4], 16, 8)
			b = append(b, byte(value))
			i += 3
			continue
		}
		b = append(b, text[i])
	}
	return string(b)
}

const hex = "0123456789abcdef"

// isPlain reports whether c stands for itself, whatever comes before and after it.
func isPlain(c byte) bool {
	return c >= ' ' && c < 0x7f && c != '\\' || c == '\t'
}

func startsEscape(b []byte) bool {
	return len(b) >= 4 && b[1] == 'x' && isHex(b[2]) && isHex(b[3])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isUnsafe reports whether a terminal or an editor would obey r or hide it instead
// of showing it: C0 and C1 controls, the bidirectional controls (Unicode
// Bidi_Control), the line and paragraph separators, and characters that show nothing:
// the soft hyphen, the zero-width space and joiners, the byte order mark, fillers, tags,
// and the others that Unicode lets a font ignore (Default_Ignorable_Code_Point), but for
// the 16 variation selectors that stand behind many an emoji.
func isUnsafe(r rune) bool {
	switch {
	case r < ' ' && r != '\t', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e:
		return true
	case r == 0x2028, r == 0x2029:
		return true
	case r < 0x034f:
		return r == 0xad
	case r == 0x034f, r >= 0x200b && r <= 0x200d, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xfff0 && r <= 0xfffb:
		return true
	case r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r >= 0x180b && r <= 0x180f, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0x1bca0 && r <= 0x1bca3, r >= 0x1d173 && r <= 0x1d17a, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}
