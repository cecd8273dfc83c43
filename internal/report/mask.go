package report

import (
	"strings"
	"time"
	"unicode/utf8"
)

// The marks that stand in a value for a part that is new in every reply.
const (
	maskedHost = "{host}"
	maskedID   = "{id}"
	maskedDate = "{date}"
)

// mask replaces the host's own name, ids and nonces, and dates.
func mask(value, host string) string {
	if host != "" {
		value = replaceFold(value, host, maskedHost)
	}
	var b strings.Builder
	for i := 0; i < len(value); {
		if n := dateLength(value[i:]); n > 0 {
			b.WriteString(maskedDate)
			i += n
			continue
		}
		if n := nonceLength(value[i:]); n > 0 {
			b.WriteString("nonce-" + maskedID)
			i += n
			continue
		}
		end := i
		for end < len(value) && isWordByte(value[end]) {
			end++
		}
		if end == i {
			b.WriteByte(value[i])
			i++
			continue
		}
		b.WriteString(maskWord(value[i:end]))
		i = end
	}
	return b.String()
}

// maskWord replaces a word that looks like an id, or the part of it that does. A
// hash of content, as policies have them, is configuration.
func maskWord(word string) string {
	for _, prefix := range []string{"sha256-", "sha384-", "sha512-"} {
		if strings.HasPrefix(word, prefix) {
			return word
		}
	}
	if isID(word) {
		return maskedID
	}
	return word
}

// The least lengths of what is taken for an id.
const (
	shortestHexID  = 16
	shortestID     = 20
	shortestNumber = 10 // digits: a moment in seconds, or longer
)

// isID reports whether a word is more likely an id or a moment than something
// that a person has written: a long number, long hexadecimal digits, or a long mix
// of letters and digits.
func isID(word string) bool {
	digits, hexes, letters := 0, 0, 0
	for i := range len(word) {
		switch c := word[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			hexes++
		case 'g' <= c && c <= 'z', 'G' <= c && c <= 'Z':
			letters++
		}
	}
	switch {
	case digits == len(word):
		return len(word) >= shortestNumber
	case digits >= 2 && letters == 0 && digits+hexes >= shortestHexID:
		return true
	}
	return digits >= 3 && len(word) >= shortestID
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '+'
}

// nonceLength is the length of a nonce that a text begins with, as policies have it
// ('nonce-BASE64', Content Security Policy Level 3), or 0.
func nonceLength(text string) int {
	const prefix = "nonce-"
	if !strings.HasPrefix(text, prefix) {
		return 0
	}
	base64 := strings.TrimLeftFunc(text[len(prefix):], func(r rune) bool {
		return r < utf8.RuneSelf && (isWordByte(byte(r)) || r == '/' || r == '=')
	})
	if n := len(text) - len(base64); n > len(prefix) {
		return n
	}
	return 0
}

// dateLength is the length of a date that a text begins with (RFC 9110 section
// 5.6.7), or 0.
func dateLength(text string) int {
	const form = "Mon, 02 Jan 2006 15:04:05 GMT"
	if len(text) < len(form) || text[3] != ',' || text[len(form)-3:len(form)] != "GMT" {
		return 0
	}
	if _, err := time.Parse(form, text[:len(form)]); err != nil {
		return 0
	}
	return len(form)
}

// replaceFold replaces a name in any case, where it stands for itself and is not
// part of a longer one.
func replaceFold(text, name, by string) string {
	lowered, name := strings.ToLower(text), strings.ToLower(name)
	if len(lowered) != len(text) || !strings.Contains(lowered, name) {
		return text
	}
	var b strings.Builder
	start := 0
	for {
		i := strings.Index(lowered[start:], name)
		if i < 0 {
			return b.String() + text[start:]
		}
		i += start
		end := i + len(name)
		b.WriteString(text[start:i])
		if i > 0 && isNameByte(lowered[i-1]) || end < len(lowered) && isNameByte(lowered[end]) {
			b.WriteString(text[i:end])
		} else {
			b.WriteString(by)
		}
		start = end
	}
}

func isNameByte(c byte) bool { return isWordByte(c) && c != '+' }
