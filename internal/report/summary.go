package report

import (
	"fmt"
	"strings"
	"time"

	"wget/internal/fetch"
)

// Summary counts the results that were reported.
type Summary struct {
	Answered int                // records with a whole header section
	Failed   int                // records with an error
	Statuses [1000]int          // answered, by status code
	Kinds    map[fetch.Kind]int // failed, by kind
	Checks   Checks
	Changes  int // records that are not as in the baseline, and those that are gone

	addresses bool // a record is one of a target's addresses
	further   int  // records of a target beside its first

	firstByte histogram // of the answered
}

// Total is the number of records.
func (s *Summary) Total() int { return s.Answered + s.Failed }

// add counts a result. further is whether it is of the target of the result before.
func (s *Summary) add(r *fetch.Result, further bool) {
	s.addresses = s.addresses || r.Edge != nil
	if further {
		s.further++
	}
	if r.Err != nil {
		s.addFailed(r.Err.Kind)
		return
	}
	s.addAnswered(r.Head.Status)
	if r.Times.FirstByte > 0 { // a record of chosen fields may not have it
		s.firstByte.add(r.Times.FirstByte)
	}
}

// addEntry counts a record that was read back.
func (s *Summary) addEntry(e Entry) {
	if e.Edge > 0 {
		s.further++
	}
	if e.Kind != "" {
		s.addFailed(e.Kind)
	} else {
		s.addAnswered(e.Status)
	}
}

func (s *Summary) addAnswered(status int) {
	s.Answered++
	s.Statuses[status]++
}

func (s *Summary) addFailed(kind fetch.Kind) {
	s.Failed++
	if s.Kinds == nil {
		s.Kinds = make(map[fetch.Kind]int)
	}
	s.Kinds[kind]++
}

// Line returns the closing line: "3 hosts: 2 answered, 1 failed in 0.21 s", or "2
// hosts, 9 addresses: 8 answered, 1 failed in 0.21 s".
func (s *Summary) Line(elapsed time.Duration) string {
	what := counted(s.Total()-s.further, "host", "hosts")
	if s.addresses {
		what += ", " + counted(s.Total(), "address", "addresses")
	}
	return fmt.Sprintf("%s: %d answered, %d failed in %.2f s", what, s.Answered, s.Failed, elapsed.Seconds())
}

// Interrupted says how many hosts were canceled: "interrupted with 300 hosts in
// flight". It is "" if none was.
func (s *Summary) Interrupted() string {
	n := s.Kinds[fetch.KindCanceled]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("interrupted with %s in flight", counted(n, "host", "hosts"))
}

// Breakdown returns the lines that stand below the closing line. A line with
// nothing to count is left out:
//
//	status: 2xx 9500, 3xx 300
//	failed: timeout 60, refused 30
//	first byte: median 0.012 s, 99th percentile 0.21 s
func (s *Summary) Breakdown() string {
	var b strings.Builder
	line := func(title string, parts []string) {
		if len(parts) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", title, strings.Join(parts, ", "))
		}
	}
	line("status", s.classes())
	line("failed", s.failures())
	if s.firstByte.count > 0 {
		line("first byte", []string{
			"median " + inSeconds(s.firstByte.quantile(0.5)), "99th percentile " + inSeconds(s.firstByte.quantile(0.99)),
		})
	}
	return b.String()
}

// classes counts the answered by the first digit of their status.
func (s *Summary) classes() (list []string) {
	for class := range len(s.Statuses) / 100 {
		if n := s.inClass(class); n > 0 {
			list = append(list, fmt.Sprintf("%dxx %d", class, n))
		}
	}
	return list
}

func (s *Summary) inClass(class int) (n int) {
	for _, one := range s.Statuses[100*class : 100*class+100] {
		n += one
	}
	return n
}

// failures counts the failed, the most frequent kind first.
func (s *Summary) failures() (list []string) {
	for kind, n := range byCount(s.Kinds) {
		list = append(list, fmt.Sprintf("%s %d", kind, n))
	}
	return list
}

// inSeconds writes two significant digits, since a histogram knows no more.
func inSeconds(d time.Duration) string {
	digits := 0
	for unit := 10 * time.Second; d < unit && unit > time.Microsecond; unit /= 10 {
		digits++
	}
	return fmt.Sprintf("%.*f s", digits, d.Seconds())
}
