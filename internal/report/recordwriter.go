package report

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"wget/internal/fetch"
)

// recordWriter writes records. They are built by hand, since fields keep their
// order of arrival and a record costs little more than its lines do.
type recordWriter struct {
	includeRaw bool
	pairs      bool                       // fields are a list of pairs
	noFields   bool                       // sections are without their fields
	group      func(*fetch.Result) string // names the group; nil if that is not asked for

	// Of the record at hand, kept for their memory.
	text          []byte
	names, values [][]byte
	written       []bool // by field: its name came before, and so its value is written
}

// append appends the record of a result, without a line end.
func (w *recordWriter) append(b []byte, r *fetch.Result) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(r.Target.Index), 10)
	b = appendMember(b, "target", r.Target.Text)
	if !r.Begun.IsZero() {
		b = append(b, `,"time":"`...)
		b = r.Begun.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
		b = append(b, '"')
	}
	if r.Edge != nil {
		b = append(b, `,"edge":{"n":`...)
		b = strconv.AppendInt(b, int64(r.Edge.N), 10)
		b = append(b, `,"of":`...)
		b = strconv.AppendInt(b, int64(r.Edge.Of), 10)
		if r.LedTo(-1).Proxy != "" { // whose address addr is
			b = appendMember(b, "addr", r.Edge.Addr.String())
		}
		b = append(b, '}')
	}
	if r.Target.Err == nil {
		b = append(b, ',')
		b = w.appendAnswer(b, &r.Reply)
	}
	b = w.appendHops(b, r.Hops)
	b = appendAnomalies(b, r.Anomalies())
	b = w.appendRaw(b, &r.Reply)
	if r.Tries > 1 {
		b = append(b, `,"tries":`...)
		b = strconv.AppendInt(b, int64(r.Tries), 10)
	}
	if w.group != nil {
		b = appendMember(b, "group", w.group(r))
	}
	b = appendSeconds(b, r.Times)
	if r.Err != nil {
		b = appendFailure(b, r.Err)
	}
	return append(b, '}')
}

// appendHops appends the answers that redirected.
func (w *recordWriter) appendHops(b []byte, hops []fetch.Reply) []byte {
	if len(hops) == 0 {
		return b
	}
	b = append(b, `,"hops":[`...)
	for i := range hops {
		b = append(b, '{')
		b = w.appendAnswer(b, &hops[i])
		b = w.appendRaw(b, &hops[i])
		b = appendSeconds(b, hops[i].Times)
		b = append(b, '}', ',')
	}
	b[len(b)-1] = ']'
	return b
}

func appendAnomalies(b []byte, odd fetch.Anomalies) []byte {
	if odd == 0 {
		return b
	}
	b = append(b, `,"anomalies":[`...)
	for a := range odd.All() {
		b = append(b, '"')
		b = append(b, a.Name...)
		b = append(b, '"', ',')
	}
	b[len(b)-1] = ']'
	return b
}

// appendAnswer appends the members that say what was asked and what came of it.
func (w *recordWriter) appendAnswer(b []byte, r *fetch.Reply) []byte {
	w.text = r.Target.AppendURL(w.text[:0])
	b = append(b, `"url":`...)
	b = appendString(b, w.text)
	if r.Addr.IsValid() {
		w.text = r.Addr.AppendTo(w.text[:0]) // with a zone, whose name can hold any character
		b = append(b, `,"addr":`...)
		b = appendString(b, w.text)
	}
	if r.Proxy != "" {
		b = appendMember(b, "proxy", r.Proxy)
	}
	if r.Head.Proto != "" {
		b = append(b, ',')
		b = w.appendSection(b, &r.Head)
	}
	if len(r.Interim) > 0 {
		b = append(b, `,"interim":[`...)
		for i := range r.Interim {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '{')
			b = w.appendSection(b, &r.Interim[i])
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if r.Session != nil {
		b = appendTLS(b, r.Session)
	}
	return b
}

// appendRaw appends the length of the sections, and on request the sections.
func (w *recordWriter) appendRaw(b []byte, r *fetch.Reply) []byte {
	if r.Size == 0 {
		return b
	}
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, int64(r.Size), 10)
	if w.includeRaw && len(r.Raw) > 0 {
		b = append(b, `,"raw":"`...)
		b = base64.StdEncoding.AppendEncode(b, r.Raw)
		b = append(b, '"')
	}
	return b
}

// appendSection appends the members of a section.
func (w *recordWriter) appendSection(b []byte, h *fetch.Head) []byte {
	b = append(b, `"proto":`...)
	b = appendString(b, []byte(h.Proto))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(h.Status), 10)
	b = append(b, `,"reason":`...)
	b = appendString(b, h.Reason())
	if w.noFields {
		return b
	}
	if w.pairs {
		b = append(b, `,"fields":`...)
		return appendPairs(b, h)
	}
	b = append(b, `,"headers":`...)
	return w.appendFields(b, h)
}

