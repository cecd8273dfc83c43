package report

import (
	"slices"
	"strconv"
	"time"

	"wget/internal/fetch"
)

// soon is how long before its end a certificate is worth a word, and soonest how
// many certificates are named.
const (
	soon    = 30 * 24 * time.Hour
	soonest = 10
)

// watchedField is a header field that the page counts.
type watchedField struct {
	Name    string
	caching bool // says how long the answer may be kept; the others protect those who get it
}

func watchedFields() []watchedField {
	return []watchedField{
		{"Strict-Transport-Security", false},
		{"Content-Security-Policy", false},
		{"X-Content-Type-Options", false},
		{"X-Frame-Options", false},
		{"Referrer-Policy", false},
		{"Permissions-Policy", false},
		{"Cross-Origin-Opener-Policy", false},
		{"Cross-Origin-Resource-Policy", false},
		{"Cache-Control", true},
		{"ETag", true},
		{"Last-Modified", true},
		{"Expires", true},
		{"Age", true},
		{"Vary", true},
	}
}

// tally counts what the page tells of its records beyond a [Summary].
type tally struct {
	records      int
	answered     int
	begun, ended time.Time // of the run; zero without a request

	fields  []watchedField
	present []int          // by field: the answers that have it
	clauses map[string]int // numbers of the clauses that failed
	certs   int            // certificates seen
	ending  int            // of which end soon
	soonest []expiring     // the first of them
}

// expiring is a certificate that ends soon, or has ended.
type expiring struct {
	host string // as it is shown
	end  time.Time
	left time.Duration // from the request on
}

func newTally() tally {
	fields := watchedFields()
	return tally{fields: fields, present: make([]int, len(fields)), clauses: make(map[string]int)}
}

// add counts r, and appends the words by which filters find it, with a space around
// each: "answered 2xx s200 f0 f3".
func (t *tally) add(words []byte, r *fetch.Result, checks *judge) []byte {
	t.records++
	t.addTime(r)
	words = append(words, ' ')
	if r.Err == nil {
		t.answered++
		words = append(words, "answered "...)
		words = append(words, byte('0'+r.Head.Status/100), 'x', 'x', ' ')
		words = appendWord(words, 's', r.Head.Status)
		words = t.addFields(words, r)
	} else {
		words = append(words, "failed "...)
		words = append(append(words, r.Err.Kind...), ' ')
	}
	for clause := range checks.failures(r) {
		number, known := t.clauses[clause]
		if !known {
			number = len(t.clauses)
			t.clauses[clause] = number
		}
		words = appendWord(words, 'c', number)
	}
	if t.addCertificate(r) {
		words = append(words, "ending "...)
	}
	return words
}

func appendWord(words []byte, kind byte, number int) []byte {
	return append(strconv.AppendInt(append(words, kind), int64(number), 10), ' ')
}

func (t *tally) addTime(r *fetch.Result) {
	if r.Begun.IsZero() {
		return
	}
	if t.begun.IsZero() || r.Begun.Before(t.begun) {
		t.begun = r.Begun
	}
	if end := r.Begun.Add(r.Times.Total); end.After(t.ended) {
		t.ended = end
	}
}

func (t *tally) addFields(words []byte, r *fetch.Result) []byte {
	var seen [32]bool
	for name := range r.Head.Fields() {
		for i := range t.fields {
			if known := t.fields[i].Name; len(known) == len(name) && !seen[i] && equalLower(name, []byte(known)) {
				seen[i] = true
				t.present[i]++
				words = appendWord(words, 'f', i)
			}
		}
	}
	return words
}

// addCertificate reports whether the server's certificate ends soon.
func (t *tally) addCertificate(r *fetch.Result) bool {
	if r.Session == nil || r.Session.NotAfter.IsZero() {
		return false
	}
	t.certs++
	left := r.Session.NotAfter.Sub(r.Begun)
	if left >= soon {
		return false
	}
	t.ending++
	at, _ := slices.BinarySearchFunc(t.soonest, r.Session.NotAfter, func(e expiring, end time.Time) int { return e.end.Compare(end) })
	if at < soonest {
		host := string(cut(appendEscaped(nil, []byte(r.Target.Text)), pageCell))
		t.soonest = slices.Insert(t.soonest, at, expiring{host, r.Session.NotAfter, left})
		t.soonest = t.soonest[:min(len(t.soonest), soonest)]
	}
	return true
}
