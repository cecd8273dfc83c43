package wget

import (
	"fmt"
	"strings"
	"testing"
)

// The variables of the environment and their precedence are curl's.
func TestProxiesOfEnvironment(t *testing.T) {
	for _, c := range []struct {
		args, env   string
		http, https string // the host of each; "" is none
		direct      int    // rules for hosts without a proxy
	}{
		{"", "", "", "", 0},
		{"", "http_proxy=a", "a", "", 0},
		{"", "HTTP_PROXY=a", "", "", 0},
		{"", "https_proxy=a", "", "a", 0},
		{"", "HTTPS_PROXY=a", "", "a", 0},
		{"", "https_proxy=a HTTPS_PROXY=b", "", "a", 0},
		{"", "https_proxy= HTTPS_PROXY=b", "", "b", 0},
		{"", "all_proxy=a", "a", "a", 0},
		{"", "ALL_PROXY=a", "a", "a", 0},
		{"", "all_proxy=a ALL_PROXY=b", "a", "a", 0},
		{"", "all_proxy= ALL_PROXY=b", "b", "b", 0},
		{"", "all_proxy=a http_proxy=b", "b", "a", 0},
		{"", "all_proxy=a http_proxy=", "a", "a", 0},
		{"", "all_proxy=a HTTP_PROXY=b", "a", "a", 0},
		{"", "ALL_PROXY=a HTTPS_PROXY=b", "a", "b", 0},
		{"", "http_proxy=a ftp_proxy=b", "a", "", 0},
		{"", "http_proxy=a no_proxy=x,y", "a", "", 2},
		{"", "http_proxy=a NO_PROXY=x", "a", "", 1},
		{"", "http_proxy=a no_proxy=x NO_PROXY=y,z", "a", "", 1},
		{"", "http_proxy=a no_proxy= NO_PROXY=y,z", "a", "", 2},
		// A proxy that nobody is asked through may be anything.
		{"", "http_proxy=a https_proxy=b all_proxy=socks://x", "a", "b", 0},
		{"-x b", "http_proxy=a https_proxy=ftp://c no_proxy=x", "b", "b", 1},
		{"--proxy=", "http_proxy=a https_proxy=ftp://c", "", "", 0},
		{"--noproxy z", "http_proxy=a no_proxy=x,y", "a", "", 1},
		{"--noproxy=", "http_proxy=a no_proxy=x,y", "a", "", 0},
		{"--no-proxy", "http_proxy=a https_proxy=ftp://c all_proxy=b no_proxy=x", "", "", 0},
	} {
		t.Run(c.args+" "+c.env, func(t *testing.T) {
			f := new(flags)
			set := make(map[string]bool)
			for _, g := range f.groups() {
				if g.title != "Connection" {
					continue
				}
				if err := g.flags.Parse(strings.Fields(c.args)); err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"proxy", "noproxy", "no-proxy"} {
					set[name] = g.flags.Changed(name)
				}
			}
			env := make(map[string]string)
			for pair := range strings.FieldsSeq(c.env) {
				name, value, _ := strings.Cut(pair, "=")
				env[name] = value
			}
			p, err := f.proxies(func(name string) bool { return set[name] }, func(name string) string { return env[name] })
			if err != nil {
				t.Fatal(err)
			}
			var http, https string
			if p.HTTP != nil {
				http = p.HTTP.Host
			}
			if p.HTTPS != nil {
				https = p.HTTPS.Host
			}
			if http != c.http || https != c.https || len(p.Except) != c.direct {
				t.Errorf("http %q, https %q, %d rules; want %q, %q, %d", http, https, len(p.Except), c.http, c.https, c.direct)
			}
		})
	}
}

// An error tells where the text stood, and nothing of its credentials.
func TestProxyErrors(t *testing.T) {
	const secret = "s3cr3t"
	for _, c := range []struct{ env, want string }{
		{"http_proxy=ftp://h", "http_proxy=ftp://h: unknown scheme: http, https, socks5 and socks5h are known"},
		{"all_proxy=socks4://h", "all_proxy=socks4://h: unknown scheme: http, https, socks5 and socks5h are known"},
		{"HTTPS_PROXY=http://u:s3cr3t@h:0", "HTTPS_PROXY=h:0: the port must be a number from 1 to 65535"},
		{"https_proxy=u:s3cr3t://x@h", "https_proxy=h: a proxy is written as SCHEME://USER:PASSWORD@HOST:PORT"},
		{"http_proxy=http://u:s3cr3t@", "http_proxy=: empty host"},
		{"http_proxy=socks5://u:s3cr3t" + strings.Repeat("x", 255) + "@h", "http_proxy=h: a user or password of more than 255 bytes cannot be sent to a SOCKS proxy"},
		{"http_proxy=http://u:s3cr3t/x@h@[::1", "http_proxy=[::1: missing ] after an IPv6 address"},
	} {
		name, value, _ := strings.Cut(c.env, "=")
		_, err := new(flags).proxies(func(string) bool { return false }, func(n string) string { return map[string]string{name: value}[n] })
		if fmt.Sprint(err) != c.want || strings.Contains(fmt.Sprint(err), secret) || (outcome{err: err}).code() != exitUsage {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
