//go:build servers

package wget_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// On a machine without an IPv6 address, IPv6 hosts are unreachable, and the others are asked as everywhere.
func TestServersWithoutIPv6(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	want := map[string]fetch.Kind{"localhost:81": fetch.KindRefused, "http://[2001:db8::1]/": fetch.KindUnreachable, "six.test": fetch.KindUnreachable}
	args := []string{
		"-rn", "sh", "-c", `ip link set lo up && ip -6 address flush dev lo && exec "$0" "$@"`, build(t), "--json", "--exit-zero",
		"--resolve", "localhost:81:127.0.0.1,::1", "--resolve", "six.test:80:2001:db8::1",
	}
	for text := range want {
		args = append(args, text)
	}
	var says bytes.Buffer
	cmd := exec.Command("unshare", args...)
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: install the Debian package iproute2\n%s", err, says.String())
	}
	got := make(map[string]fetch.Kind)
	for r, err := range report.Records(bytes.NewReader(out)) {
		check(t, err)
		if r.Error != nil {
			got[r.Target] = r.Error.Kind
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, out)
	}
}
