//go:build servers

package wget_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
	"wget/internal/testserver"
)

// A via is a way through a real proxy to the lab's nginx.
type via struct {
	name    string
	proxy   string // URL, with credentials
	forward bool   // it takes no CONNECT
}

// startProxies starts squid, tinyproxy, dante, sshd with ssh -D before it, and HAProxy.
func (l *lab) startProxies(t *testing.T) map[string]running {
	dir := t.TempDir()
	check(t, os.Chmod(filepath.Dir(dir), 0o755)) // squid and dante become someone else
	check(t, os.Chmod(dir, 0o755))
	keys := filepath.Join(dir, "sshd")
	proxies := make(map[string]running)
	add := func(s server, ports, behind int) {
		free := holdPorts(t, ports)
		r := running{
			server: s, HTTP: free[0], Nginx: l.running[0].HTTP, Behind: behind,
			Dir: filepath.Join(dir, s.name), Keys: keys, PEM: l.running[0].PEM,
		}
		if ports == 2 {
			r.HTTPS = free[1]
		}
		check(t, os.Mkdir(r.Dir, 0o755))
		switch s.name {
		case "squid":
			check(t, os.WriteFile(filepath.Join(r.Dir, "hosts"), []byte("127.0.0.1 localhost www.lab.example\n"), 0o644))
			// user: pass word
			check(t, os.WriteFile(filepath.Join(r.Dir, "passwd"), []byte("user:$apr1$labsalt$ZaLQEo9WUPgJcwwNNVQ8/1\n"), 0o644))
		case "sshd":
			check(t, os.MkdirAll("/run/sshd", 0o755)) // where sshd puts itself when it talks to strangers
			if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(keys, "key")).CombinedOutput(); err != nil {
				t.Fatalf("ssh-keygen: %v: install the Debian package openssh-client\n%s", err, out)
			}
		}
		r.start(t)
		proxies[s.name] = r
	}
	add(server{name: "squid", debian: "squid", command: "squid -N -f CONFIG", config: "squid.conf"}, 2, 0)
	add(server{name: "tinyproxy", debian: "tinyproxy", command: "tinyproxy -d -c CONFIG", config: "tinyproxy.conf"}, 1, 0)
	add(server{name: "dante", debian: "dante-server", command: "danted -f CONFIG", config: "danted.conf"}, 1, 0)
	add(server{name: "sshd", debian: "openssh-server", command: "/usr/sbin/sshd -D -e -f CONFIG", config: "sshd_config"}, 1, 0)
	add(server{name: "ssh", debian: "openssh-client", command: "ssh -N -F CONFIG lab", config: "ssh_config"}, 1, proxies["sshd"].HTTP)
	add(server{name: "haproxy", debian: "haproxy", command: "haproxy -db -f CONFIG", config: "haproxy-proxy.cfg"}, 2, proxies["squid"].HTTP)
	return proxies
}

// proxies asks nginx through every proxy, with curl and with wget.
func (l *lab) proxies(t *testing.T) {
	p := l.startProxies(t)
	at := func(scheme, user, host string, port int) string {
		return fmt.Sprintf("%s://%s%s:%d", scheme, user, host, port)
	}
	const loopback, user = "127.0.0.1", "user:pass%20word@"
	ways := []via{
		{"squid", at("http", "", loopback, p["squid"].HTTP), false},
		{"squid with credentials", at("http", user, loopback, p["squid"].HTTPS), false},
		{"squid behind TLS", at("https", "", "localhost", p["haproxy"].HTTPS), false},
		{"tinyproxy with credentials", at("http", "user:secret@", loopback, p["tinyproxy"].HTTP), false},
		{"haproxy", at("http", "", loopback, p["haproxy"].HTTP), true},
		{"dante", at("socks5", "", loopback, p["dante"].HTTP), false},
		{"dante, names", at("socks5h", "", loopback, p["dante"].HTTP), false},
		{"ssh", at("socks5", "", loopback, p["ssh"].HTTP), false},
		{"ssh, names", at("socks5h", "", loopback, p["ssh"].HTTP), false},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { l.compareVia(t, way) })
	}
	t.Run("Refusals", func(t *testing.T) { l.refusals(t, p) })
}

func (l *lab) compareVia(t *testing.T, way via) {
	nginx := slices.IndexFunc(l.running, func(r running) bool { return r.name == "nginx" })
	shown, err := url.Parse(way.proxy)
	check(t, err)
	shown.User = nil
	for _, target := range l.targets() {
		switch {
		case target.server != l.running[nginx].name, way.forward && target.scheme == "https":
			continue
		case strings.HasPrefix(way.name, "tinyproxy") && target.scheme == "http" && target.path == "/cookies":
			continue // it keeps one field of a name
		}
		ways := asks()
		if target.scheme == "https" {
			ask := http2Asks("https")[0]
			ask.name = "HTTP2"
			ways = append(ways, ask)
		}
		for _, ask := range ways {
			t.Run(fmt.Sprintf("%s/%s%s", ask.name, target.scheme, target.path), func(t *testing.T) {
				through := ask
				through.curl = append(slices.Clone(ask.curl), "-x", way.proxy, "--suppress-connect-headers", "--proxy-cacert", l.ca, "-H", "Proxy-Connection:")
				want := withoutReason(l.curl(t, through, target))
				raw := l.wget(t, 0, append(slices.Clone(ask.wget), "-x", way.proxy, "--format", "raw", target.url)...)
				if diff := cmp.Diff(mask(want), mask(raw)); diff != "" {
					t.Errorf("raw (-curl +wget):\n%s", diff)
				}
				for r, err := range report.Records(strings.NewReader(l.wget(t, 0, append(slices.Clone(ask.wget), "-x", way.proxy, "--json", target.url)...))) {
					check(t, err)
					if r.Proxy != shown.String() || fmt.Sprint(r.Status) != target.status || (r.TLS != nil) != (target.scheme == "https") {
						t.Errorf("proxy %q, status %d, tls %v", r.Proxy, r.Status, r.TLS)
					}
				}
			})
		}
	}
}