// appendPairs appends a list of the fields in order, with names as they came.
func appendPairs(b []byte, h *fetch.Head) []byte {
	b = append(b, '[')
	first := true
	for name, value := range h.Fields() {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, `{"name":`...)
		b = appendString(b, name)
		b = append(b, `,"value":`...)
		b = appendString(b, value)
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendFields appends an object with the list of values of each name, at the
// place where the name first came. A linear search finds the values, except
// among so many fields as only a hostile server sends.
func (w *recordWriter) appendFields(b []byte, h *fetch.Head) []byte {
	w.names, w.values = w.names[:0], w.values[:0]
	for name, value := range h.Fields() {
		w.names, w.values = append(w.names, name), append(w.values, value)
	}
	if len(w.names) > 64 || w.hasOddName() {
		return appendManyFields(b, w.names, w.values)
	}
	w.written = append(w.written[:0], make([]bool, len(w.names))...)
	b = append(b, '{')
	for i, name := range w.names {
		if w.written[i] {
			continue
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLower(b, name)
		b = append(b, ':', '[')
		b = appendString(b, w.values[i])
		for k := i + 1; k < len(w.names); k++ {
			if len(w.names[k]) == len(name) && equalLower(w.names[k], name) {
				w.written[k] = true
				b = append(b, ',')
				b = appendString(b, w.values[k])
			}
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// hasOddName reports whether some name is not ASCII. Two such names can be the
// same text though their bytes differ, since one is UTF-8 and the other Latin-1.
func (w *recordWriter) hasOddName() bool {
	for _, name := range w.names {
		for _, c := range name {
			if c >= utf8.RuneSelf {
				return true
			}
		}
	}
	return false
}

// appendManyFields is appendFields in linear time, with a map of names as they are
// written.
func appendManyFields(b []byte, names, values [][]byte) []byte {
	places := make(map[string]int, len(names)) // of each name in lists
	var lists [][]int                          // the fields of each name
	for i, name := range names {
		key := string(appendLower(nil, name))
		place, known := places[key]
		if !known {
			place = len(lists)
			places[key] = place
			lists = append(lists, nil)
		}
		lists[place] = append(lists[place], i)
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

// appendTLS appends a session.
func appendTLS(b []byte, s *fetch.Session) []byte {
	b = append(b, `,"tls":{"version":`...)
	b = appendString(b, []byte(s.Version))
	b = appendMember(b, "cipher", s.Cipher)
	b = appendKnown(b, "alpn", s.ALPN)
	b = appendKnown(b, "sni", s.ServerName)
	b = appendKnown(b, "curve", s.Curve)
	b = append(b, `,"verified":`...)
	b = strconv.AppendBool(b, s.Verified)
	if certificates := s.Certificates(); len(certificates) > 0 {
		b = appendCertificate(b, &certificates[0])
		b = appendChain(b, certificates[1:])
	}
	b = append(b, `,"stapled":`...)
	b = strconv.AppendBool(b, s.Stapled)
	return append(b, '}')
}

func appendChain(b []byte, chain []fetch.Certificate) []byte {
	if len(chain) == 0 {
		return b
	}
	b = append(b, `,"chain":[`...)
	for i := range chain {
		if i > 0 {
			b = append(b, ',')
		}
		start := len(b)
		b = appendCertificate(b, &chain[i])
		b[start] = '{' // in place of the comma before the first member
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendCertificate appends the members of a certificate, of which the
// fingerprint is always known.
func appendCertificate(b []byte, c *fetch.Certificate) []byte {
	b = appendKnown(b, "subject", c.Subject)
	b = appendKnown(b, "issuer", c.Issuer)
	if len(c.Names) > 0 {
		b = append(b, `,"names":[`...)
		for i, name := range c.Names {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, []byte(name))
		}
		b = append(b, ']')
	}
	b = appendKnown(b, "serial", c.Serial)
	b = appendMember(b, "sha256", c.SHA256)
	if !c.NotAfter.IsZero() {
		b = appendMember(b, "not_before", c.NotBefore.UTC().Format(time.RFC3339))
		b = appendMember(b, "not_after", c.NotAfter.UTC().Format(time.RFC3339))
	}
	return appendKnown(b, "key", c.Key)
}

// appendKnown appends a member unless its value is empty.
func appendKnown(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return appendMember(b, key, value)
}

// appendSeconds appends the steps that were reached, and the total.
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

// appendDuration appends seconds with six decimal places.
func appendDuration(b []byte, d time.Duration) []byte {
	micros := d.Round(time.Microsecond).Microseconds()
	b = strconv.AppendInt(b, micros/1e6, 10)
	b = append(b, '.')
	for unit := int64(1e5); unit > 0; unit /= 10 {
		b = append(b, byte('0'+micros/unit%10))
	}
	return b
}

// appendFailure appends an error. The text of its cause may hold a server's
// bytes.
func appendFailure(b []byte, e *fetch.Error) []byte {
	b = append(b, `,"error":{"stage":`...)
	b = appendString(b, []byte(e.Stage))
	b = appendMember(b, "kind", string(e.Kind))
	b = appendMember(b, "message", Escape(e.Err.Error()))
	if e.Hint != "" {
		b = appendMember(b, "hint", e.Hint)
	}
	return append(b, '}')
}
