//go:build servers

package wget_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The recipes of docs/data.md, run as they stand. DuckDB and ClickHouse come as packages of npm, which are found by
// NODE_PATH; recipes for a program that is not there are skipped.
//
//	apt-get install jq python3-pandas nodejs npm
//	npm install --prefix DIR @duckdb/node-api chdb
//	NODE_PATH=DIR/node_modules go test -tags servers ./cmd/wget -run ServersData

// recipe is a block of the document, and the block of what it prints.
type recipe struct{ language, text, prints string }

func recipes(t *testing.T) (list []recipe) {
	t.Helper()
	page, err := os.ReadFile("../../docs/data.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```(.*?)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		if language, text := block[1], block[2]; language == "text" {
			list[len(list)-1].prints = text
		} else {
			list = append(list, recipe{language: language, text: text})
		}
	}
	return list
}

// runners are the commands that read a recipe of each language on stdin, with one that fails where the program is missing.
func runners() map[string]struct{ needs, runs []string } {
	const (
		duckdb = `require("@duckdb/node-api").DuckDBInstance.create(":memory:").then(async (database) => {
			const connection = await database.connect();
			for (const statement of require("fs").readFileSync(0, "utf8").split(/;\n/).filter((s) => s.trim())) {
				const rows = await connection.runAndReadAll(statement);
				for (const row of /^SELECT/.test(statement) ? rows.getRowsJson() : []) console.log(row.map((v) => v ?? "NULL").join("\t"));
			}
		})`
		clickhouse = `process.stdout.write(require("chdb").query(require("fs").readFileSync(0, "utf8").replace(/;\s*$/, ""), "TSV"))`
	)
	return map[string]struct{ needs, runs []string }{
		"sh":             {[]string{"jq", "--version"}, []string{"bash", "-e"}},
		"sql duckdb":     {[]string{"node", "-e", `require("@duckdb/node-api")`}, []string{"node", "-e", duckdb}},
		"sql clickhouse": {[]string{"node", "-e", `require("chdb")`}, []string{"node", "-e", clickhouse}},
		"python":         {[]string{"/usr/bin/python3", "-c", "import pandas"}, []string{"/usr/bin/python3", "-"}},
	}
}

func TestServersData(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "wget"), "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(docs, filepath.Join(dir, "docs")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	missing := make(map[string]bool)
	for language, runner := range runners() {
		if out, err := exec.Command(runner.needs[0], runner.needs[1:]...).CombinedOutput(); err != nil {
			t.Logf("no %s: %v\n%s", language, err, out)
			missing[language] = true
		}
	}
	for _, r := range recipes(t) {
		name, _, _ := strings.Cut(r.text, "\n")
		t.Run(r.language+"/"+name, func(t *testing.T) {
			runner, known := runners()[r.language]
			if !known {
				t.Fatalf("nothing runs %q", r.language)
			}
			if missing[r.language] {
				t.Skip("the program is missing")
			}
			command := exec.Command(runner.runs[0], runner.runs[1:]...)
			command.Dir, command.Stdin = dir, strings.NewReader(r.text)
			var stderr strings.Builder
			command.Stderr = &stderr
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			if diff := cmp.Diff(r.prints, string(out)); diff != "" {
				t.Errorf("(-document +got):\n%s\n%s", diff, stderr.String())
			}
		})
	}
}

// An archive has an entry for each answer and each failure of the oddest records, in both shapes.
func TestServersArchive(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip(err)
	}
	jq := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("jq", args...).Output()
		if err != nil {
			t.Fatalf("jq %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	for _, file := range []string{"../../testdata/golden/json.golden", "../../testdata/golden/json.pairs.golden"} {
		want := jq("-n", "[inputs | select(.url) | 1 + (.hops // [] | length)] | add", file)
		archive := filepath.Join(t.TempDir(), "headers.har")
		if err := os.WriteFile(archive, []byte(jq("-nf", "../../docs/har.jq", file)), 0o600); err != nil {
			t.Fatal(err)
		}
		const whole = `[.log.entries[] | select((.startedDateTime | length == 24) and .response.headersSize != 0 and (.response.headers | all(has("name", "value")))
			and ([.timings[]] | all(. == -1 or . >= 0)) and ((.response.status > 0) or ._error))] | length`
		if got := jq(whole, archive); got != want {
			t.Errorf("%s: %s whole entries, want %s", file, got, want)
		}
	}
}
