package fetch

// statusLine matches the start of a reply against
//
//	*( SP / HTAB ) "HTTP/" DIGIT "." DIGIT 1*( SP / HTAB ) 3DIGIT [ ( SP / HTAB ) reason ]
//
// which is RFC 9112 section 4 with the whitespace that section 3 lets a
// recipient tolerate. A line that ends too early but could go on to match is
// short; a line that cannot is bad.
type statusLine struct {
	proto  string
	status int
	reason [2]int // offsets in the line
	odd    Anomalies
}

// match says how far a start of a line fits.
type match int

const (
	good match = iota
	short
	bad
)

func (s *statusLine) parse(line []byte) match {
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
	if !isStatus(s.status) {
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
