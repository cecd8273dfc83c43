package report

import (
	"encoding/json"
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

// The keys that fields can be chosen by are those of the record's schema.
func TestKeysOfSchema(t *testing.T) {
	type schema struct {
		Ref        string            `json:"$ref"`
		Defs       map[string]schema `json:"$defs"`
		Properties map[string]schema
	}
	text, err := os.ReadFile("../../docs/record.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var record schema
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatal(err)
	}
	var want []string
	for key, of := range record.Properties {
		want = append(want, key)
		if name, ok := strings.CutPrefix(of.Ref, "#/$defs/"); ok {
			of = record.Defs[name]
		}
		for inner := range of.Properties {
			want = append(want, key+"."+inner)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(keys()))); diff != "" {
		t.Errorf("(-schema +code):\n%s", diff)
	}
}
