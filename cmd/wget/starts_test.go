package wget

import (
	"fmt"
	"slices"
	"testing"

	"wget/internal/fetch"
)

func TestSlow(t *testing.T) {
	s := newStarts(false, true)
	var targets []fetch.Target
	for i := range 5 {
		targets = append(targets, fetch.Target{Index: i, Host: fmt.Sprintf("h%d.test", 9-i), Port: 80})
		s.add(targets[i])
	}
	if slow := s.slow(); len(slow) > 0 {
		t.Errorf("%v of five hosts", slow)
	}
	s.finish(&fetch.Result{Target: targets[1]})
	s.finish(&fetch.Result{Target: targets[3]})
	if slow := s.slow(); !slices.Equal(slow, []string{"h9.test", "h7.test", "h5.test"}) {
		t.Errorf("%v, want those that are left, the first started first", slow)
	}
}

// The same host twice is waited for twice.
func TestSlowTwice(t *testing.T) {
	s := newStarts(false, true)
	s.add(fetch.Target{Index: 0, Host: "h.test", Port: 80})
	s.add(fetch.Target{Index: 1, Host: "h.test", Port: 80})
	s.finish(&fetch.Result{Target: fetch.Target{Index: 0, Host: "h.test", Port: 80}})
	if slow := s.slow(); !slices.Equal(slow, []string{"h.test"}) {
		t.Errorf("%v, want the one that is left", slow)
	}
}

// A host is waited for until the last of its addresses is over.
func TestSlowAddress(t *testing.T) {
	s := newStarts(false, true)
	target := fetch.Target{Host: "h.test", Port: 80}
	for range 3 {
		s.add(target)
	}
	for left := 2; left >= 0; left-- {
		s.finish(&fetch.Result{Target: target})
		if slow := s.slow(); len(slow) > 0 != (left > 0) {
			t.Errorf("%v with %d addresses in flight", slow, left)
		}
	}
}
