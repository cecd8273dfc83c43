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
		eachMember(object, func(name, value []byte) bool { return yield(jsonMember{name, value}) })
	}
}

// items yields the values of an array.
func items(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := array[1:]; rest[0] != ']'; {
			end := endOfValue(rest)
			if !yield(rest[:end]) {
				return
			}
			if rest = rest[end:]; rest[0] == ',' {
				rest = rest[1:]
			}
		}
	}
}

// stringOf is the text of a JSON string.
func stringOf(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	var text string
	err := json.Unmarshal(value, &text)
	return []byte(text), err == nil
}

// eachMember calls f for each member of an object until f returns false, and
// reports whether the text was an object, f returning true.
func eachMember(object []byte, f func(key, value []byte) bool) bool {
	if len(object) < 2 || object[0] != '{' || object[len(object)-1] != '}' {
		return false
	}
	rest := object[1:]
	for rest[0] == '"' {
		k := endOfValue(rest)
		if k < 0 || k+1 >= len(rest) || rest[k] != ':' {
			return false
		}
		v := endOfValue(rest[k+1:])
		if v <= 0 || k+1+v >= len(rest) || !f(rest[1:k-1], rest[k+1:k+1+v]) {
			return false
		}
		if rest = rest[k+1+v:]; rest[0] != ',' {
			break
		}
		if rest = rest[1:]; rest[0] != '"' {
			return false
		}
	}
	return string(rest) == "}"
}

// endOfValue is the length of the JSON value that a text begins with, and -1 if
// the value does not end.
func endOfValue(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := endOfString(text[i:])
			if n < 0 {
				return -1
			}
			if i += n - 1; depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// endOfString is the length of the JSON string that a text begins with, quotes
// included, and -1 if the string does not end.
func endOfString(text []byte) int {
	for i := 1; ; {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		backslashes := 0
		for text[end-1-backslashes] == '\\' {
			backslashes++
		}
		if i = end + 1; backslashes%2 == 0 {
			return i
		}
	}
}
