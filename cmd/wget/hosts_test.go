package wget

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

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

// A list that grows while it is read is never guessed to be shorter than what has
// been read of it.
func TestExpectedOfGrowingList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts.txt")
	grow := func(lines int) {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(strings.Repeat("a.test\n", lines)); err != nil {
			t.Fatal(err)
		}
	}
	grow(20_000) // more than one read
	h, err := newHosts(&config{files: []string{file}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for range h.targets(t.Context()) {
		if seen++; seen == 10_000 || seen == 20_000 {
			grow(20_000)
		}
		switch n, exact := h.expected(); {
		case n < seen || exact:
			t.Fatalf("%d, %v after %d targets", n, exact, seen)
		case seen == 30_000 && n != 60_000:
			t.Errorf("%d after %d targets, want 60000", n, seen)
		}
	}
	if n, exact := h.expected(); seen != 60_000 || n != seen || !exact {
		t.Errorf("%d, %v after %d targets", n, exact, seen)
	}
}

// A list that cannot be read to its end yields no half of a line.
func TestTornLine(t *testing.T) {
	broken := errors.New("stale file handle")
	torn := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("a.test\nb.te"), iotest.ErrReader(broken))), nil
	}
	var got []string
	err := readLines(t.Context(), torn, func(line []byte, _ bool) bool {
		got = append(got, string(line))
		return true
	})
	if !slices.Equal(got, []string{"a.test\n"}) || !errors.Is(err, broken) {
		t.Errorf("%q, error %v", got, err)
	}
}
