package fetch

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Head is one header section: the status line, the field lines and the empty
// line that ends them.
type Head struct {
	Raw    []byte // the section as it came; cut short if the stream was
	Proto  string // "HTTP/1.1", or "" if no status line came
	Status int    // 0 if no status line came

	reason [2]int    // where in Raw the reason phrase stands
	odd    Anomalies // of the status line and what stood before it
	read   bool      // Raw was read as a section, and not refused
}

// Reason is the reason phrase without the space around it.
func (h *Head) Reason() []byte { return h.Raw[h.reason[0]:h.reason[1]] }

// Lines yields the lines as they came, the last one perhaps cut short, without
// their CRLF or LF and without the empty line at the end.
func (h *Head) Lines() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := h.Raw; len(rest) > 0; {
			line, after := cutLine(rest)
			if len(after) == 0 && len(line) == 0 {
				return
			}
			if !yield(line) {
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

// Anomalies is what is odd in the section. It is worked out anew at each call,
// and so by nobody who does not ask.
func (h *Head) Anomalies() Anomalies {
	if !h.read {
		return 0
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
	return a | h.inspectFraming()
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

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c)
}

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

// statusLine matches the start of a reply against
//
//	*( SP / HTAB ) "HTTP/" DIGIT "." DIGIT 1*( SP / HTAB ) 3DIGIT [ ( SP / HTAB ) reason ]
//
// which is RFC 9112 section 4 with the whitespace that section 3 lets a
// recipient tolerate. A line that ends too early but could go on to match is
// short, and bad if it cannot.
type statusLine struct {
	proto  string
	status int
	reason [2]int // offsets in the line
	odd    Anomalies
}

type verdict int

const (
	good verdict = iota
	short
	bad
)

func (s *statusLine) parse(line []byte) verdict {
	i := skipSpace(line, 0)
	if i > 0 {
		s.odd |= StatusLineSpacing
	}
	start := i
	for _, want := range []byte("HTTP/0.0") {
		switch {
		case i == len(line):
			return short
		case want == '0' && !isDigit(line[i]), want != '0' && line[i] != want:
			return bad
		}
		i++
	}
	s.proto = protoName(line[start:i])
	if line[start+5] != '1' {
		s.odd |= Version
	}
	space := skipSpace(line, i)
	switch {
	case space == len(line):
		return short
	case space == i:
		return bad
	case space > i+1, line[i] == '\t':
		s.odd |= StatusLineSpacing
	}
	i = space
	for end := i + 3; i < end; i++ {
		switch {
		case i == len(line):
			return short
		case !isDigit(line[i]):
			return bad
		}
		s.status = s.status*10 + int(line[i]-'0')
	}
	if s.status < 100 || s.status > 599 {
		s.odd |= StatusRange
	}
	if i < len(line) && line[i] != ' ' && line[i] != '\t' {
		return bad
	}
	space = skipSpace(line, i)
	if space > i+1 || space > i && line[i] == '\t' {
		s.odd |= StatusLineSpacing
	}
	s.reason = [2]int{space, space + len(trimRight(line[space:]))}
	return good
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// protoName spares the common versions an allocation.
func protoName(b []byte) string {
	switch string(b) {
	case "HTTP/1.1":
		return "HTTP/1.1"
	case "HTTP/1.0":
		return "HTTP/1.0"
	}
	return string(b)
}

const (
	maxInterim   = 16 // 1xx sections before the final one
	firstBytes   = 64 // how much of a refused reply an error shows
	switching    = 101
	firstSuccess = 200
)

// headReader finds the end of the final header section in a stream. Its
// verdict depends on the bytes alone, not on how they were split: it waits for
// a whole status line, or as much as an error shows, before it refuses one.
type headReader struct {
	buf     []byte    // all that came, from the first byte of the stream
	first   time.Time // when that byte came
	section int       // start of the section being read
	line    int       // start of the line being read
	seen    int       // end of what has been looked at
	recheck int       // length of buf at which an unfinished status line is checked again
	begun   bool      // the section's status line has been read
	final   Head
	interim []Head
}

// next looks at what came since it was last called. Once done, h.final.Raw
// ends the header section and what follows in buf is body.
func (h *headReader) next() (done bool, err error) {
	for {
		i := bytes.IndexByte(h.buf[h.seen:], '\n')
		if i < 0 {
			h.seen = len(h.buf)
			return false, h.checkEarly()
		}
		end := h.seen + i + 1
		line := dropCR(h.buf[h.line : end-1])
		switch {
		case !h.begun && len(line) == 0:
			h.final.odd |= LeadingBlankLine
		case !h.begun:
			if err := h.begin(line); err != nil {
				return false, err
			}
		case len(line) == 0:
			h.endSection(end)
			if h.final.Status < 100 || h.final.Status >= firstSuccess || h.final.Status == switching {
				return true, nil
			}
			h.interim = append(h.interim, h.final)
			h.final, h.section, h.begun = Head{}, end, false
			if len(h.interim) > maxInterim {
				h.buf = h.buf[:end]
				return false, tooManyInterim()
			}
		}
		h.line, h.seen = end, end
	}
}

func tooManyInterim() error {
	return &Error{Stage: StageHead, Kind: KindLimit, Err: fmt.Errorf("more than %d interim replies (1xx)", maxInterim)}
}

// begin reads the status line of a section.
func (h *headReader) begin(line []byte) error {
	var s statusLine
	if s.parse(line) != good {
		return h.malformed()
	}
	h.begun = true
	h.final.Proto, h.final.Status = s.proto, s.status
	h.final.odd |= s.odd
	offset := h.line - h.section
	h.final.reason = [2]int{offset + s.reason[0], offset + s.reason[1]}
	return nil
}

func (h *headReader) endSection(end int) {
	h.final.Raw = h.buf[h.section:end]
	h.final.read = true
}

// cut ends the reading where the stream did. It reports whether what came
// could have become a reply.
func (h *headReader) cut() error {
	if err := h.checkStart(); err != nil {
		return err
	}
	h.endSection(len(h.buf))
	return nil
}

// checkEarly refuses an unfinished status line before it ends, once there is
// as much of it as an error shows. One that goes on, as spaces may, is looked
// at again when it has doubled: a server that sends byte by byte must not have
// the whole of it read for each. What is refused then is what cut would refuse.
func (h *headReader) checkEarly() error {
	size := len(h.buf) - h.line
	if h.begun || size < firstBytes || len(h.buf) < h.recheck {
		return nil
	}
	h.recheck = len(h.buf) + size
	return h.checkStart()
}

// checkStart refuses an unfinished status line that cannot become a good one.
func (h *headReader) checkStart() error {
	line := h.buf[h.line:]
	if h.begun || len(line) == 0 {
		return nil
	}
	// A CR at the end may be half of the line's end.
	var s statusLine
	if s.parse(bytes.TrimSuffix(line, []byte{'\r'})) == bad {
		return h.malformed()
	}
	return nil
}

// malformed refuses the stream and forgets what came behind the bytes it
// shows, of which there may be more or fewer.
func (h *headReader) malformed() error {
	shown := h.buf[h.line:]
	if i := bytes.IndexByte(shown, '\n'); i >= 0 {
		shown = shown[:i+1]
	}
	shown = shown[:min(len(shown), firstBytes)]
	h.buf = h.buf[:h.line+len(shown)]
	h.final = Head{}
	e := &Error{Stage: StageHead, Kind: KindMalformed, Err: fmt.Errorf("not an HTTP/1 reply: \"%s\"", shown)}
	if isTLSRecord(shown) {
		e.Hint = "the server speaks TLS on this port: try https://"
	}
	return e
}

// isTLSRecord reports whether a reply is a TLS alert or handshake record (RFC
// 8446 section 5.1).
func isTLSRecord(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3
}
