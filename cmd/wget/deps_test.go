package wget_test

import (
	"os/exec"
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
