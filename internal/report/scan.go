package report

import (
	"encoding/json"
	"iter"
)

// The functions of this file take apart JSON that this package has written, which
// has no white space between its parts.

// member is the value of a key in an object, or nil if there is none.
func member(object []byte, key string) []byte {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	for rest := object[1:]; len(rest) > 0 && rest[0] == '"'; {
		end := valueEnd(rest)
		name := rest[1 : end-1]
		rest = rest[end+1:] // and the colon
		end = valueEnd(rest)
		if string(name) == key {
			return rest[:end]
		}
		if rest = rest[end:]; rest[0] == ',' {
			rest = rest[1:]
		}
	}
	return nil
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
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth--; depth == 0 {
				return i + 1
			} else if depth < 0 {
				return i
			}
		case c == ',' && depth == 0:
			return i
		}
	}
	return len(text)
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
