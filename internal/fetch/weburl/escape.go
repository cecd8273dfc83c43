package weburl

import "strings"

// The percent-encode sets of the standard, beside the bytes that are never left
// as they are: controls, the space, and all that is not ASCII. A % is in none of
// them, so nothing is escaped twice.
const (
	inPath     = "\"#<>?^`{}"
	inQuery    = "\"#'<>"
	inFragment = "\"<>`"
)

func escape(s, set string) string {
	if strings.IndexFunc(s, func(r rune) bool { return mustEscape(r, set) }) < 0 {
		return s
	}
	return string(appendEscaped(nil, s, set))
}

func appendEscaped(b []byte, s, set string) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		if mustEscape(rune(c), set) {
			b = append(b, '%', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

func mustEscape(c rune, set string) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte(set, byte(c)) >= 0
}

// Unescape decodes %XX. A % that begins no escape stands for itself: passwords
// hold it.
func Unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, hexDigit(s[i+1])<<4|hexDigit(s[i+2]))
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func hexDigit(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
