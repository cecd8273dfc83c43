package wget_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/testpicture"
)

// The picture of README shows what its command prints, in the colours of a terminal. With -update it is drawn anew.
func TestPicture(t *testing.T) {
	const (
		command = "wget --demo --keep-order"
		path    = "../../docs/terminal.svg"
		title   = command + " in a terminal: each host in its colour, names of header fields set off, the status code in the colour of its class"
	)
	printed := shell(t, t.TempDir(), command+" --color always")
	drawn := testpicture.Draw(title, testpicture.Frame{Lines: strings.Split("$ "+command+"\n"+strings.TrimSuffix(printed, "\n"), "\n")})
	if *update {
		if err := os.WriteFile(path, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	length := regexp.MustCompile(` textLength="[^"]*"`) // that of a time varies
	want, got := length.ReplaceAllString(readPage(t, "docs/terminal.svg"), ""), length.ReplaceAllString(drawn, "")
	if diff := cmp.Diff(timeless(want), timeless(got)); diff != "" {
		t.Errorf("go test ./cmd/wget -run Picture -update draws it anew (-picture +run):\n%s", diff)
	}
}
