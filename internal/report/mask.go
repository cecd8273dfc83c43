package report

import (
	"strings"
	"time"
)

// The marks that stand in a value for a part that is new in every reply.
const (
	maskedHost = "{host}"
	maskedID   = "{id}"
	maskedDate = "{date}"
)

// mask replaces the host's own name, ids and nonces, and dates.
func mask(value, host string) string {
	if host = strings.TrimSuffix(host, "."); host != "" {
		value = replaceFold(value, host, maskedHost)
	}
	var b strings.Builder
	for i := 0; i < len(value); {
		if n := dateLength(value[i:]); n > 0 {
			b.WriteString(maskedDate)
			i += n
			continue
		}
		if n := authorityLength(value[i:]); n > 0 { // of a URL: no reply has a host of its own
			b.WriteString(value[i : i+n])
			i += n
			continue
		}
		name, n := nonceIn(value[i:])
		if n == 0 {
			name, n = parameterIn(value[i:])
		}
		if n > 0 {
			b.WriteString(name + maskedID)
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
	var b strings.Builder
	begun := 0 // the start of what nobody seems to have written
	for i := 0; i < len(word); {
		end := i
		for end < len(word) && !isHyphen(word[end]) {
			end++
		}
		if isWritten(word[i:end]) {
			b.WriteString(maskParts(word[begun:i]))
			b.WriteString(word[i:end])
			begun = end
		}
		i = end + 1
	}
	b.WriteString(maskParts(word[begun:]))
	return b.String()
}

// maskParts replaces parts of a word if they look like an id together.
func maskParts(parts string) string {
	if id := strings.Trim(parts, hyphens); isID(id) {
		return strings.Replace(parts, id, maskedID, 1)
	}
	return parts
}

// hyphens are between the parts of a word.
const hyphens = "-_+"

func isHyphen(c byte) bool { return strings.IndexByte(hyphens, c) >= 0 }

// isWritten reports whether a part of a word is one that people have written: four
// letters of one case, or more, that are not all hexadecimal digits.
func isWritten(part string) bool {
	return len(part) >= 4 && strings.IndexFunc(part, func(r rune) bool { return lower(byte(r)) < 'a' || lower(byte(r)) > 'z' }) < 0 &&
		(strings.ToLower(part) == part || strings.ToUpper(part) == part) && strings.Trim(strings.ToLower(part), "abcdef") != ""
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
	var digits, hexes, letters, uppers, changes int // letters: all but hexes; changes: of the kind of byte
	before := byte(0)
	for i := range len(word) {
		c, kind := lower(word[i]), byte(0)
		switch {
		case '0' <= c && c <= '9':
			digits++
			kind = '0'
		case c < 'a' || c > 'z':
		case word[i] != c:
			uppers++
			kind = 'A'
		default:
			kind = 'a'
		}
		if 'a' <= c && c <= 'f' {
			hexes++
		} else if 'g' <= c && c <= 'z' {
			letters++
		}
		if i > 0 && kind != before {
			changes++
		}
		before = kind
	}
	switch {
	case digits == len(word):
		return len(word) >= shortestNumber
	case digits >= 2 && letters == 0 && digits+hexes >= shortestHexID:
		return true
	case len(word) < shortestID:
		return false
	}
	isMixed := digits > 0 && uppers > 0 && uppers < hexes+letters
	return digits >= 3 || isMixed && 5*changes >= 2*len(word)
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '+'
}

// authorityLength is the length of what separates a scheme from the path of a URL, that
// a text begins with, or 0.
func authorityLength(text string) int {
	const separator = "://"
	if !strings.HasPrefix(text, separator) {
		return 0
	}
	if end := strings.IndexAny(text[len(separator):], "/?#;,\"'> "); end >= 0 {
		return len(separator) + end
	}
	return len(text)
}

// nonceIn finds a nonce that a text begins with: the name that stands before it, and
// the length of both, or 0.
func nonceIn(text string) (name string, length int) {
	for _, form := range []struct{ name, end string }{
		{"nonce-", ""}, // 'nonce-BASE64' (Content Security Policy Level 3)
		{`nonce="`, `"`},
		{`opaque="`, `"`},
		{`nextnonce="`, `"`}, // of HTTP Digest (RFC 7616 section 3.3)
	} {
		if len(text) < len(form.name) || !strings.EqualFold(text[:len(form.name)], form.name) {
			continue
		}
		value := text[len(form.name):]
		end := strings.IndexByte(value, '"')
		if form.end == "" {
			end = len(value) - len(strings.TrimLeft(value, base64Bytes))
		}
		if end > 0 {
			return text[:len(form.name)], len(form.name) + end
		}
	}
	return "", 0
}

const base64Bytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="

// replyParameters are those of a query that are about one reply: of OAuth, OpenID
// Connect and SAML, and of sessions.
const replyParameters = " state nonce code_challenge samlrequest relaystate signature sid sessionid session_id session token csrf_token "

// parameterIn finds such a parameter, with a value, that a text begins with: its
// name with ? or & before it, and the length of both, or 0.
func parameterIn(text string) (name string, length int) {
	if text[0] != '?' && text[0] != '&' {
		return "", 0
	}
	longest := min(len(text), len(" code_challenge=")) // so that no text is gone through twice
	name, _, found := strings.Cut(text[:longest], "=")
	if !found || !strings.Contains(replyParameters, " "+strings.ToLower(name[1:])+" ") {
		return "", 0
	}
	name += "="
	end := strings.IndexAny(text[len(name):], "&#;,\"' ")
	switch {
	case end < 0:
		return name, len(text)
	case end == 0:
		return "", 0
	}
	return name, len(name) + end
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
		if i > 0 && isNameByte(lowered[i-1]) && !endsEscape(lowered[:i]) || end < len(lowered) && isNameByte(lowered[end]) {
			b.WriteString(text[i:end])
		} else {
			b.WriteString(by)
		}
		start = end
	}
}

func isNameByte(c byte) bool { return isWordByte(c) && c != '+' }

// endsEscape reports whether a text in lower case ends in a percent escape.
func endsEscape(text string) bool {
	n := len(text)
	return n >= 3 && text[n-3] == '%' && strings.Trim(text[n-2:], "0123456789abcdef") == ""
}
