package report

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The keys that can be chosen are those of the table in docs/json.md, and those of
// the objects that are not lists.
func TestKeys(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, _ := strings.Cut(string(page), "## Keys\n")
	table, _, _ := strings.Cut(below, "\n## ")
	quoted := regexp.MustCompile("`([^`]+)`")
	var documented []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, key := range quoted.FindAllStringSubmatch(cells[1], -1) {
			documented = append(documented, key[1])
			if slices.Contains([]string{"edge", "tls", "seconds", "error"}, key[1]) {
				for _, member := range quoted.FindAllStringSubmatch(cells[2], -1) {
					documented = append(documented, key[1]+"."+member[1])
				}
			}
		}
	}
	known := keys()
	slices.Sort(known)
	slices.Sort(documented)
	if diff := cmp.Diff(known, documented); diff != "" {
		t.Errorf("(-code +document):\n%s", diff)
	}
}
