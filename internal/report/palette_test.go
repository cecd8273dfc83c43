package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"

	"wget/internal/fetch"
	"wget/internal/report"
)

// What stderr says of a host has the colour of its record, also where the host's colour gave way to that of a neighbour.
func TestColourOfHost(t *testing.T) {
	condition, err := report.ParseCondition(`target matches "[147]$"`)
	if err != nil {
		t.Fatal(err)
	}
	var list []*fetch.Result
	for i := range 200 {
		list = append(list, answered(fmt.Sprintf("h%d", i)))
	}
	for _, few := range []bool{false, true} {
		o := report.Options{Color: true, ColorErr: true, FewColors: few, Checks: []report.Check{{Condition: condition}}}
		out, stderr, _, err := drain(list, format(t, "lines"), o)
		if err != nil {
			t.Fatal(err)
		}
		records, checks := colours(out), colours(stderr)
		if len(checks) != 60 {
			t.Errorf("few colours %v: %d checks failed, want 60", few, len(checks))
		}
		before := ""
		for _, r := range list {
			name := r.Target.Text
			if failed, is := checks[name]; is && records[name] != failed {
				t.Errorf("few colours %v: %s is %q on stdout and %q on stderr", few, name, records[name], failed)
			}
			if records[name] == before {
				t.Errorf("few colours %v: %s has the colour of its neighbour", few, name)
			}
			before = records[name]
		}
	}
}

// colours is the sequence before each host.
func colours(output []byte) map[string]string {
	of := make(map[string]string)
	for line := range bytes.Lines(output) {
		if found := regexp.MustCompile(`^\x1b\[([\d;]*)m(h\d+)\x1b`).FindSubmatch(line); found != nil {
			of[string(found[2])] = string(found[1])
		}
	}
	return of
}
