package wget

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wget/internal/fetch"
)

// What is expected is a guess while files are being read, and right before and
// behind that.
func TestExpected(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("a.test\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	block, err := fetch.Parse("192.0.2.0/24", fetch.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	type guess struct {
		n     int
		exact bool
	}
	for _, c := range []struct {
		name                 string
		config               config
		before, half, behind guess
	}{
		{"arguments", config{specs: []fetch.Spec{block, block}}, guess{512, true}, guess{512, true}, guess{512, true}},
		{"files", config{files: []string{file, file}}, guess{}, guess{2000, false}, guess{2000, true}},
		{"both", config{specs: []fetch.Spec{block}, files: []string{file}}, guess{}, guess{1256, false}, guess{1256, true}},
		{"a pipe", config{files: []string{"-"}}, guess{}, guess{}, guess{1000, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := newHosts(&c.config, strings.NewReader(strings.Repeat("a.test\n", 1000)))
			if err != nil {
				t.Fatal(err)
			}
			check := func(when string, want guess) {
				t.Helper()
				if n, exact := h.expected(); n != want.n || exact != want.exact {
					t.Errorf("%s: %d, %v; want %d, %v", when, n, exact, want.n, want.exact)
				}
			}
			check("before", c.before)
			seen := 0
			for range h.targets(t.Context()) {
				if seen++; seen == c.behind.n/2+1 {
					check("half way", c.half)
				}
			}
			check("behind", c.behind)
		})
	}
}
