//go:build servers

package wget_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wget/internal/report"
	"wget/internal/testserver"
)

// edgesLab is a network of its own in which names have many addresses: a resolver, web servers, and wget, which is run
// there.
type edgesLab struct{ dir, program string }

func newEdgesLab(t *testing.T) *edgesLab {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	l := &edgesLab{dir: t.TempDir()}
	check(t, os.CopyFS(l.dir, os.DirFS("../../testdata/servers/edges")))
	for _, name := range []string{"run", "hosts", "resolv.conf", "unbound.conf"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/servers/names", name))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(l.dir, name), text, 0o755))
	}
	ca := testserver.Issue(&x509.Certificate{Subject: pkix.Name{CommonName: "lab CA"}, IsCA: true}, nil, testserver.ECDSA)
	trusted, _ := testserver.PEM(ca)
	check(t, os.WriteFile(filepath.Join(l.dir, "ca.pem"), trusted, 0o644))
	for name, until := range map[string]time.Time{"good.pem": time.Now().AddDate(0, 0, 9), "expired.pem": time.Now().AddDate(0, 0, -1)} {
		certificate, key := testserver.PEM(testserver.Issue(&x509.Certificate{
			Subject: pkix.Name{CommonName: "cdn.lab.test"}, DNSNames: []string{"cdn.lab.test", "two.lab.test"},
			NotBefore: until.AddDate(0, 0, -90), NotAfter: until,
		}, &ca, testserver.ECDSA))
		check(t, os.WriteFile(filepath.Join(l.dir, name), append(certificate, key...), 0o600))
	}
	l.program = filepath.Join(l.dir, "wget")
	if out, err := exec.Command("go", "build", "-o", l.program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return l
}

// wget runs wget in the lab with --all-ips, and checks its exit code. Nobody answers within the connect timeout at addresses
// that are dead.
func (l *edgesLab) wget(t *testing.T, exit int, args ...string) (stdout, stderr string) {
	t.Helper()
	var says bytes.Buffer
	cmd := exec.Command(filepath.Join(l.dir, "run"), append([]string{l.dir, l.program, "--all-ips", "--ca-certificate", "ca.pem", "--connect-timeout", "2"}, args...)...)
	cmd.Stderr = &says
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exit {
		t.Fatalf("wget %q: %v, want exit code %d: this needs the Debian packages iproute2, unbound and nginx-light\n%s", args, err, exit, says.String())
	}
	stderr = regexp.MustCompile(`(?m)^\[\d+\] unbound.*\n`).ReplaceAllString(says.String(), "")
	return string(out), stderr
}

// records are those of a run with --json.
func (l *edgesLab) records(t *testing.T, exit int, args ...string) (list []*report.Record) {
	t.Helper()
	out, _ := l.wget(t, exit, append([]string{"--json", "-q"}, args...)...)
	for r, err := range report.Records(strings.NewReader(out)) {
		check(t, err)
		list = append(list, r)
	}
	return list
}

// outcomes tells of each record the index, the address and what came of it.
func outcomes(list []*report.Record) (told []string) {
	for _, r := range list {
		text := fmt.Sprintf("%d %d/%d %s %d", r.Index, r.Edge.N, r.Edge.Of, r.Addr, r.Status)
		if r.Error != nil {
			text = fmt.Sprintf("%d %d/%d %s %s", r.Index, r.Edge.N, r.Edge.Of, r.Addr, r.Error.Kind)
		}
		told = append(told, text)
	}
	return told
}

// asked are the requests that nginx has got in all, and when.
func (l *edgesLab) asked(t *testing.T) (times []float64) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(l.dir, "asked.log"))
	check(t, err)
	for line := range strings.Lines(string(log)) {
		at, err := strconv.ParseFloat(strings.Fields(line)[0], 64)
		check(t, err)
		times = append(times, at)
	}
	return times
}

