//go:build servers

package wget_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// TestServersNames looks names up as people do who give no flags: at the resolver of resolv.conf, unbound, in
// namespaces where this is the system's configuration.
func TestServersNames(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS("../../testdata/servers/names")))
	program := filepath.Join(dir, "wget")
	if out, err := exec.Command("go", "build", "-o", program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	want := map[string]string{
		"plain.lab.test":     "127.0.0.2:80",
		"plain":              "127.0.0.2:80", // by the search domain
		"alias":              "127.0.0.2:80",
		"six":                "[::1]:80",
		"both":               "[::1]:80",
		"half-dead":          "127.0.0.4:80",
		"from-file":          "127.0.0.7:80",
		"localhost":          "127.0.0.1:80",
		"many":               "127.0.1.X:80", // by TCP, since a datagram would not hold them
		"alias.lab.test":     "127.0.0.2:80",
		"six.lab.test":       "[::1]:80",
		"both.lab.test":      "[::1]:80",
		"half-dead.lab.test": "127.0.0.4:80",
		"many.lab.test":      "127.0.1.X:80",
		"nothing.lab.test":   "not_found: no address (asked 127.0.0.1:53)",
		"nothing":            "not_found: no address (asked 127.0.0.1:53)",
		"nosuch":             "not_found: no such host (asked 127.0.0.1:53)",
		"x.refused.test":     "dns_failure: REFUSED (asked 127.0.0.1:53)",
	}
	args := []string{dir, program, "--json", "--exit-zero"}
	for name := range want {
		args = append(args, name)
	}
	var says strings.Builder
	cmd := exec.Command(filepath.Join(dir, "run"), args...)
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: install the Debian packages iproute2, unbound and nginx-light\n%s", err, says.String())
	}
	got := make(map[string]string)
	for r, err := range report.Records(bytes.NewReader(out)) {
		check(t, err)
		switch {
		case r.Status == 204 && strings.HasPrefix(r.Addr.String(), "127.0.1."):
			got[r.Target] = "127.0.1.X:80"
		case r.Status == 204:
			got[r.Target] = r.Addr.String()
		case r.Error != nil && r.Error.Stage == fetch.StageDNS:
			got[r.Target] = string(r.Error.Kind) + ": " + r.Error.Message
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, says.String())
	}
}
