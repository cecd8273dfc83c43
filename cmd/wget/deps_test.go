package wget_test

import (
	"errors"
	"go/ast"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The engine knows nothing of how results are shown, and neither it nor what
// shows them knows of flags.
func TestDependencies(t *testing.T) {
	flags := []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "flag", "wget/cmd/wget"}
	for of, forbidden := range map[string][]string{
		"wget/internal/fetch":  append([]string{"wget/internal/report", "github.com/fatih/color", "github.com/mattn/go-isatty"}, flags...),
		"wget/internal/report": flags,
	} {
		out, err := exec.Command("go", "list", "-deps", of).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages := strings.Fields(string(out))
		if !slices.Contains(packages, of) {
			t.Fatalf("go list -deps %s does not name it: %q", of, packages)
		}
		for _, p := range forbidden {
			if slices.Contains(packages, p) {
				t.Errorf("%s depends on %s", of, p)
			}
		}
	}
}

// Calls between the files of a package go one way, but for those that tell of an event.
func TestCalls(t *testing.T) {
	for dir, events := range map[string][]string{
		"../../internal/fetch":        nil,
		"../../internal/fetch/dns":    {"start", "handle", "receive", "lose"}, // of a lookup: its place, a reply, a failure
		"../../internal/fetch/socket": nil,
		"../../internal/fetch/weburl": nil,
		"../../internal/report":       nil,
		".":                           nil,
	} {
		calls := callsBetweenFiles(t, dir, events)
		if len(calls) < 2 {
			t.Errorf("%s: calls from %d files", dir, len(calls))
		}
		if cycle := findCycle(calls); cycle != nil {
			t.Errorf("%s: %s", dir, strings.Join(cycle, " calls "))
		}
	}
}

// callsBetweenFiles lists for each file the files whose functions it uses, those of events apart.
func callsBetweenFiles(t *testing.T, dir string, events []string) map[string][]string {
	t.Helper()
	source, err := gobuild.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range source.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	fileOf := func(pos token.Pos) string { return filepath.Base(fset.Position(pos).Filename) }
	uses := make(map[*ast.Ident]types.Object)
	// Without its imports the package has errors, and its own functions are known all the same.
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	_, _ = config.Check(source.Name, fset, files, &types.Info{Uses: uses})
	calls := make(map[string][]string)
	for name, object := range uses {
		called, ok := object.(*types.Func)
		if !ok || called.Pkg() == nil || called.Pkg().Name() != source.Name || slices.Contains(events, called.Name()) {
			continue
		}
		from, to := fileOf(name.Pos()), fileOf(called.Pos())
		if from != to && !slices.Contains(calls[from], to) {
			calls[from] = append(calls[from], to)
		}
	}
	return calls
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

// findCycle returns the files of a cycle, the first of them again at the end, or nil.
func findCycle(calls map[string][]string) []string {
	done := make(map[string]bool)
	var path []string
	var visit func(string) []string
	visit = func(file string) []string {
		if i := slices.Index(path, file); i >= 0 {
			return append(path[i:], file)
		}
		if done[file] {
			return nil
		}
		path = append(path, file)
		for _, next := range calls[file] {
			if cycle := visit(next); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		done[file] = true
		return nil
	}
	for file := range calls {
		if cycle := visit(file); cycle != nil {
			return cycle
		}
	}
	return nil
}
