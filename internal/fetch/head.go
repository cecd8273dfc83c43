package fetch

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Head is one header section: the status line, the field lines and the empty
// line that ends them.
type Head struct {
	Raw    []byte // the section as it came; cut short if the stream was
	Proto  string // "HTTP/1.1", or "" if no status line came
	Status int    // 0 if no status line came

	reason [2]int    // where in Raw the reason phrase stands
	odd    Anomalies // of the status line and what stood before it; of all if Raw was not read
	read   bool      // Raw was read as a section, and not refused
}

const protoHTTP2 = "HTTP/2"

// decodedHead begins the head of a reply without a status line of its own (RFC
// 9113 section 8.3.2), which is written down as "HTTP/2 200".
func decodedHead(status int) Head {
	end := len(protoHTTP2) + len(" 200")
	h := Head{Proto: protoHTTP2, Status: status, reason: [2]int{end, end}}
	if !isStatus(status) {
		h.odd |= StatusRange
	}
	return h
}

// Reason is the reason phrase without the space around it.
func (h *Head) Reason() []byte { return h.Raw[h.reason[0]:h.reason[1]] }

// Lines yields the lines as they came, the last one perhaps cut short, without
// their CRLF or LF and without the empty line at the end, and whether each is the
// status line: the first that is not empty.
func (h *Head) Lines() iter.Seq2[[]byte, bool] {
	return func(yield func(line []byte, isStatus bool) bool) {
		met := false
		for rest := h.Raw; len(rest) > 0; {
			line, after := cutLine(rest)
			if len(after) == 0 && len(line) == 0 {
				return
			}
			isStatus := !met && len(line) > 0
			met = met || isStatus
			if !yield(line, isStatus) {
				return
			}
			rest = after
		}
	}
}

// Fields yields the name, in the case it came in, and the value of each field,
// in the order they came. Lines that are no field are passed over, and so is a
// line cut short.
func (h *Head) Fields() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		var name, value []byte
		for line := range h.fieldLines() {
			if isFold(line) {
				if name != nil {
					value = unfold(value, line)
				}
				continue
			}
			if name != nil && !yield(name, value) {
				return
			}
			name, value, _ = splitField(line)
			value = slices.Clip(value)
		}
		if name != nil {
			yield(name, value)
		}
	}
}

// fieldLines yields the whole lines behind the status line.
func (h *Head) fieldLines() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if h.Status == 0 && h.Proto == "" {
			return
		}
		rest := h.Raw[h.reason[1]:]
		for first := true; ; first = false {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				return
			}
			line := dropCR(rest[:i])
			rest = rest[i+1:]
			if !first && len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}

// Anomalies is what is odd in the section. It is worked out anew at each call, so
// that it costs nothing where nobody asks.
func (h *Head) Anomalies() Anomalies {
	if !h.read {
		return h.odd
	}
	a := h.odd
	for rest := h.Raw; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		line := dropCR(rest[:i])
		if len(line) == i {
			a |= BareLF
		}
		a |= inspectBytes(line)
		rest = rest[i+1:]
	}
	afterField := false
	for line := range h.fieldLines() {
		switch {
		case isFold(line) && afterField:
			a |= ObsFold
		case isFold(line):
			// RFC 9112 section 2.2: whitespace between the status line and the
			// first field; each such line is consumed without being read.
			a |= FirstLineWhitespace
		default:
			afterField = true
			_, _, odd := splitField(line)
			a |= odd
		}
	}
	a |= h.inspectFraming()
	if h.Proto == protoHTTP2 {
		a |= h.inspectHTTP2()
	}
	return a
}

// inspectHTTP2 looks for what HTTP/1 allows and HTTP/2 does not.
func (h *Head) inspectHTTP2() (a Anomalies) {
	if h.Status == switching {
		a |= NotHTTP2
	}
	for name := range h.Fields() {
		if isConnectionField(string(name)) {
			a |= NotHTTP2
		}
		if bytes.ContainsAny(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			a |= UppercaseName
		}
	}
	return a
}

// isConnectionField reports whether a field is about a connection of HTTP/1 (RFC
// 9113 section 8.2.2).
func isConnectionField(name string) bool {
	return isOneOf(name, "Connection", "Proxy-Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "HTTP2-Settings")
}

// inspectFraming looks at the fields that say where a body ends (RFC 9112
// section 6.3). The body is never read, but others who read it may disagree.
func (h *Head) inspectFraming() Anomalies {
	var (
		a      Anomalies
		length []byte
		te, cl bool
	)
	for name, value := range h.Fields() {
		switch {
		case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
			te = true
		case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
			for one := range bytes.SplitSeq(value, []byte(",")) {
				one = trimSpace(one)
				if len(one) == 0 || len(bytes.Trim(one, "0123456789")) > 0 {
					a |= ContentLengthInvalid
				}
				if cl && !bytes.Equal(one, length) {
					a |= ContentLengthConflict
				}
				cl, length = true, one
			}
		}
	}
	if te && cl {
		a |= TEAndCL
	}
	return a
}

// cutLine splits off the first line, without its LF or CRLF (RFC 9112 section
// 2.2 lets a lone LF end a line; a lone CR never does).
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return dropCR(b[:i]), b[i+1:]
}

func dropCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// isFold reports whether the line continues the one before (RFC 9112 section
// 5.2, obs-fold).
func isFold(line []byte) bool { return line[0] == ' ' || line[0] == '\t' }

// unfold joins a continuation to a value with one SP. The value has no room
// behind it but its own: the first line joined copies it, and thousands more
// cost no more than their bytes.
func unfold(value, line []byte) []byte {
	line = slices.Clip(trimSpace(line))
	switch {
	case len(line) == 0:
		return value
	case len(value) == 0:
		return line
	}
	return append(append(value, ' '), line...)
}

// trimSpace drops the optional whitespace around a value: SP and HTAB (RFC 9110
// section 5.6.3).
func trimSpace(b []byte) []byte { return trimRight(b[skipSpace(b, 0):]) }

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// splitField takes a field line apart (RFC 9112 section 5). The name is nil if
// the line is no field.
func splitField(line []byte) (name, value []byte, odd Anomalies) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, NoColon
	}
	name, value = line[:colon], line[colon+1:]
	// RFC 9112 section 5.1: no whitespace is allowed here, and it has been used
	// to smuggle; the field is what stands before it.
	if trimmed := trimRight(name); len(trimmed) < len(name) {
		odd, name = SpaceBeforeColon, trimmed
	}
	if len(name) == 0 {
		return nil, nil, odd | EmptyName
	}
	if !IsToken(name) {
		odd |= InvalidName
	}
	return name, trimSpace(value), odd
}

// IsToken reports whether name can be that of a field or a method (RFC 9110
// section 5.6.2).
func IsToken[T string | []byte](name T) bool {
	for i := range len(name) {
		if c := name[i]; !isAlnum(c) && c != '-' && strings.IndexByte("!#$%&'*+.^_`|~", c) < 0 {
			return false
		}
	}
	return len(name) > 0
}

// isStatus reports whether a status code has a class (RFC 9110 section 15).
func isStatus(code int) bool { return 100 <= code && code <= 599 }

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// inspectBytes looks for control characters in a line without its end (RFC
// 9110 section 5.5).
func inspectBytes(line []byte) (a Anomalies) {
	for _, c := range line {
		switch {
		case c >= ' ' && c != 0x7f, c == '\t':
		case c == 0:
			a |= NUL
		case c == '\r':
			a |= BareCR
		default:
			a |= Control
		}
	}
	return a
}
