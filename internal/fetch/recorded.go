package fetch

import (
	"bytes"
	"iter"
	"strconv"
)

// The functions of this file make heads and targets of what an earlier run
// recorded.

// RecordedHead is a section of which the parts are known, and not the bytes: it is
// written down with the parts in their usual form. odd is what was odd in the
// section as it came.
func RecordedHead(proto string, status int, reason string, fields iter.Seq2[string, string], odd Anomalies) Head {
	if status < 0 || status > maxStatus {
		status = 0
	}
	b := append([]byte(proto), ' ')
	b = strconv.AppendInt(b, int64(status), 10)
	h := Head{Proto: proto, Status: status, odd: odd}
	h.reason = [2]int{len(b), len(b)}
	if reason != "" {
		b = append(b, ' ')
		h.reason = [2]int{len(b), len(b) + len(reason)}
		b = append(b, reason...)
	}
	b = append(b, "\r\n"...)
	for name, value := range fields {
		b = appendField(b, name, value)
	}
	h.Raw = append(b, "\r\n"...)
	return h
}

// maxStatus is the highest status that three digits tell.
const maxStatus = 999

// RecordedSections takes the sections of a reply apart, of which the bytes are
// known: the interim ones and the final one, which may be cut short.
func RecordedSections(raw []byte) (interim []Head, final Head) {
	h := headReader{buf: raw}
	if bytes.HasPrefix(raw, []byte(protoHTTP2+" ")) {
		return recordedHTTP2(raw)
	}
	if done, err := h.next(); !done && err == nil {
		_ = h.cut() // a section that cannot be a reply has no parts
	}
	return h.interim, h.final
}

// recordedHTTP2 is RecordedSections for the lines that HTTP/2 fields are written
// down as. A section that cannot be a reply has no parts.
func recordedHTTP2(raw []byte) (interim []Head, final Head) {
	for len(raw) > 0 {
		section, end := raw, bytes.Index(raw, []byte("\r\n\r\n"))
		if end >= 0 {
			section = raw[:end+len("\r\n\r\n")]
		}
		status, ok := recordedStatus(section)
		if !ok {
			break
		}
		head := decodedHead(status)
		head.Raw, head.read = section, true
		if end < 0 || !isInterim(status) {
			return interim, head
		}
		interim = append(interim, head)
		raw = raw[len(section):]
	}
	return interim, Head{}
}

// recordedStatus reads the line that decodedHead stands for.
func recordedStatus(section []byte) (status int, ok bool) {
	line, _, found := bytes.Cut(section, []byte("\r\n"))
	code, isHTTP2 := bytes.CutPrefix(line, []byte(protoHTTP2+" "))
	if !found || !isHTTP2 || len(code) != 3 {
		return 0, false
	}
	for _, c := range code {
		if !isDigit(c) {
			return 0, false
		}
		status = 10*status + int(c-'0')
	}
	return status, true
}

// AnomaliesNamed is the set of those with the names. Names that are not known are
// passed over.
func AnomaliesNamed(names []string) (set Anomalies) {
	for i, a := range anomalies() {
		for _, name := range names {
			if a.Name == name {
				set |= 1 << i
			}
		}
	}
	return set
}

// RecordedTarget is a target whose text and URL are known, as typed and as asked.
// The URL is "" of a text that was no target.
func RecordedTarget(index int, text, url string) (t Target) {
	if s, err := Parse(url, Defaults{}); err == nil {
		t = s.one
		t.Fragment = fragmentOf(url)
	} else if ledTo, err := new(Target).at(url); err == nil && ledTo.Host != "" {
		t = ledTo // whose host, or port, nobody could have typed
	}
	t.Index, t.Text = index, text
	return t
}
