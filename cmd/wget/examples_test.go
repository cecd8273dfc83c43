package wget_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "draw docs/terminal.svg anew")

// example is a command that a page shows behind a dollar sign, and what the page
// says that it prints.
type example struct{ command, prints string }

// The examples of all pages print what stands below them, but for times and ports.
func TestExamples(t *testing.T) {
	for _, name := range pages(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			list := examples(readPage(t, name))
			if strings.HasPrefix(name, "README") && len(list) == 0 {
				t.Error("no example")
			}
			for _, e := range list {
				if diff := cmp.Diff(timeless(e.prints), timeless(shell(t, dir, e.command))); diff != "" {
					t.Errorf("%s (-document +run):\n%s", e.command, diff)
				}
			}
		})
	}
}

// Both READMEs have the same commands, with the same output.
func TestTranslation(t *testing.T) {
	want, got := indented(readPage(t, "README.md")), indented(readPage(t, "README.zh.md"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-README.md +README.zh.md):\n%s", diff)
	}
}

// Links lead to files and headings that are there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	for _, name := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(readPage(t, name), -1) {
			to := name
			if match[1] != "" {
				to = filepath.Join(filepath.Dir(name), match[1])
			}
			if _, err := os.Stat(filepath.Join("../..", to)); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if match[2] != "" && !anchors(readPage(t, to))[match[2]] {
				t.Errorf("%s: no heading %s in %s", name, match[2], to)
			}
		}
	}
}

func pages(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"README*.md", "CONTRIBUTING.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(found))
		}
		for _, path := range found {
			names = append(names, strings.TrimPrefix(filepath.ToSlash(path), "../../"))
		}
	}
	return names
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// indented lists the blocks of code of a page. A block goes on behind an empty line.
func indented(page string) (blocks []string) {
	for _, block := range regexp.MustCompile(`(?m)(?:^    .*\n|^\n)+`).FindAllString(page, -1) {
		if block = strings.Trim(block, "\n"); block != "" {
			blocks = append(blocks, strings.ReplaceAll("\n"+block, "\n    ", "\n")[1:]+"\n")
		}
	}
	return blocks
}

// examples lists the commands of a page. A command goes on behind a line that ends with a pipe.
func examples(page string) (list []example) {
	for _, block := range indented(page) {
		before, rest, found := strings.Cut("\n"+block, "\n$ ")
		if !found || before != "" {
			continue
		}
		for _, one := range strings.Split(rest, "\n$ ") {
			line := regexp.MustCompile(`^(?:.*\|\n)*.*`).FindString(one)
			prints := strings.Trim(one[len(line):], "\n")
			if prints != "" {
				prints += "\n"
			}
			list = append(list, example{line, prints})
		}
	}
	return list
}

// shell runs a command and returns what it prints, on both streams.
func shell(t *testing.T, dir, command string) string {
	t.Helper()
	for _, program := range []string{"sh", "jq"} {
		if _, err := exec.LookPath(program); err != nil && (program == "sh" || strings.Contains(command, program)) {
			t.Skipf("%s: %v", command, err)
		}
	}
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "sh", "-c", command)
	run.Dir = dir
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "MODULE=" + module, "GORACE=atexit_sleep_ms=0", "LC_ALL=C"}
	printed, err := run.CombinedOutput()
	if err != nil && run.ProcessState == nil {
		t.Fatal(err)
	}
	return string(printed)
}

// timeless is a text without what differs from run to run, and without the CR that raw lines end with.
func timeless(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "ADDR")
	text = regexp.MustCompile(`"time":"[^"]*"`).ReplaceAllString(text, `"time":"TIME"`)
	return regexp.MustCompile(`\d+\.\d{6}|\d+\.\d+ s\b`).ReplaceAllString(text, "SECONDS")
}

// anchors are the headings of a page as links name them.
func anchors(page string) map[string]bool {
	names := make(map[string]bool)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names["#"+strings.ReplaceAll(name, " ", "-")] = true
	}
	return names
}
