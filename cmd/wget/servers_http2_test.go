//go:build servers

package wget_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// http2Server is the server that speaks HTTP/2 alone.
func http2Server() server {
	return server{"nghttpd", "nghttp2-server", "sh CONFIG", "nghttpd.sh", []page{
		{"/page.html", "200", "last-modified: "},
		{"/large.bin", "200", fmt.Sprintf("content-length: %d\r\n", large)},
	}}
}

// http2Asks are requests over HTTP/2, for https and for http.
func http2Asks(scheme string) []ask {
	if scheme == "http" {
		known := []string{"--http2-prior-knowledge"}
		return []ask{
			{"GET", append(known, "-U", agent), append(known, "-A", agent)},
			{"HEAD", append(known, "-I", "-U", agent), append(known, "--head", "-A", agent)},
		}
	}
	return []ask{
		{"GET", []string{"--http2", "-U", agent}, []string{"--http2", "-A", agent}},
		{"HEAD", []string{"--http2", "-I", "-U", agent}, []string{"--http2", "--head", "-A", agent}},
		{
			"fields",
			[]string{"--http2", "-U", "", "-H", "X-A: b", "-H", "Host: www.lab.example", "-H", "Connection: X-A", "-H", "TE: trailers"},
			[]string{"--http2", "-A", "", "-H", "X-A: b", "-H", "Host: www.lab.example", "-H", "TE: trailers"},
		},
	}
}

// http2 asks each server for each page over HTTP/2, with curl and with wget.
func (l *lab) http2(t *testing.T) {
	targets := append(l.targets(), l.http2Only.targets(l.http2Only.pages)...)
	for _, target := range targets {
		switch {
		case target.scheme == "http" && target.server == "nginx":
			continue // it takes a port of its own
		case target.server == "apache" && (target.path == "/odd" || target.path == "/hints"):
			continue // scripts that write HTTP/1
		}
		for _, ask := range http2Asks(target.scheme) {
			t.Run(fmt.Sprintf("%s/%s/%s%s", target.server, ask.name, target.scheme, target.path), func(t *testing.T) {
				want := withoutReason(l.curl(t, ask, target))
				if !strings.HasPrefix(want, "HTTP/2 ") {
					t.Fatalf("curl printed %q", want)
				}
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
	l.http2Strangers(t)
}

// withoutReason takes the space away that curl writes behind the status, where HTTP/2 has nothing.
func withoutReason(sections string) string {
	return regexp.MustCompile(`(?m)^(HTTP/2 \d{3}) \r$`).ReplaceAllString(sections, "$1\r")
}

// http2Strangers: a server that speaks only one of the two says so in words.
func (l *lab) http2Strangers(t *testing.T) {
	t.Run("HTTP/1 where HTTP/2 is known", func(t *testing.T) {
		nginx := l.running[0]
		out := l.wget(t, 7, "--json", "--http2-prior-knowledge", fmt.Sprintf("http://127.0.0.1:%d/", nginx.HTTP))
		if !strings.Contains(out, "speaks HTTP/1") || !strings.Contains(out, "try --http1.1") {
			t.Error(out)
		}
	})
	t.Run("HTTP/2 where HTTP/1 is asked", func(t *testing.T) {
		out := l.wget(t, 7, "--json", fmt.Sprintf("http://127.0.0.1:%d/", l.http2Only.HTTP))
		if !strings.Contains(out, "try --http2-prior-knowledge") {
			t.Error(out)
		}
	})
	t.Run("ALPN falls back", func(t *testing.T) {
		for _, s := range l.running {
			url := fmt.Sprintf("https://localhost:%d/page.html", s.HTTPS)
			if out := l.wget(t, 0, "--http1.1", "--format", "raw", url); !strings.HasPrefix(out, "HTTP/1.1 200 ") {
				t.Errorf("%s: %q", s.name, out)
			}
		}
	})
}
