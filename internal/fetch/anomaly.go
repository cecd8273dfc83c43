package fetch

import (
	"iter"
	"math/bits"
)

// Anomalies is the set of what is odd in an answer and was read all the
// same.
type Anomalies uint32

// The anomalies, in the order in which they are listed.
const (
	BareLF Anomalies = 1 << iota
	BareCR
	NUL
	Control
	ObsFold
	LeadingBlankLine
	FirstLineWhitespace
	NoColon
	EmptyName
	InvalidName
	SpaceBeforeColon
	StatusLineSpacing
	StatusRange
	Version
	ContentLengthConflict
	ContentLengthInvalid
	TEAndCL
	UppercaseName
	NotHTTP2
	Downgrade
)

// Anomaly describes one member of a set.
type Anomaly struct {
	Name    string // the word scripts rely on
	Meaning string // a sentence, with where the rule stands
}

// anomalies describes each bit, from the lowest.
func anomalies() [20]Anomaly {
	return [...]Anomaly{
		{"bare-lf", "a line ends with LF alone (RFC 9112 section 2.2)"},
		{"bare-cr", "a CR stands where no line ends (RFC 9112 section 2.2)"},
		{"nul", "a NUL byte stands in a line (RFC 9110 section 5.5)"},
		{"control", "a control character stands in a line (RFC 9110 section 5.5)"},
		{"obs-fold", "a value is folded over several lines (RFC 9112 section 5.2)"},
		{"leading-blank-line", "empty lines come before the status line (RFC 9112 section 2.2)"},
		{"first-line-whitespace", "whitespace begins the first line after the status line (RFC 9112 section 2.2)"},
		{"no-colon", "a line has no colon and is no field (RFC 9112 section 5)"},
		{"empty-name", "a line has nothing before the colon and is no field (RFC 9112 section 5)"},
		{"invalid-name", "a name holds a character that is no token (RFC 9110 section 5.1)"},
		{"space-before-colon", "whitespace stands between a name and the colon (RFC 9112 section 5.1)"},
		{"status-line-spacing", "the status line is not spaced by single spaces (RFC 9112 section 4)"},
		{"status-range", "the status code is not from 100 to 599 (RFC 9110 section 15)"},
		{"version", "the major version of HTTP is not 1 (RFC 9112 section 2.3)"},
		{"content-length-conflict", "Content-Length has several values that differ (RFC 9112 section 6.3)"},
		{"content-length-invalid", "Content-Length is no number (RFC 9110 section 8.6)"},
		{"te-and-cl", "Transfer-Encoding and Content-Length are both present (RFC 9112 section 6.1)"},
		{"uppercase-name", "HTTP/2 came with a name that is not in lower case (RFC 9113 section 8.2.1)"},
		{"not-http2", "HTTP/2 came with a field or a status of HTTP/1 connections (RFC 9113 sections 8.2.2 and 8.6)"},
		{"downgrade", "a redirect leads from https to http (RFC 9110 section 15.4)"},
	}
}

// All yields the members in the order above.
func (a Anomalies) All() iter.Seq[Anomaly] {
	return func(yield func(Anomaly) bool) {
		for table := anomalies(); a != 0; a &= a - 1 {
			if !yield(table[bits.TrailingZeros32(uint32(a))]) {
				return
			}
		}
	}
}
