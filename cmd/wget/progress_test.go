package wget

import (
	"os"
	"testing"

	"wget/internal/report"
)

// No bar is drawn over targets that are typed.
func TestNoBarOverTyping(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	s := streams{in: terminal, out: terminal, err: terminal}
	for _, c := range []struct {
		progress string
		inputs   []string
		want     report.ProgressStyle
	}{
		{"auto", nil, report.ProgressBar},
		{"auto", []string{"progress_test.go"}, report.ProgressBar},
		{"auto", []string{"missing"}, report.ProgressBar},
		{"auto", []string{"-"}, report.NoProgress},
		{"auto", []string{"progress_test.go", "/dev/stdin"}, report.NoProgress},
		{"auto", []string{"/dev/tty"}, report.NoProgress},
		{"bar", []string{"-"}, report.ProgressBar},
	} {
		f := flags{progress: c.progress, inputs: c.inputs}
		if got := f.progressOptions(s, func(string) string { return "" }).Style; got != c.want {
			t.Errorf("--progress %s -i %q: style %d, want %d", c.progress, c.inputs, got, c.want)
		}
	}
}
