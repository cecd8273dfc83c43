package report

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"wget/internal/fetch"
)

// jsonRecord is the json format: NDJSON, one object per record. A key that is
// absent is unknown. The objects are built by hand, since headers keep their
// order of arrival and a record costs little more than its lines do.
type jsonRecord struct {
	includeRaw bool
	verbose    bool
	talk       palette
	names      [][]byte // reused from record to record
	values     [][]byte
	done       []bool
}

func newJSON(o Options) Reporter {
	return &jsonRecord{includeRaw: o.IncludeRaw, verbose: o.Verbose, talk: newPalette(o.ColorErr)}
}

func (j *jsonRecord) Report(b, talk []byte, r *fetch.Result) ([]byte, []byte) {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(r.Target.Index), 10)
	b = appendKey(b, "target", r.Target.Text)
	if url := r.Target.URL(); url != "" {
		b = appendKey(b, "url", url)
	}
	if r.Addr.IsValid() {
		b = append(b, `,"addr":"`...)
		b = r.Addr.AppendTo(b)
		b = append(b, '"')
	}
	if r.Head.Proto != "" {
		b = append(b, ',')
		b = j.appendHead(b, &r.Head)
	}
	if len(r.Interim) > 0 {
		b = append(b, `,"interim":[`...)
		for i := range r.Interim {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '{')
			b = j.appendHead(b, &r.Interim[i])
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if r.Session != nil {
		b = appendSession(b, r.Session)
	}
	if odd := r.Anomalies(); odd != 0 {
		b = append(b, `,"anomalies":[`...)
		for a := range odd.All() {
			b = append(b, '"')
			b = append(b, a.Name...)
			b = append(b, '"', ',')
		}
		b[len(b)-1] = ']'
	}
	if len(r.Raw) > 0 {
		b = append(b, `,"bytes":`...)
		b = strconv.AppendInt(b, int64(len(r.Raw)), 10)
		if j.includeRaw {
			b = append(b, `,"raw":"`...)
			b = base64.StdEncoding.AppendEncode(b, r.Raw)
			b = append(b, '"')
		}
	}
	if r.Tries > 1 {
		b = append(b, `,"tries":`...)
		b = strconv.AppendInt(b, int64(r.Tries), 10)
	}
	b = appendSeconds(b, r.Times)
	if r.Err != nil {
		b = append(b, `,"error":{"stage":"`...)
		b = append(b, r.Err.Stage...)
		b = append(b, `","kind":"`...)
		b = append(b, r.Err.Kind...)
		b = append(b, '"')
		b = appendKey(b, "message", Escape(r.Err.Err.Error()))
		if r.Err.Hint != "" {
			b = appendKey(b, "hint", r.Err.Hint)
		}
		b = append(b, '}')
	}
	b = append(b, "}\n"...)
	if j.verbose {
		talk = appendTalk(talk, &j.talk, &fetch.Result{Target: r.Target, Reply: fetch.Reply{Head: r.Head, Interim: r.Interim}}, true)
	}
	return b, talk
}

// appendHead appends the members that a section has.
func (j *jsonRecord) appendHead(b []byte, h *fetch.Head) []byte {
	b = append(b, `"proto":"`...)
	b = append(b, h.Proto...)
	b = append(b, `","status":`...)
	b = strconv.AppendInt(b, int64(h.Status), 10)
	b = append(b, `,"reason":`...)
	b = appendString(b, h.Reason())
	b = append(b, `,"headers":`...)
	return j.appendHeaders(b, h)
}