// refusals has each proxy refuse in its own words.
func (l *lab) refusals(t *testing.T, p map[string]running) {
	closed, err := testserver.HoldPort("127.0.0.1")
	check(t, err)
	defer closed.Close()
	nobody := closed.LocalAddr().String()
	nginx := fmt.Sprintf("127.0.0.1:%d", l.running[0].HTTPS)
	squid := fmt.Sprintf("127.0.0.1:%d", p["squid"].HTTP)
	guarded := fmt.Sprintf("127.0.0.1:%d", p["squid"].HTTPS)
	tinyproxy := fmt.Sprintf("127.0.0.1:%d", p["tinyproxy"].HTTP)
	dante := fmt.Sprintf("127.0.0.1:%d", p["dante"].HTTP)
	for _, c := range []struct {
		name, proxy, target string
		exit                int
		kind                fetch.Kind
		message, hint       string
	}{
		{"squid wants credentials for a tunnel", "http://" + guarded, "https://" + nginx, 6, fetch.KindProxyAuth, "wants credentials (407)", "USER:PASSWORD"},
		{"squid wants credentials", "http://" + guarded, "http://" + nginx, 6, fetch.KindProxyAuth, "wants credentials (407)", "USER:PASSWORD"},
		{"squid refuses credentials", "http://user:s3cr3t@" + guarded, "https://" + nginx, 6, fetch.KindProxyAuth, "refused the user or the password (407)", ""},
		{"squid forbids", "http://" + squid, "https://forbidden.lab.example", 4, fetch.KindProxyRefused, "answered CONNECT with 403 Forbidden", ""},
		{"squid finds nobody", "http://" + squid, "https://" + nobody, 4, fetch.KindProxyRefused, "answered CONNECT with 503 Service Unavailable", ""},
		{"tinyproxy wants credentials", "http://" + tinyproxy, "https://" + nginx, 6, fetch.KindProxyAuth, "wants credentials (407)", "USER:PASSWORD"},
		{"tinyproxy refuses credentials", "http://user:s3cr3t@" + tinyproxy, "https://" + nginx, 4, fetch.KindProxyRefused, "answered CONNECT with 401 Unauthorized", ""},
		{"haproxy takes no CONNECT", fmt.Sprintf("http://127.0.0.1:%d", p["haproxy"].HTTP), "https://" + nginx, 4, fetch.KindProxyRefused, "answered CONNECT with 40", ""},
		{"dante finds nobody", "socks5://" + dante, "http://" + nobody, 4, fetch.KindProxyRefused, "SOCKS error 5: connection refused", ""},
		{"dante forbids", "socks5://" + dante, "http://127.0.0.9", 4, fetch.KindProxyRefused, "SOCKS error 2: not allowed by the rules", ""},
		{"dante does not speak HTTP", "http://" + dante, "https://" + nginx, 4, fetch.KindClosed, "closed the connection", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := l.wget(t, c.exit, "--json", "-x", c.proxy, c.target)
			if strings.Contains(out, "s3cr3t") {
				t.Errorf("a password shows: %s", out)
			}
			for r, err := range report.Records(strings.NewReader(out)) {
				check(t, err)
				e := r.Error
				if e == nil || e.Stage != fetch.StageProxy || e.Kind != c.kind || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Hint, c.hint) {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

// TestServersNoProxy asks curl about the lists of hosts that have no proxy. Whatever curl chooses, it gets no further than
// a port on loopback where nobody listens.
func TestServersNoProxy(t *testing.T) {
	text, err := os.ReadFile("../../testdata/proxy/noproxy.txt")
	check(t, err)
	known := strings.HasPrefix(run(t, 0, "curl", "--version"), "curl 7.88.")
	for row := range strings.Lines(string(text)) {
		row = strings.TrimSpace(row)
		if row == "" || row[0] == '#' {
			continue
		}
		list, rest := cutQuoted(t, row)
		target, choices := cutQuoted(t, strings.TrimSpace(rest))
		words := strings.Fields(choices)
		if len(words) > 1 && !known {
			continue // where curl differs, it is from release to release
		}
		if !strings.Contains(target, "://") {
			target = "http://" + target
		}
		t.Run(row, func(t *testing.T) {
			const proxy, direct = "127.0.0.3", "127.0.0.4"
			cmd := exec.Command("curl", "-q", "-s", "-m", "20", "--noproxy", list, "-x", proxy+":1", "--connect-to", "::"+direct+":1",
				"-w", "%{errormsg}", strings.ReplaceAll(target, "%", "%25"))
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"} // for internationalised names
			said, _ := cmd.Output()
			want := map[string]string{"proxy": proxy, "direct": direct}[words[len(words)-1]]
			if !strings.HasPrefix(string(said), "Failed to connect to "+want+" port 1 ") {
				t.Errorf("%q, want it to connect to %s", said, want)
			}
		})
	}
}

// cutQuoted cuts a Go string off the front of a row.
func cutQuoted(t *testing.T, row string) (text, rest string) {
	t.Helper()
	prefix, err := strconv.QuotedPrefix(row)
	check(t, err)
	text, err = strconv.Unquote(prefix)
	check(t, err)
	return text, row[len(prefix):]
}
