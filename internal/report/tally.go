package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"wget/internal/fetch"
)

// soon is how many days before its end a certificate is worth a word, and soonest
// how many certificates are named.
const (
	soon    = 30
	soonest = 6
)

// groupsMost is how many groups are told apart, so that a run in which every answer
// differs takes no more memory than another, and groupHosts how many hosts of each
// are named.
const (
	groupsMost = 1000
	groupHosts = 3
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

	signer  signer
	groups  map[string]*alike // by hash
	further int               // answers of groups past groupsMost
}

// alike is the answers of a group.
type alike struct {
	number int // in order of arrival
	count  int
	label  string // of the first of them, as it is shown
	hosts  []string
}

// expiring is a certificate that ends soon, or has ended.
type expiring struct {
	host string // as it is shown
	end  time.Time
	left int // days from the request on
}

func newTally(o Options) tally {
	fields := watchedFields()
	return tally{
		fields: fields, present: make([]int, len(fields)), clauses: make(map[string]int),
		signer: newSigner(o.groupBy()), groups: make(map[string]*alike),
	}
}

// add counts r, and appends the words by which filters find it, with a space around
// each: "answered 2xx s200 f0 f3".
func (t *tally) add(words []byte, r *fetch.Result, failures []failure) []byte {
	t.records++
	t.addTime(r)
	words = append(words, ' ')
	if r.Err == nil {
		t.answered++
		words = append(words, "answered "...)
		words = append(words, byte('0'+r.Head.Status/100), 'x', 'x', ' ')
		words = appendWord(words, 's', r.Head.Status)
		words = t.addFields(words, r)
		words = t.addToGroup(words, r)
	} else {
		words = append(words, "failed "...)
		words = append(append(words, r.Err.Kind...), ' ')
	}
	for _, f := range failures {
		number, known := t.clauses[f.clause]
		if !known {
			number = len(t.clauses)
			t.clauses[f.clause] = number
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
	if r.Session == nil {
		return false
	}
	sent := r.Session.Certificates()
	if len(sent) == 0 || sent[0].NotAfter.IsZero() {
		return false
	}
	t.certs++
	end, left := sent[0].NotAfter, daysLeft(&sent[0], r)
	if left >= soon {
		return false
	}
	t.ending++
	at := 0
	for at < len(t.soonest) && !t.soonest[at].end.After(end) {
		at++
	}
	if at < soonest {
		t.soonest = slices.Insert(t.soonest, at, expiring{shownText([]byte(label(r))), end, left})
		t.soonest = t.soonest[:min(len(t.soonest), soonest)]
	}
	return true
}

// addToGroup counts an answer among those that are like it.
func (t *tally) addToGroup(words []byte, r *fetch.Result) []byte {
	key := t.signer.name(r)
	group := t.groups[key]
	switch {
	case group == nil && len(t.groups) == groupsMost:
		t.further++
		return words
	case group == nil:
		group = &alike{number: len(t.groups), label: groupLabel(r)}
		t.groups[key] = group
	}
	if group.count++; len(group.hosts) < groupHosts {
		group.hosts = append(group.hosts, shownText([]byte(label(r))))
	}
	return appendWord(words, 'g', group.number)
}

// groupLabel tells an answer by its status, and by its server if it has one.
func groupLabel(r *fetch.Result) string {
	label := strings.TrimSpace(strconv.Itoa(r.Head.Status) + " " + shownText(r.Head.Reason()))
	for name, value := range r.Head.Fields() {
		if len(name) == len("server") && equalLower(name, []byte("server")) {
			return label + ", " + shownText(value)
		}
	}
	return label
}

// shownText is the start of a text as the page shows it.
func shownText(text []byte) string {
	return string(cut(appendEscaped(nil, text[:min(len(text), pageCell)]), pageCell/2))
}
