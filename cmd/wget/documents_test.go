package wget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
)

// The tables for readers say what the code says.
func TestDocuments(t *testing.T) {
	t.Run("flags", func(t *testing.T) {
		for _, g := range new(flags).groups() {
			same(t, g.title, flagRows(g), table(t, "docs/flags.md", g.title))
		}
	})
	t.Run("flags beside other programs'", func(t *testing.T) {
		for _, g := range new(flags).groups() {
			var want []string
			g.flags.VisitAll(func(f *pflag.Flag) {
				if !f.Hidden {
					want = append(want, "--"+f.Name)
				}
			})
			same(t, g.title, want, firstWords(table(t, "docs/compare.md", g.title)))
		}
	})
	t.Run("formats", func(t *testing.T) {
		same(t, "formats", formatNames(), firstWords(table(t, "docs/output.md", "Formats")))
	})
	t.Run("exit codes", func(t *testing.T) {
		var want [][]string
		for _, e := range exitCodes() {
			want = append(want, []string{e.list(), e.meaning})
		}
		same(t, "exit codes", want, table(t, "docs/scripts.md", "Exit codes"))
	})
	t.Run("samples", func(t *testing.T) {
		listed := map[string]bool{"other": true} // the sample of all other hosts
		for _, row := range table(t, "docs/targets.md", "The samples of --demo") {
			for _, host := range quoted(row[0]) {
				listed[host] = true
			}
		}
		files, err := filepath.Glob("../../testdata/demo/*")
		if err != nil {
			t.Fatal(err)
		}
		there := make(map[string]bool)
		for _, file := range files {
			there[strings.TrimSuffix(filepath.Base(file), ".http")] = true
		}
		same(t, "samples", there, listed)
	})
	t.Run("stages", func(t *testing.T) {
		same(t, "stages", words(constants(t, "Stage")), firstWords(table(t, "docs/json.md", "Stages")))
	})
	t.Run("kinds", func(t *testing.T) {
		var want, got [][]string
		for _, kind := range words(constants(t, "Kind")) {
			code := strconv.Itoa(kindCode(fetch.Kind(kind)))
			if kind == string(fetch.KindCanceled) {
				code = "that of the signal; with `--from` " + code
			}
			want = append(want, []string{"`" + kind + "`", code})
		}
		for _, row := range table(t, "docs/json.md", "Kinds") {
			got = append(got, []string{row[0], row[2]})
		}
		same(t, "kinds", want, got)
	})
	t.Run("anomalies", func(t *testing.T) {
		var want [][]string
		for a := range fetch.Anomalies(1<<len(constants(t, "Anomalies")) - 1).All() {
			want = append(want, []string{"`" + a.Name + "`", a.Meaning})
		}
		same(t, "anomalies", want, table(t, "docs/json.md", "Anomalies"))
	})
	t.Run("manifest", func(t *testing.T) { checkManifest(t, "../../docs/k8s-job.yaml") })
	t.Run("manual page", func(t *testing.T) {
		page, err := os.ReadFile("../../docs/wget.1")
		if err != nil {
			t.Fatal(err)
		}
		var made bytes.Buffer
		if code := Main(t.Context(), []string{"wget", "--man"}, nil, &made, t.Output(), nil); code != exitOK {
			t.Fatalf("exit code %d", code)
		}
		same(t, "go run . --man > docs/wget.1 makes it anew", made.String(), string(page))
	})
	t.Run("environment", func(t *testing.T) {
		asked := map[string]bool{"SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "GODEBUG": true} // by Go's own packages
		env := func(name string) string {
			asked[name] = true
			return ""
		}
		useColor("auto", t.Output(), env)
		if _, err := new(flags).proxies(func(string) bool { return false }, env); err != nil {
			t.Fatal(err)
		}
		resolver := dns.New(t.Context(), dns.Config{Etc: t.TempDir(), Env: func(name string) (string, bool) { return env(name), false }})
		defer resolver.Close()
		if _, err := resolver.Lookup(t.Context(), dns.Query{Name: "localhost"}); err != nil {
			t.Fatal(err)
		}
		for _, e := range engines() {
			(&shardFlag{auto: true}).shard(func(name string) string {
				env(name)
				if name == e.number {
					return "1"
				}
				return ""
			})
		}
		delete(asked, "") // the count that an engine does not tell
		listed := make(map[string]bool)
		for _, v := range variables() {
			for _, name := range v.names {
				listed[name] = true
			}
		}
		same(t, "environment", asked, listed)
	})
	t.Run("keys", func(t *testing.T) { checkKeys(t, table(t, "docs/json.md", "Keys")) })
	t.Run("schema", func(t *testing.T) {
		of := readSchema(t)
		failure := of.Properties["error"]
		same(t, "keys", of.keys(), documentedKeys(table(t, "docs/json.md", "Keys"), of.keys()))
		same(t, "stages", words(constants(t, "Stage")), failure.Properties["stage"].Enum)
		same(t, "kinds", words(constants(t, "Kind")), failure.Properties["kind"].Enum)
		var anomalies []string
		for a := range fetch.Anomalies(1<<len(constants(t, "Anomalies")) - 1).All() {
			anomalies = append(anomalies, a.Name)
		}
		same(t, "anomalies", anomalies, of.Properties["anomalies"].Items.Enum)
	})
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-code +document):\n%s", what, diff)
	}
}

// table is the cells of the first table below a heading, without the table's own
// headings.
func table(t *testing.T, page, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "# "+heading+"\n")
	_, below, more := strings.Cut(below, "\n|")
	if !found || !more {
		t.Fatalf("%s has no table below %q", page, heading)
	}
	for line := range strings.Lines("|" + below) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows[2:]
}