func TestServersEdges(t *testing.T) {
	l := newEdgesLab(t)
	all := func(index int, port string, slow string) (list []string) {
		for n, end := range []string{
			"192.0.2.1:%s 200", "192.0.2.2:%s 200", "192.0.2.3:%s 503", "192.0.2.4:%s " + slow, "192.0.2.5:%s refused", "192.0.2.99:%s timeout",
			"[2001:db8::1]:%s 200", "[2001:db8::2]:%s 200", "[2001:db8::1:0:0:3]:%s 200",
		} {
			list = append(list, fmt.Sprintf("%d %d/9 "+end, index, n, port))
		}
		return list
	}
	for _, flags := range [][]string{
		nil, {"--parallel-max", "1"}, {"--parallel-max", "2", "--per-ip", "1"}, {"--rate", "50", "--keep-order"}, {"--group"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			if diff := cmp.Diff(all(0, "80", "200"), outcomes(l.records(t, 4, append(flags, "cdn.lab.test")...))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("ports", func(t *testing.T) {
		want := append(all(0, "80", "200"), all(1, "8080", "200")...)
		if diff := cmp.Diff(want, outcomes(l.records(t, 4, "--port", "80,8080", "--keep-order", "cdn.lab.test"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("tries", func(t *testing.T) {
		for _, r := range l.records(t, 4, "-t", "2", "--connect-timeout", "1", "cdn.lab.test") {
			if isDead := r.Addr.Addr().String() == "192.0.2.99"; r.Tries != 0 && !isDead || r.Tries != 2 && isDead {
				t.Errorf("%s: %d tries", r.Addr, r.Tries)
			}
		}
	})
	t.Run("max-time", func(t *testing.T) {
		if diff := cmp.Diff(all(0, "80", "timeout"), outcomes(l.records(t, 4, "-m", "0.7", "cdn.lab.test"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("families", func(t *testing.T) {
		for flag, want := range map[string][]string{
			"-4": {"0 0/2 192.0.2.1:80 200", "0 1/2 192.0.2.2:80 200", "1 0/1 192.0.2.1:80 200"},
			"-6": {"0 0/3 [2001:db8::1]:80 200", "0 1/3 [2001:db8::2]:80 200", "0 2/3 [2001:db8::1:0:0:3]:80 200"},
		} {
			names := []string{"two.lab.test", "one.lab.test"}
			if flag == "-6" {
				names = []string{"cdn.lab.test"}
			}
			if diff := cmp.Diff(want, outcomes(l.records(t, 0, append([]string{flag, "--keep-order"}, names...)...))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", flag, diff)
			}
		}
	})
	t.Run("rate", func(t *testing.T) {
		before := len(l.asked(t))
		l.records(t, 0, "--rate", "5/s", "--parallel-max", "1", "-6", "cdn.lab.test")
		times := l.asked(t)[before:]
		for i := 1; i < len(times); i++ {
			if gap := times[i] - times[i-1]; gap < 0.09 { // of 0.2 s, less what is made up for
				t.Errorf("%.3f s between two requests", gap)
			}
		}
		if len(times) != 3 {
			t.Errorf("%d requests", len(times))
		}
	})
	t.Run("lines", l.lines)
	t.Run("chains", l.chains)
	t.Run("certificates", l.certificates)
	t.Run("formats", l.formats)
}

// maskedNginx hides what differs from run to run.
func maskedNginx(text string) string {
	text = regexp.MustCompile(`Date: .*`).ReplaceAllString(text, "Date: *")
	return regexp.MustCompile(`nginx/[\d.]+`).ReplaceAllString(text, "nginx")
}

func (l *edgesLab) lines(t *testing.T) {
	out, says := l.wget(t, 4, "-v", "cdn.lab.test", "one.lab.test", "--keep-order", "--fields", "status,Server,Content-Type,X-Served-By,Cache-Control,X-Debug")
	const want = `cdn.lab.test@192.0.2.1 header > HTTP/1.1 200 OK
cdn.lab.test@192.0.2.2 header > HTTP/1.1 200 OK
cdn.lab.test@192.0.2.3 header > HTTP/1.1 503 Service Temporarily Unavailable
cdn.lab.test@192.0.2.4 header > HTTP/1.1 200 OK
cdn.lab.test@2001:db8::1 header > HTTP/1.1 200 OK
cdn.lab.test@2001:db8::2 header > HTTP/1.1 200 OK
cdn.lab.test@2001:db8::1:0:0:3 header > HTTP/1.1 200 OK
cdn.lab.test header > Server: nginx
cdn.lab.test@192.0.2.1 header > Content-Type: text/plain
cdn.lab.test@192.0.2.2 header > Content-Type: text/plain
cdn.lab.test@192.0.2.3 header > Content-Type: text/html
cdn.lab.test@192.0.2.4 header > Content-Type: text/plain
cdn.lab.test@2001:db8::1 header > Content-Type: text/plain
cdn.lab.test@2001:db8::2 header > Content-Type: text/plain
cdn.lab.test@2001:db8::1:0:0:3 header > Content-Type: text/plain
cdn.lab.test@192.0.2.1 header > X-Served-By: cache-a
cdn.lab.test@192.0.2.2 header > X-Served-By: cache-b
cdn.lab.test@192.0.2.3 header > X-Served-By: cache-old
cdn.lab.test@192.0.2.4 header > X-Served-By: cache-a
cdn.lab.test@2001:db8::1 header > X-Served-By: cache-c
cdn.lab.test@2001:db8::2 header > X-Served-By: cache-d
cdn.lab.test@2001:db8::1:0:0:3 header > X-Served-By: cache-e
cdn.lab.test@192.0.2.1 header > Cache-Control: max-age=60
cdn.lab.test@192.0.2.2 header > Cache-Control: max-age=60
cdn.lab.test@192.0.2.4 header > Cache-Control: max-age=60
cdn.lab.test@2001:db8::1 header > Cache-Control: max-age=60
cdn.lab.test@2001:db8::2 header > Cache-Control: max-age=60
cdn.lab.test@2001:db8::1:0:0:3 header > Cache-Control: max-age=60
cdn.lab.test@192.0.2.3 header > X-Debug: on
one.lab.test header > HTTP/1.1 200 OK
one.lab.test header > Server: nginx
one.lab.test header > Content-Type: text/plain
one.lab.test header > X-Served-By: cache-a
one.lab.test header > Cache-Control: max-age=60
`
	if diff := cmp.Diff(want, maskedNginx(out)); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"cdn.lab.test@192.0.2.5 error > connect: connection refused\n",
		"cdn.lab.test@192.0.2.99 error > connect: timed out after 2s\n",
		"cdn.lab.test@192.0.2.3 absent > cache-control\n",
		"2 hosts, 10 addresses: 8 answered, 2 failed in ",
		"wget cdn.lab.test@2001:db8::1:0:0:3...\n",
	} {
		if strings.Count(says, want) != 1 {
			t.Errorf("stderr: no %q in\n%s", want, says)
		}
	}
}

// chains: each address has its own, the further hops of which are found by name.
func (l *edgesLab) chains(t *testing.T) {
	list := l.records(t, 4, "-L", "-4", "cdn.lab.test/there")
	for _, r := range list {
		at, led := r.Addr, len(r.Hops) == 1
		if led {
			at = r.Hops[0].Addr
		}
		if want := fmt.Sprintf("192.0.2.%d:80", []int{1, 2, 3, 4, 5, 99}[r.Edge.N]); at.String() != want || led != (r.Edge.N < 2) {
			t.Errorf("%d: asked %s first, want %s; %d hops", r.Edge.N, at, want, len(r.Hops))
		}
		if led && (r.URL != "http://two.lab.test/" || r.Status != 200) {
			t.Errorf("%s: %d", r.URL, r.Status)
		}
	}
	const want = `two.lab.test/there header > HTTP/1.1 301 Moved Permanently
two.lab.test/there header > Location: http://two.lab.test/
two.lab.test/there@192.0.2.1 header > X-Served-By: cache-a
two.lab.test/there@192.0.2.2 header > X-Served-By: cache-b
two.lab.test/there redirect > http://two.lab.test/
two.lab.test/there header > HTTP/1.1 200 OK
two.lab.test/apart@192.0.2.1 header > HTTP/1.1 302 Moved Temporarily
two.lab.test/apart@192.0.2.1 header > Location: http://two.lab.test/?from=192.0.2.1
two.lab.test/apart@192.0.2.1 header > X-Served-By: cache-a
two.lab.test/apart@192.0.2.1 redirect > http://two.lab.test/?from=192.0.2.1
two.lab.test/apart@192.0.2.2 header > HTTP/1.1 302 Moved Temporarily
two.lab.test/apart@192.0.2.2 header > Location: http://two.lab.test/?from=192.0.2.2
two.lab.test/apart@192.0.2.2 header > X-Served-By: cache-b
two.lab.test/apart@192.0.2.2 redirect > http://two.lab.test/?from=192.0.2.2
two.lab.test/apart header > HTTP/1.1 200 OK
`
	out, _ := l.wget(t, 0, "-L", "-q", "--keep-order", "--fields", "status,Location,X-Served-By", "two.lab.test/there", "two.lab.test/apart")
	// The last answer is of whichever address came first.
	out = regexp.MustCompile(`(?m)^(.*200 OK\n)(.*X-Served-By.*\n)+`).ReplaceAllString(out, "$1")
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// certificates: of one address it has expired, and that is said of this address alone.
func (l *edgesLab) certificates(t *testing.T) {
	for _, flag := range []string{"--http1.1", "--http2"} {
		list := l.records(t, 4, flag, "https://cdn.lab.test")
		var got []string
		for _, r := range list {
			if r.TLS != nil {
				got = append(got, fmt.Sprintf("%s %t %s", r.Addr, r.TLS.Verified, r.TLS.Subject))
			}
		}
		want := []string{
			"192.0.2.1:443 true CN=cdn.lab.test", "192.0.2.2:443 false CN=cdn.lab.test",
			"[2001:db8::1]:443 true CN=cdn.lab.test", "[2001:db8::2]:443 true CN=cdn.lab.test", "[2001:db8::1:0:0:3]:443 true CN=cdn.lab.test",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", flag, diff)
		}
		if kind := list[1].Error.Kind; kind != "certificate" {
			t.Errorf("%s: %s", flag, kind)
		}
	}
	_, says := l.wget(t, 5, "https://two.lab.test")
	if want := "https://two.lab.test@192.0.2.2 error > tls: the certificate expired "; !strings.Contains(says, want) {
		t.Errorf("no %q in\n%s", want, says)
	}
}

// formats: each names the address, the failed ones' too.
func (l *edgesLab) formats(t *testing.T) {
	const match = "error != '' || status == 503"
	for format, want := range map[string]string{
		"csv": "0,cdn.lab.test,192.0.2.3:80,503,\n0,cdn.lab.test,192.0.2.5:80,,connect: connection refused\n0,cdn.lab.test,192.0.2.99:80,,connect: timed out after 2s\n",
		"table": "0      cdn.lab.test@192.0.2.3   192.0.2.3:80   503     -\n" +
			"0      cdn.lab.test@192.0.2.5   192.0.2.5:80   -       connect: connection refused\n" +
			"0      cdn.lab.test@192.0.2.99  192.0.2.99:80  -       connect: timed out after 2s\n",
	} {
		out, _ := l.wget(t, 4, "-q", "--format", format, "--fields", "index,target,addr,status,error", "--match", match, "cdn.lab.test")
		if _, rows, _ := strings.Cut(out, "\n"); rows != want {
			t.Errorf("%s: got\n%swant\n%s", format, rows, want)
		}
	}
	out, _ := l.wget(t, 4, "-q", "--group=status,Content-Type", "cdn.lab.test")
	for _, want := range []string{
		"group 1 hosts > 6: cdn.lab.test@192.0.2.1, cdn.lab.test@192.0.2.2, cdn.lab.test@192.0.2.4, cdn.lab.test@2001:db8::1, cdn.lab.test@2001:db8::2, cdn.lab.test@2001:db8::1:0:0:3\n",
		"group 2 hosts > 1: cdn.lab.test@192.0.2.3\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
