package report

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wget/internal/fetch"
)

// GroupBy says when two answers are alike. The zero value compares them by rule:
// the same status, and the same fields in the same order, where the tables below
// say what counts of each field.
type GroupBy struct {
	Exact   bool     // the lines, as they came
	Columns []Column // these, as they are shown, and nothing else
}

// ParseGroupBy reads the value of --group: "" for the rule, "exact", or a list of
// columns.
func ParseGroupBy(how string) (GroupBy, error) {
	switch how {
	case "":
		return GroupBy{}, nil
	case "exact":
		return GroupBy{Exact: true}, nil
	}
	columns, err := ParseColumns(how)
	return GroupBy{Columns: columns}, err
}

// replyFields are about this one reply. They do not count, present or absent.
const replyFields = `
	age content-digest content-length content-location content-md5 content-range date digest etag expires
	last-modified retry-after
	connection keep-alive proxy-connection transfer-encoding
	cf-bgj cf-cache-status cf-ray eagleid rlogid fly-request-id x-amz-cf-id x-amz-id-1 x-amz-id-2 x-amz-rid
	x-amz-version-id x-goog-generation x-goog-hash x-goog-metageneration x-goog-stored-content-length
	x-guploader-uploadid x-msedge-ref x-azure-ref x-nws-log-uuid x-varnish x-vercel-id x-li-uuid x-fs-uuid
	akamai-grn ohc-cache-hit ohc-response-time ali-swift-global-savetime x-swift-cachetime x-swift-savetime
	cache-status cdn-cache cdn-cachedat x-hits x-true-cache-key x-check-cacheable x-proxy-cache x-drupal-cache
	x-drupal-dynamic-cache x-vercel-cache x-varnish-cache x-cdn-cache
	server-timing x-envoy-upstream-service-time x-request-queueing x-response-time x-runtime x-timer
	traceparent tracestate x-b3-spanid x-b3-traceid
	ratelimit-remaining ratelimit-reset x-rate-limit-remaining x-rate-limit-reset x-ratelimit-remaining
	x-ratelimit-reset`

// replyWords are parts of names of fields that are about this one reply.
const replyWords = `request-id requestid trace-id traceid correlation-id transaction-id x-cache`

// configFields hold configuration. Their values count, but for the parts that are
// new in every reply.
const configFields = `
	server x-powered-by x-aspnet-version x-aspnetmvc-version x-generator x-drupal-version
	strict-transport-security content-security-policy content-security-policy-report-only x-frame-options
	x-content-type-options x-xss-protection referrer-policy permissions-policy feature-policy expect-ct
	cross-origin-embedder-policy cross-origin-embedder-policy-report-only cross-origin-opener-policy
	cross-origin-opener-policy-report-only cross-origin-resource-policy origin-agent-cluster
	x-permitted-cross-domain-policies x-download-options x-dns-prefetch-control clear-site-data
	cache-control cdn-cache-control surrogate-control pragma vary
	content-type content-encoding content-language accept-ranges allow accept-patch accept-post accept-ch
	location refresh alt-svc upgrade www-authenticate proxy-authenticate p3p
	access-control-allow-credentials access-control-allow-headers access-control-allow-methods
	access-control-allow-origin access-control-expose-headers access-control-max-age timing-allow-origin
	x-robots-tag x-ua-compatible set-cookie`

// unorderedFields are lists whose order means nothing.
const unorderedFields = `
	accept-ch access-control-allow-headers access-control-allow-methods access-control-expose-headers allow
	cache-control cdn-cache-control content-language pragma surrogate-control vary`

// Of every other field, the name counts and the value does not.

// signer works out by what results are alike.
type signer struct {
	by                       GroupBy
	reply, config, unordered map[string]bool
	words                    []string
	picker                   *picker // of the columns; nil for the rule
}

func newSigner(by GroupBy) *signer {
	set := func(list string) map[string]bool {
		names := make(map[string]bool)
		for name := range strings.FieldsSeq(list) {
			names[name] = true
		}
		return names
	}
	s := &signer{
		by: by, reply: set(replyFields), config: set(configFields), unordered: set(unorderedFields),
		words: strings.Fields(replyWords),
	}
	if len(by.Columns) > 0 {
		s.picker = newPicker(by.Columns, recordWriter{})
	}
	return s
}

// signed is a thing by which results are compared: a field, with as much of its
// value as counts.
type signed struct{ name, value string }

// sign lists all that counts of a result. A failure counts by its stage and kind.
func (s *signer) sign(r *fetch.Result) []signed {
	if r.Err != nil {
		return []signed{{"error", string(r.Err.Stage) + ": " + string(r.Err.Kind)}}
	}
	switch {
	case s.picker != nil:
		return s.signColumns(r)
	case s.by.Exact:
		return s.signLines(r)
	}
	list := []signed{{"status", strconv.Itoa(r.Head.Status)}}
	for name, value := range r.Head.Fields() {
		lowered := strings.ToLower(latin1(name))
		switch {
		case s.isReply(lowered):
		case lowered == "set-cookie":
			list = append(list, signed{lowered, s.cookie(latin1(value), r.Reply.Target.Host)})
		case s.config[lowered]:
			list = append(list, signed{lowered, s.masked(lowered, latin1(value), r.Reply.Target.Host)})
		default:
			list = append(list, signed{name: lowered})
		}
	}
	return list
}

func (s *signer) signColumns(r *fetch.Result) (list []signed) {
	s.picker.take(r)
	for i := range s.picker.columns {
		c := &s.picker.columns[i]
		list = append(list, signed{c.Name, string(s.picker.appendText(nil, c, r))})
	}
	return list
}

func (s *signer) signLines(r *fetch.Result) (list []signed) {
	for line := range r.Head.Lines() {
		list = append(list, signed{value: string(line)})
	}
	return list
}

func (s *signer) isReply(name string) bool {
	return s.reply[name] || slices.ContainsFunc(s.words, func(word string) bool { return strings.Contains(name, word) })
}

// masked is a value without the parts that are new in every reply. Lists whose
// order means nothing are sorted; they hold words that are written by people.
func (s *signer) masked(name, value, host string) string {
	if !s.unordered[name] {
		return mask(value, host)
	}
	items := strings.Split(strings.ToLower(value), ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	slices.Sort(items)
	return strings.Join(items, ", ")
}

// cookie is a cookie's name and attributes, without its value and its date.
func (s *signer) cookie(value, host string) string {
	pair, attributes, _ := strings.Cut(value, ";")
	name, _, _ := strings.Cut(pair, "=")
	parts := []string{strings.TrimSpace(name)}
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, text, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		switch key = strings.ToLower(key); {
		case key == "":
		case key == "expires":
			parts = append(parts, key)
		default:
			parts = append(parts, strings.TrimSuffix(key+"="+mask(text, host), "="))
		}
	}
	return strings.Join(parts, "; ")
}

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

// hash is a short name for what was signed, the same in every run.
func hash(list []signed) string {
	var b bytes.Buffer
	for _, s := range list {
		b.WriteString(s.name)
		b.WriteByte(0)
		b.WriteString(s.value)
		b.WriteByte('\n')
	}
	sum := sha256.Sum256(b.Bytes())
	return fmt.Sprintf("%x", sum[:8])
}
