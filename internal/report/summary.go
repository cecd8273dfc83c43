package report

import (
	"fmt"
	"time"

	"wget/internal/fetch"
)

// Summary counts what was reported.
type Summary struct {
	Answered int                // records with a whole header section
	Failed   int                // records with an error
	Statuses [1000]int          // answered, by status code
	Kinds    map[fetch.Kind]int // failed, by kind
}

// Total is the number of records.
func (s *Summary) Total() int { return s.Answered + s.Failed }

func (s *Summary) add(r *fetch.Result) {
	if r.Err == nil {
		s.Answered++
		s.Statuses[r.Head.Status]++
		return
	}
	s.Failed++
	if s.Kinds == nil {
		s.Kinds = make(map[fetch.Kind]int)
	}
	s.Kinds[r.Err.Kind]++
}

// Line is the closing line: "3 hosts: 2 answered, 1 failed in 0.21 s".
func (s *Summary) Line(elapsed time.Duration) string {
	hosts := "hosts"
	if s.Total() == 1 {
		hosts = "host"
	}
	return fmt.Sprintf("%d %s: %d answered, %d failed in %.2f s", s.Total(), hosts, s.Answered, s.Failed, elapsed.Seconds())
}