// appendHeaders gives each name the list of its values, where the name first
// came. Few heads have more fields than a linear search is good for; those of
// hostile servers get a map.
func (j *jsonRecord) appendHeaders(b []byte, h *fetch.Head) []byte {
	j.names, j.values = j.names[:0], j.values[:0]
	for name, value := range h.Fields() {
		j.names, j.values = append(j.names, name), append(j.values, value)
	}
	if len(j.names) > 64 {
		return appendMany(b, j.names, j.values)
	}
	j.done = append(j.done[:0], make([]bool, len(j.names))...)
	b = append(b, '{')
	for i, name := range j.names {
		if j.done[i] {
			continue
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLower(b, name)
		b = append(b, ':', '[')
		b = appendString(b, j.values[i])
		for k := i + 1; k < len(j.names); k++ {
			if len(j.names[k]) == len(name) && equalLower(j.names[k], name) {
				j.done[k] = true
				b = append(b, ',')
				b = appendString(b, j.values[k])
			}
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendMany is appendHeaders for any number of fields.
func appendMany(b []byte, names, values [][]byte) []byte {
	first := make(map[string]int, len(names)) // name to its place in lists
	var lists [][]int
	for i, name := range names {
		key := string(appendLower(nil, name))
		at, known := first[key]
		if !known {
			at = len(lists)
			first[key] = at
			lists = append(lists, nil)
		}
		lists[at] = append(lists[at], i)
	}
	b = append(b, '{')
	for _, list := range lists {
		b = appendLower(b, names[list[0]])
		b = append(b, ':', '[')
		for _, i := range list {
			b = appendString(b, values[i])
			b = append(b, ',')
		}
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	b[len(b)-1] = '}'
	return b
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func equalLower(a, b []byte) bool {
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// appendLower appends a name with its ASCII letters in lower case.
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

func appendSession(b []byte, s *fetch.Session) []byte {
	b = append(b, `,"tls":{"version":`...)
	b = appendString(b, []byte(s.Version))
	b = appendKey(b, "cipher", s.Cipher)
	for _, m := range [...]struct{ key, value string }{
		{"alpn", s.ALPN}, {"sni", s.ServerName}, {"subject", s.Subject}, {"issuer", s.Issuer},
	} {
		if m.value != "" {
			b = appendKey(b, m.key, m.value)
		}
	}
	if !s.NotAfter.IsZero() {
		b = appendKey(b, "not_after", s.NotAfter.UTC().Format(time.RFC3339))
	}
	return append(b, '}')
}

func appendSeconds(b []byte, t fetch.Times) []byte {
	b = append(b, `,"seconds":{`...)
	for _, step := range [...]struct {
		key string
		at  time.Duration
	}{{"dns", t.DNS}, {"connect", t.Connect}, {"tls", t.TLS}, {"first_byte", t.FirstByte}} {
		if step.at > 0 {
			b = append(b, '"')
			b = append(b, step.key...)
			b = append(b, '"', ':')
			b = appendDuration(b, step.at)
			b = append(b, ',')
		}
	}
	b = append(b, `"total":`...)
	b = appendDuration(b, t.Total)
	return append(b, '}')
}

// appendDuration appends seconds to the microsecond.
func appendDuration(b []byte, d time.Duration) []byte {
	micros := d.Round(time.Microsecond).Microseconds()
	b = strconv.AppendInt(b, micros/1e6, 10)
	b = append(b, '.')
	for unit := int64(1e5); unit > 0; unit /= 10 {
		b = append(b, byte('0'+micros/unit%10))
	}
	return b
}

// appendKey appends a further member.
func appendKey(b []byte, key, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':')
	return appendString(b, []byte(value))
}

// appendString appends a JSON string (RFC 8259 section 7). What is not UTF-8 is
// read as Latin-1. What a terminal would obey is escaped, though JSON itself
// would let some of it pass.
func appendString(b, s []byte) []byte {
	b = append(b, '"')
	start := 0
	for i, c := range s {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			return append(appendOdd(b, s[i:], utf8.Valid(s)), '"')
		}
	}
	b = append(b, s...)
	return append(b, '"')
}

// appendOdd appends the rest of a string from its first byte that may need an
// escape.
func appendOdd(b, s []byte, valid bool) []byte {
	text := string(s)
	if !valid {
		text = latin1(s)
	}
	for _, r := range text {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ', isUnsafe(r):
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// latin1 reads s as UTF-8 if it is that, and as ISO 8859-1 if not.
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
