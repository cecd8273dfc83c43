package report

import (
	"strings"
	"testing"
)

// The bar names the hosts that are waited for, if they are few and there is room.
func TestBarNamesSlowHosts(t *testing.T) {
	for _, c := range []struct {
		slow  []string
		width int
		want  string
	}{
		{[]string{"slow.test", "late.test:8080"}, 120, "0 failed, 2 in flight: slow.test, late.test:8080"},
		{nil, 120, "0 failed, 2 in flight"},
		{[]string{"slow.test", "late.test:8080"}, 60, "0 failed, 2 in flight"},
	} {
		p := newProgress(Progress{
			Style: ProgressBar, Width: func() int { return c.width },
			Started: func() int { return 5 }, Expected: func() (int, bool) { return 5, true },
			Slow: func() []string { return c.slow },
		})
		text := p.render(&Summary{Answered: 3})
		p.stop()
		if !strings.HasSuffix(text, c.want) || !strings.HasPrefix(text, "3 of 5 [") || len(text) >= c.width {
			t.Errorf("width %d: %q, want it to end in %q", c.width, text, c.want)
		}
	}
}
