package report

import (
	"bytes"
	"encoding/json"
	"iter"
)

// The functions of this file take apart JSON that this package has written, which
// has no white space between its parts.

// jsonMember is a key of an object and its value.
type jsonMember struct{ name, value []byte }

// members yields those of an object, and none of another value.
func members(object []byte) iter.Seq[jsonMember] {
	return func(yield func(jsonMember) bool) {
		if len(object) == 0 || object[0] != '{' {
			return
		}
		for rest := object[1:]; rest[0] == '"'; {
			end := valueEnd(rest)
			name := rest[1 : end-1]
			rest = rest[end+1:] // and the colon
			end = valueEnd(rest)
			if !yield(jsonMember{name, rest[:end]}) {
				return
			}
			if rest = rest[end:]; rest[0] == ',' {
				rest = rest[1:]
			}
		}
	}
}

// items yields the values of an array.
func items(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := array[1:]; rest[0] != ']'; {
			end := valueEnd(rest)
			if !yield(rest[:end]) {
				return
			}
			if rest = rest[end:]; rest[0] == ',' {
				rest = rest[1:]
			}
		}
	}
}

// valueEnd is the length of the value that a text begins with.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}

// stringEnd is the length of the string that a text begins with.
func stringEnd(text []byte) int {
	for i := 1; ; i++ {
		i += bytes.IndexByte(text[i:], '"')
		escapes := 0
		for text[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

// unquote is the text of a string.
func unquote(quoted []byte) []byte {
	for _, c := range quoted {
		if c == '\\' {
			var text string
			_ = json.Unmarshal(quoted, &text) // this package has written it
			return []byte(text)
		}
	}
	return quoted[1 : len(quoted)-1]
}
