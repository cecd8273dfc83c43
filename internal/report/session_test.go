package report_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// With Verbose stderr tells each session in three lines.
func TestSessionLines(t *testing.T) {
	day := 24 * time.Hour
	now := time.Now()
	for _, c := range []struct {
		session fetch.Session
		want    string // a regular expression for the lines
	}{
		{
			fetch.Session{
				Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Curve: "X25519", ALPN: "http/1.1", ServerName: "h.test", Verified: true, Stapled: true,
				Described: []fetch.Certificate{{
					Subject: "CN=h.test", Issuer: "CN=CA\x1b[0m", Names: []string{"h.test", "b.test"}, Key: "ECDSA P-256",
					NotBefore: now.Add(-day), NotAfter: now.Add(10*day + time.Hour),
				}, {}, {}},
			},
			`TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, ALPN http/1.1, SNI h.test, OCSP response stapled
certificate of CN=h.test; for h.test, b.test; ECDSA P-256
issued by CN=CA\\x1b\[0m; valid until [-0-9]+ \(10 days left\); verified; sent with 2 other certificates`,
		},
		{
			fetch.Session{
				Version: "TLS 1.0", Cipher: "TLS_RSA_WITH_RC4_128_SHA",
				Described: []fetch.Certificate{{
					Names: strings.Split("a b c d e f g", " "), NotBefore: now.Add(-9 * day), NotAfter: now.Add(-day),
				}, {}},
			},
			`TLS 1.0, TLS_RSA_WITH_RC4_128_SHA
certificate without a subject; for a, b, c, d, e and 2 more
issued by an issuer without a name; expired on [-0-9]+; not verified; sent with 1 other certificate`,
		},
		{
			fetch.Session{Version: "TLS 1.2", Cipher: "c", Described: []fetch.Certificate{{Subject: "CN=x", Issuer: "CN=x", NotBefore: now.Add(day), NotAfter: now.Add(2 * day)}}},
			`TLS 1.2, c
certificate of CN=x
issued by CN=x; valid from [-0-9]+ to [-0-9]+; not verified`,
		},
		{
			fetch.Session{Version: "TLS 1.2", Cipher: "c", Described: []fetch.Certificate{{Subject: "CN=x", Issuer: "CN=x", NotBefore: now.Add(-day), NotAfter: now.Add(23 * time.Hour)}}},
			`TLS 1.2, c
certificate of CN=x
issued by CN=x; valid until [-0-9]+ \(less than a day left\); not verified`,
		},
		{fetch.Session{Version: "TLS 1.2", Cipher: "c"}, "TLS 1.2, c"},
	} {
		r := &fetch.Result{Target: fetch.Target{Text: "h.test"}, Begun: now, Reply: fetch.Reply{Session: &c.session}}
		_, stderr, _, err := drainForeign([]*fetch.Result{r}, format(t, "json"), report.Options{Verbose: true})
		if err != nil {
			t.Fatal(err)
		}
		want := "^h.test tls > " + strings.ReplaceAll(c.want, "\n", "\nh.test tls > ") + "\n$"
		if !regexp.MustCompile(want).Match(stderr) {
			t.Errorf("%s\nis not\n%s", stderr, want)
		}
		if _, quiet, _, _ := drain([]*fetch.Result{r}, format(t, "json"), report.Options{}); len(quiet) > 0 {
			t.Errorf("without being asked: %s", quiet)
		}
	}
}
