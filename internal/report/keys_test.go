package report

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The keys that fields can be chosen by are those of the record's schema.
func TestKeys(t *testing.T) {
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
