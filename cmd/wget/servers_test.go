//go:build servers

package wget_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

// The real-server suite: what wget prints of nginx, Apache httpd, lighttpd, HAProxy, h2o, Caddy and
// nghttpd must be what curl prints of them, to the byte, also through squid, tinyproxy, dante, HAProxy
// and ssh -D.
//
//	apt-get install nginx-light apache2 lighttpd haproxy h2o caddy nghttp2-server curl unbound iproute2 \
//		squid tinyproxy dante-server openssh-server
//	go test -tags servers ./cmd/wget -run Servers

const (
	agent = "servers-test/1.0"
	large = 1 << 20 // bytes of /large.bin, a body that wget must leave unread
)

// longValue makes two headers of it a section of more than 8 KiB; nginx takes no word above 4096.
func longValue() string { return strings.Repeat("0123456789", 400) }

// A page is a path, the status it answers with, and text its header section must hold (in lower
// case), so that a server that is set up wrongly cannot pass by being wrong twice.
type page struct {
	path   string
	status string
	want   string
}

// A server is a Debian package and how to start it in the foreground. DIR and CONFIG in its
// command stand for its own directory and its filled-in template.
type server struct {
	name    string
	debian  string
	command string
	config  string
	pages   []page // beyond those of every server
}

func servers() []server {
	return []server{
		{"nginx", "nginx-light", "nginx -e stderr -p DIR -c CONFIG", "nginx.conf", []page{
			{"/dir", "301", "/dir/\r\n"},
			{"/echo", "200", "x-request: "},
			{"/empty", "204", ""},
		}},
		{"apache", "apache2", "apache2 -D FOREGROUND -f CONFIG", "apache.conf", []page{
			{"/dir", "301", "/dir/\r\n"},
			{"/timed", "200", "x-timed: d="},
			{"/hints", "200", "link: </style.css>"},
			{"/odd", "299", "\nx-bare: lf\nx-latin: caf"},
		}},
		{"lighttpd", "lighttpd", "lighttpd -D -f CONFIG", "lighttpd.conf", []page{
			{"/dir", "301", "/dir/\r\n"},
			{"/private", "401", "www-authenticate: digest "},
		}},
		{"haproxy", "haproxy", "haproxy -db -f CONFIG", "haproxy.cfg", []page{
			{"/echo", "200", "via: 1.1 haproxy"},
			{"/hints", "200", ""},
			{"/deny", "429", ""},
			{"/nobody", "503", ""},
		}},
		{"h2o", "h2o", "h2o -c CONFIG", "h2o.conf", []page{
			{"/dir", "301", "/dir/\r\n"},
		}},
		{"caddy", "caddy", "caddy run --adapter caddyfile --config CONFIG", "Caddyfile", []page{
			{"/dir", "308", "location: "},
			{"/nginx/echo", "200", "server: caddy\r\nserver: nginx"},
		}},
	}
}

// common lists the pages that each server has.
func common() []page {
	return []page{
		{"/page.html", "200", "last-modified: "},
		{"/missing", "404", ""},
		{"/redirect", "302", "/page.html?from="},
		{"/cookies", "200", "set-cookie: a=1\r\nset-cookie: b=2; path=/; httponly\r\nset-cookie: c=3\r\n"},
		{"/long", "200", "x-long-2: " + longValue() + "\r\n"},
		{"/large.bin", "200", fmt.Sprintf("content-length: %d\r\n", large)},
	}
}

// An ask is one request in the words of both programs.
type ask struct {
	name       string
	wget, curl []string
}

func asks() []ask {
	get := []string{"--http1.1", "-A", agent, "-H", "Connection: close"}
	return []ask{
		{"GET-1.1", []string{"-U", agent}, get},
		// With --http1.0 curl's ALPN offers "http/1.0" alone, and Apache and Caddy break the handshake off.
		{"GET-1.0", []string{"-0"}, []string{"--http1.0", "--no-alpn", "-H", "User-Agent:", "-H", "Accept:"}},
		{"HEAD", []string{"-I", "-U", agent}, append([]string{"--head"}, get...)},
	}
}

func TestServers(t *testing.T) {
	lab := start(t)
	t.Run("Compare", lab.compare)
	t.Run("Certificates", lab.certificates)
	t.Run("JSON", lab.json)
	t.Run("Lines", lab.lines)
	t.Run("HTTP2", lab.http2)
	t.Run("Proxies", lab.proxies)
	t.Run("Chains", lab.chains)
}

// compare asks each server for each page in each way, with curl and with wget.
func (l *lab) compare(t *testing.T) {
	for _, target := range l.targets() {
		for _, ask := range asks() {
			t.Run(fmt.Sprintf("%s/%s/%s%s", target.server, ask.name, target.scheme, target.path), func(t *testing.T) {
				want := l.curl(t, ask, target)
				raw := l.wget(t, 0, append(ask.wget, "--format", "raw", target.url)...)
				if diff := cmp.Diff(mask(want), mask(raw)); diff != "" {
					t.Errorf("raw (-curl +wget):\n%s", diff)
				}
				lines := l.wget(t, 0, append(ask.wget, target.url)...)
				if diff := cmp.Diff(mask(asLines(target.url, want)), mask(lines)); diff != "" {
					t.Errorf("lines (-curl +wget):\n%s", diff)
				}
			})
		}
	}
}

