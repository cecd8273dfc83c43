package report

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"wget/internal/fetch"
)

// Check is a condition that must be true of every result, or with Want false must
// not. A condition that cannot be evaluated fails either way.
type Check struct {
	Condition *Condition
	Want      bool
}

// Checks counts the targets that did not pass. One whose addresses are all asked
// fails with any of them.
type Checks struct {
	Judged int            // targets in all
	Failed int            // targets that failed some check
	Counts map[string]int // targets by the clause that they failed
}

// String is a closing line: "checks: 3 of 1204 hosts failed: hsts >= 31536000 (2),
// status == 200 (1)", the most frequent first.
func (c *Checks) String() string {
	var list []string
	for clause, n := range byCount(c.Counts) {
		list = append(list, fmt.Sprintf("%s (%d)", clause, n))
	}
	line := fmt.Sprintf("checks: %d of %s failed", c.Failed, counted(c.Judged, "host", "hosts"))
	if len(list) > 0 {
		line += ": " + strings.Join(list, ", ")
	}
	return line
}

// judge says which results are shown, and holds the checks against all.
type judge struct {
	match  []*Condition
	checks []Check
	found  *Checks
	env    *environment // of the result at hand
	fills  []fill       // for the names in all conditions
	failed []string     // clauses that the target at hand fails
}

func newJudge(o Options, found *Checks) *judge {
	j := &judge{match: o.Match, checks: o.Checks, found: found, env: newEnvironment()}
	conditions := slices.Clone(o.Match)
	for _, check := range o.Checks {
		conditions = append(conditions, check.Condition)
	}
	for name, fill := range fills() {
		if slices.ContainsFunc(conditions, func(c *Condition) bool { return slices.Contains(c.names, name) }) {
			j.fills = append(j.fills, fill)
		}
	}
	return j
}

// take makes r the result at hand.
func (j *judge) take(r *fetch.Result) {
	if len(j.match)+len(j.checks) == 0 {
		return
	}
	j.env.take(r)
	for _, fill := range j.fills {
		fill(j.env, r)
	}
}

// shows reports whether a result matches every condition for being shown.
func (j *judge) shows(r *fetch.Result) bool {
	for _, c := range j.match {
		if !c.appliesTo(r) {
			return false
		}
		if holds, _ := c.holds(j.env); !holds {
			return false
		}
	}
	return true
}

// appendFailures appends a line for each check that a result does not pass:
//
//	example.com check > hsts >= 31536000: hsts is 300
//
// further is whether it is of the target of the result before.
func (j *judge) appendFailures(b []byte, r *fetch.Result, further bool, m *messages) []byte {
	if len(j.checks) == 0 {
		return b
	}
	if !further {
		j.found.Judged++
		j.failed = nil
	}
	for clause, why := range j.failures(r) {
		j.count(clause)
		b = m.appendLine(b, r, "check", m.palette.err, strings.TrimSuffix(clause+": "+why, ": "))
	}
	return b
}

// failures yields the clause of each check that a result does not pass, and the
// reason, if there is more to say.
func (j *judge) failures(r *fetch.Result) iter.Seq2[string, string] {
	return func(yield func(clause, why string) bool) {
		for _, check := range j.checks {
			c := check.Condition
			if !c.appliesTo(r) {
				continue
			}
			holds, err := c.holds(j.env)
			if holds == check.Want && err == nil {
				continue
			}
			clause, why := c.failure(j.env, check.Want)
			if err != nil {
				why = err.Error()
			}
			if !yield(clause, why) {
				return
			}
		}
	}
}

// count counts a clause that the target at hand fails, once.
func (j *judge) count(clause string) {
	if slices.Contains(j.failed, clause) {
		return
	}
	if len(j.failed) == 0 {
		j.found.Failed++
	}
	j.failed = append(j.failed, clause)
	if j.found.Counts == nil {
		j.found.Counts = make(map[string]int)
	}
	j.found.Counts[clause]++
}