// quoted lists the words that stand between backquotes.
func quoted(text string) (list []string) {
	for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		list = append(list, match[1])
	}
	return list
}

// firstWords is the first word between backquotes of each row.
func firstWords(rows [][]string) (list []string) {
	for _, row := range rows {
		list = append(list, quoted(row[0])[0])
	}
	return list
}

// flagRows is the table of a group of flags: names and argument, meaning, default.
func flagRows(g group) (rows [][]string) {
	g.flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		argument, meaning := pflag.UnquoteUsage(f)
		name := "`" + strings.TrimSpace("--"+f.Name+" "+argument) + "`"
		if argumentIsOptional(f) {
			name = fmt.Sprintf("`--%s[=%s]`", f.Name, argument)
		}
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		rows = append(rows, []string{name, meaning, strings.ReplaceAll(defaultText(f), version(), "VERSION")})
	})
	return rows
}

// In the manual page a text reads as it is, whatever roff would make of it.
func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"write to `FILE`; - is stdout": `write to \fIFILE\fR; \- is stdout`,
		"-k, or (--tls-min) with -nv.": `\fB\-k\fR, or (\fB\-\-tls\-min\fR) with \fB\-nv\fR.`,
		"send 'Name:' as --http1.0":    `send \(aqName:\(aq as \fB\-\-http1.0\fR`,
		"a well-known base-64 ^~":      `a well\-known base\-64 \(ha\(ti`,
		`.so is no request, \xNN too`:  `\&.so is no request, \exNN too`,
		"'br is none either":           `\(aqbr is none either`,
	} {
		if got := roffText(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// constants lists the constants of a type of package fetch, as they are declared.
func constants(t *testing.T, name string) (list []*ast.ValueSpec) {
	t.Helper()
	files, err := filepath.Glob("../../internal/fetch/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST || strings.HasSuffix(file, "_test.go") {
				continue
			}
			ours := false // a constant without a value is of the type of the one above
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				if of, typed := spec.Type.(*ast.Ident); typed || len(spec.Values) > 0 {
					ours = typed && of.Name == name
				}
				if ours {
					list = append(list, spec)
				}
			}
		}
	}
	if len(list) == 0 {
		t.Fatalf("package fetch has no constants of the type %s", name)
	}
	return list
}

// words is the values of constants that are strings.
func words(specs []*ast.ValueSpec) (list []string) {
	for _, spec := range specs {
		word, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		list = append(list, word)
	}
	return list
}

// checkKeys holds the table of keys against records that have every key but tries and proxy.
func checkKeys(t *testing.T, rows [][]string) {
	var records []byte
	for _, name := range []string{"json.raw", "json.pairs"} {
		golden, err := os.ReadFile("../../testdata/golden/" + name + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, golden...)
	}
	keys := map[string]map[string]bool{"tries": {}, "proxy": {}, "edge": {"n": true, "of": true, "addr": true}, "group": {}} // and the keys of each one's objects
	for line := range bytes.Lines(records) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for key, value := range record {
			if keys[key] == nil {
				keys[key] = make(map[string]bool)
			}
			if key != "headers" && key != "fields" {
				addKeys(keys[key], value)
			}
		}
	}
	same(t, "keys", keys, documentedKeys(rows, keys))
}

// documentedKeys is what the table of keys says: each key, and those of its objects if it has some in keys.
func documentedKeys(rows [][]string, keys map[string]map[string]bool) map[string]map[string]bool {
	got := make(map[string]map[string]bool)
	for _, row := range rows {
		for _, key := range quoted(row[0]) {
			got[key] = make(map[string]bool)
			for _, inner := range quoted(row[1]) {
				if len(keys[key]) > 0 {
					got[key][inner] = true
				}
			}
		}
	}
	return got
}

// schema is as much of a JSON Schema as docs/record.schema.json is compared by.
type schema struct {
	Ref        string            `json:"$ref"`
	Defs       map[string]schema `json:"$defs"`
	Properties map[string]schema
	Items      *schema
	Enum       []string
}

func readSchema(t *testing.T) (s schema) {
	t.Helper()
	text, err := os.ReadFile("../../docs/record.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// keys is the properties of a schema, with those of its objects, and of the objects of its lists.
func (s schema) keys() map[string]map[string]bool {
	resolved := func(of schema) schema {
		if name, ok := strings.CutPrefix(of.Ref, "#/$defs/"); ok {
			return s.Defs[name]
		}
		return of
	}
	keys := make(map[string]map[string]bool)
	for key, of := range s.Properties {
		keys[key] = make(map[string]bool)
		of = resolved(of)
		if key != "fields" && of.Items != nil {
			of = resolved(*of.Items)
		}
		for inner := range of.Properties {
			keys[key][inner] = true
		}
	}
	return keys
}

// addKeys adds the keys of an object, or of the objects of a list.
func addKeys(to map[string]bool, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			to[key] = true
		}
	case []any:
		for _, one := range value {
			addKeys(to, one)
		}
	}
}

// checkManifest wants the arguments of a container to be flags with values that
// they take.
func checkManifest(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, match := range regexp.MustCompile(`(?m)^ +- (--[^ ]+=.*?)(?: #.*)?$`).FindAllStringSubmatch(string(text), -1) {
		args = append(args, match[1])
	}
	set := pflag.NewFlagSet("manifest", pflag.ContinueOnError)
	for _, g := range new(flags).groups() {
		set.AddFlagSet(g.flags)
	}
	if err := set.Parse(args); err != nil || len(args) == 0 || set.NArg() > 0 {
		t.Errorf("%q: %v", args, err)
	}
}