// certificates asks with no CA (exit code 5), with -k, and by a name that only the certificate knows.
func (l *lab) certificates(t *testing.T) {
	for _, s := range l.running {
		t.Run(s.name, func(t *testing.T) {
			url := fmt.Sprintf("https://localhost:%d/page.html", s.HTTPS)
			if out := run(t, 5, l.program, "-4", "-q", "--format", "raw", url); out != "" {
				t.Errorf("printed without a CA: %q", out)
			}
			if out := run(t, 0, l.program, "-4", "-q", "-k", "--format", "raw", url); !strings.HasPrefix(out, "HTTP/1.1 200 ") {
				t.Errorf("-k printed %q", out)
			}
			host := fmt.Sprintf("www.lab.example:%d", s.HTTPS)
			args := []string{"--resolve", host + ":127.0.0.1", "https://" + host + "/page.html"}
			if out := l.wget(t, 0, append(args, "--format", "raw")...); !strings.HasPrefix(out, "HTTP/1.1 200 ") {
				t.Errorf("--resolve printed %q", out)
			}
		})
	}
}

// json asks for everything in one run: one record per target, no matter what the others do.
func (l *lab) json(t *testing.T) {
	closed := fmt.Sprintf("http://127.0.0.1:%d/closed", l.running[0].HTTP)
	args := []string{"--json", "-U", agent, closed}
	for _, target := range l.targets() {
		args = append(args, target.url)
	}
	records := make(map[string]*report.Record)
	out := mask(l.wget(t, 4, args...))
	for r, err := range report.Records(strings.NewReader(out)) {
		if err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		if _, twice := records[r.Target]; twice {
			t.Errorf("two records for %s", r.Target)
		}
		records[r.Target] = r
	}
	if want := len(l.targets()) + 1; len(records) != want {
		t.Errorf("%d records for %d targets", len(records), want)
	}
	if r := records[closed]; r == nil || r.Error == nil || r.Error.Kind != fetch.KindClosed || r.Status != 0 {
		t.Errorf("%s: %+v, want an error of kind closed", closed, r)
	}
	for _, target := range l.targets() {
		r := records[target.url]
		if r == nil {
			t.Errorf("no record of %s", target.url)
			continue
		}
		if got := fmt.Sprint(r.Status); got != target.status {
			t.Errorf("%s: status %s, want %s", target.url, got, target.status)
		}
		if got, want := len(r.Interim), strings.Count(target.path, "/hints"); got != want {
			t.Errorf("%s: %d interim replies, want %d", target.url, got, want)
		}
		var want map[string][]string
		if err := json.Unmarshal([]byte(mask(l.curlJSON(t, asks()[0], target))), &want); err != nil {
			t.Fatal(err)
		}
		got := make(map[string][]string)
		for _, field := range r.Headers {
			got[field.Name] = append(got[field.Name], field.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: headers (-curl +wget):\n%s", target.url, diff)
		}
	}
}

// lines asks for everything in one run: each line names its target as it was typed.
func (l *lab) lines(t *testing.T) {
	want := make(map[string]string)
	args := []string{"-U", agent}
	for _, target := range l.targets() {
		typed := strings.TrimPrefix(target.url, "http://")
		want[typed] = mask(asLines(typed, l.curl(t, asks()[0], target)))
		args = append(args, typed)
	}
	got := make(map[string]string)
	for line := range strings.Lines(mask(l.wget(t, 0, args...))) {
		typed, _, found := strings.Cut(line, " header > ")
		if !found {
			t.Errorf("no target before %q", line)
		}
		got[typed] += line
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-curl +wget):\n%s", diff)
	}
}

