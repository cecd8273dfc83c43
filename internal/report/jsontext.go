package report

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// appendMember appends a further member of an object.
func appendMember(b []byte, key, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':')
	return appendString(b, []byte(value))
}

// appendString appends a JSON string (RFC 8259 section 7). Bytes that are not
// UTF-8 are read as Latin-1. Characters that a terminal would obey are escaped,
// also those that JSON allows.
func appendString(b, s []byte) []byte {
	b = append(b, '"')
	for i, c := range s {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			b = append(b, s[:i]...)
			return append(appendEscapes(b, s[i:], utf8.Valid(s)), '"')
		}
	}
	b = append(b, s...)
	return append(b, '"')
}

// appendEscapes appends the rest of a string from its first byte that may need
// an escape.
func appendEscapes(b, s []byte, valid bool) []byte {
	text := string(s)
	if !valid {
		text = latin1(s)
	}
	for _, r := range text {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ', isUnsafe(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				b = append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
			}
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalLower compares names of equal length without regard to ASCII case.
func equalLower(a, b []byte) bool {
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// appendLower appends a name as a string, with its ASCII letters in lower case.
func appendLower(b, name []byte) []byte {
	for _, c := range name {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return appendString(b, bytes.Map(func(r rune) rune {
				if r < utf8.RuneSelf {
					return rune(lower(byte(r)))
				}
				return r
			}, []byte(latin1(name))))
		}
	}
	b = append(b, '"')
	for _, c := range name {
		b = append(b, lower(c))
	}
	return append(b, '"')
}

// latin1 reads s as UTF-8 if it is valid UTF-8, and as ISO 8859-1 if not.
func latin1(s []byte) string {
	if utf8.Valid(s) {
		return string(s)
	}
	runes := make([]rune, len(s))
	for i, c := range s {
		runes[i] = rune(c)
	}
	return string(runes)
}

// RecordedText is the text of a target as it is read back from its record.
func RecordedText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return latin1([]byte(text))
}
