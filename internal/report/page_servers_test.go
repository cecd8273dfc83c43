//go:build servers

package report_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"wget/internal/fetch"
	"wget/internal/report"
)

var pages = flag.String("pages", "", "keep the pages of the browser's tests in this directory")

// The page in a browser: testdata/page/page.test.mjs says what must hold.
//
//	apt-get install chromium nodejs npm
//	npm ci --prefix testdata/page
//	go test -tags servers ./internal/report -run Servers -v
func TestServersPage(t *testing.T) {
	dir := *pages
	if dir == "" {
		dir = t.TempDir()
	}
	for _, n := range []int{0, 3, 300, 10_000, 30_000, 100_000} {
		writePage(t, filepath.Join(dir, fmt.Sprintf("%d.html", n)), pageOptions(t), population(n))
	}
	writePage(t, filepath.Join(dir, "hostile.html"), pageOptions(t), slices.Values(hostileResults(t)))
	test := exec.Command("node", "--test", "--test-reporter=spec", "page.test.mjs")
	test.Dir, test.Env = "../../testdata/page", append(os.Environ(), "PAGES="+dir)
	test.Stdout, test.Stderr = os.Stdout, os.Stderr
	if err := test.Run(); err != nil {
		t.Error(err)
	}
}

// writePage writes the page of results to a file.
func writePage(t *testing.T, file string, o report.Options, results func(func(*fetch.Result) bool)) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	feed := make(chan *fetch.Result)
	go func() {
		defer close(feed)
		for r := range results {
			feed <- r
		}
	}()
	_, err = report.Drain(feed, nil, []report.Sink{{Format: report.Page(), Out: out}}, io.Discard, o, func(error) {})
	for _, err := range []error{err, out.Flush(), f.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