// chains follows redirects with both programs: what came, and what was asked each time, must be
// the same.
func (l *lab) chains(t *testing.T) {
	origin := fmt.Sprintf("http://localhost:%d/chain/", l.running[0].HTTP)
	for _, c := range []struct {
		path       string
		wget, curl []string
	}{
		{path: "301"},
		{path: "302"},
		{path: "303"},
		{path: "307"},
		{path: "308"},
		{path: "300"},
		{path: "long"},
		{path: "long#f"},
		{path: "space"},
		{path: "utf8"},
		{path: "escaped"},
		{path: "upgrade"},
		{"301", []string{"-X", "POST"}, []string{"-d", ""}},
		{"302", []string{"-X", "POST"}, []string{"-d", ""}},
		{"303", []string{"-X", "POST"}, []string{"-d", ""}},
		{"307", []string{"-X", "POST"}, []string{"-d", ""}},
		{"308", []string{"-X", "POST"}, []string{"-d", ""}},
		{"303", []string{"-I"}, []string{"-I"}},
		{"301", []string{"-H", "Authorization: x", "-H", "Cookie: y", "-H", "Host: z"}, []string{"-H", "Authorization: x", "-H", "Cookie: y", "-H", "Host: z"}},
		{"upgrade", []string{"-H", "Authorization: x", "-H", "Cookie: y"}, []string{"-H", "Authorization: x", "-H", "Cookie: y"}},
	} {
		t.Run(strings.Join(append([]string{c.path}, c.wget...), " "), func(t *testing.T) {
			ask := asks()[0]
			ask.curl = append(c.curl, ask.curl...)
			want := strings.ReplaceAll(l.runCurl(t, ask, "-L", "-D", "-", origin+c.path), "%c3%a9", "%C3%A9")
			got := l.wget(t, 0, append(append(ask.wget, c.wget...), "-L", "--format", "raw", origin+c.path)...)
			if diff := cmp.Diff(mask(want), mask(got)); diff != "" {
				t.Errorf("(-curl +wget):\n%s", diff)
			}
		})
	}

	// Here the two differ on purpose: curl sends credentials again once it is back, and goes round
	// a loop until it has had enough.
	away := l.wget(t, 0, "-L", "-H", "Cookie: y", "--format", "raw", origin+"away")
	if n := strings.Count(away, "X-Credentials:  y\r\n"); n != 1 {
		t.Errorf("credentials were sent %d times, want once:\n%s", n, away)
	}
	if loop := l.wget(t, 7, "-L", "--format", "raw", origin+"loop"); strings.Count(loop, "HTTP/1.1 302") != 2 {
		t.Errorf("a loop:\n%s", loop)
	}
}

// A target is a page of a running server under one scheme.
type target struct {
	page
	server, scheme, url string
}

func (l *lab) targets() []target {
	var all []target
	for _, s := range l.running {
		all = append(all, s.targets(append(common(), s.pages...))...)
	}
	return all
}

func (r running) targets(pages []page) (all []target) {
	for _, p := range pages {
		all = append(
			all,
			target{p, r.name, "http", fmt.Sprintf("http://127.0.0.1:%d%s", r.HTTP, p.path)},
			target{p, r.name, "https", fmt.Sprintf("https://localhost:%d%s", r.HTTPS, p.path)},
		)
	}
	return all
}

// wget runs the binary under test, which must exit with the given code.
func (l *lab) wget(t *testing.T, exit int, args ...string) string {
	t.Helper()
	return run(t, exit, l.program, append([]string{"-4", "-q", "--ca-certificate", l.ca}, args...)...)
}

// curl is the second opinion: the header sections as they came. The page must be what it should be.
func (l *lab) curl(t *testing.T, ask ask, target target) string {
	t.Helper()
	out := l.runCurl(t, ask, "-D", "-", target.url)
	final := out
	for strings.HasPrefix(final, "HTTP/1.1 1") || strings.HasPrefix(final, "HTTP/2 1") {
		_, final, _ = strings.Cut(final, "\r\n\r\n")
	}
	_, status, _ := strings.Cut(final, " ")
	if !strings.HasPrefix(status, target.status) || !strings.Contains(strings.ToLower(out), target.want) {
		t.Fatalf("%s is not set up to answer %s with %s and %q:\n%q", target.server, target.path, target.status, target.want, out)
	}
	return out
}

// curlJSON is curl's %{header_json}, mended: curl 7.88 leaves the CR in an empty value and muddles Latin-1.
func (l *lab) curlJSON(t *testing.T, ask ask, target target) string {
	t.Helper()
	mend := strings.NewReplacer(`["\r"]`, `[""]`, "uffffffe9", "é", "\xe9", "é")
	return mend.Replace(l.runCurl(t, ask, "-w", "%{header_json}", target.url))
}

func (l *lab) runCurl(t *testing.T, ask ask, args ...string) string {
	t.Helper()
	args = append([]string{"-q", "-4", "-sS", "--cacert", l.ca, "-o", os.DevNull}, args...)
	return run(t, 0, "curl", append(args, ask.curl...)...)
}

// run runs a program to its end, away from the user's proxies and configuration, and returns its stdout.
func run(t *testing.T, exit int, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangs)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != exit {
		t.Fatalf("%s\n%v, want exit code %d; stderr:\n%s", cmd, err, exit, &stderr)
	}
	return stdout.String()
}

// asLines writes header sections as the format "lines" should, which shows no empty line.
func asLines(name, sections string) string {
	var b strings.Builder
	for line := range strings.Lines(sections) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line != "" {
			fmt.Fprintf(&b, "%s header > %s\n", name, strings.ReplaceAll(line, "\xe9", `\xe9`))
		}
	}
	return b.String()
}

// mask hides what differs between one request and the next, in a header section and in JSON.
func mask(s string) string {
	s = regexp.MustCompile(`(?i)\b(date|x-timed|x-unique-id)(: |":\s*\[\s*")[^\r\n"]*`).ReplaceAllString(s, "$1$2*")
	return regexp.MustCompile(`(nonce=\\?")[^\\"]*`).ReplaceAllString(s, "$1*")
}
