package wget

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"wget/internal/report"
)

// A count that a signal stops is no error, and nothing is told of it.
func TestStoppedCount(t *testing.T) {
	check, err := report.ParseCondition("status == 200")
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		again   bool
		receipt string
		judged  int
	}{
		{"counted", t.Context(), true, "so far 1 answered + 1 failed", 2},
		{"stopped", ended, true, "", 0},
		{"only the checks", ended, false, "so far 1 answered + 1 failed", 0},
	} {
		path := filepath.Join(t.TempDir(), "out")
		records := `{"index":0,"target":"a.test","status":404}` + "\n" +
			`{"index":1,"target":"b.test","error":{"stage":"read","kind":"timeout","message":"x"}}` + "\n"
		if err := os.WriteFile(path, []byte(records), 0o666); err != nil {
			t.Fatal(err)
		}
		j, err := openAlone(path)
		if err != nil {
			t.Fatal(err)
		}
		j.firstKey, j.again, j.checks = "index", c.again, []report.Check{{Condition: check, Want: true}}
		if err := j.resume(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := j.finish(c.ctx, nil, false); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := j.receipt(0, false); got != c.receipt || j.recorded.Checks.Judged != c.judged {
			t.Errorf("%s: %q, %d judged; want %q, %d", c.name, got, j.recorded.Checks.Judged, c.receipt, c.judged)
		}
	}
}
