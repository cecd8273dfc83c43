package report_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// population yields n results as a survey of the web has them: servers, policies, failures and
// durations of several kinds, the same in every run.
func population(n int) func(yield func(*fetch.Result) bool) {
	random := rand.New(rand.NewPCG(1, 2))
	begun := time.Date(2026, 11, 25, 18, 54, 0, 0, time.UTC)
	servers := []string{"nginx", "nginx", "nginx/1.26.2", "cloudflare", "Apache/2.4.62 (Debian)", "Microsoft-IIS/10.0", "AmazonS3", "openresty", ""}
	failures := []struct {
		stage fetch.Stage
		kind  fetch.Kind
		err   error
	}{
		{fetch.StageDNS, fetch.KindNotFound, fmt.Errorf("no such host")},
		{fetch.StageConnect, fetch.KindTimeout, fmt.Errorf("timed out after 5s")},
		{fetch.StageConnect, fetch.KindTimeout, fmt.Errorf("timed out after 5s")},
		{fetch.StageConnect, fetch.KindRefused, syscall.ECONNREFUSED},
		{fetch.StageRead, fetch.KindReset, syscall.ECONNRESET},
		{fetch.StageTLS, fetch.KindCertificate, fmt.Errorf("certificate has expired")},
	}
	statuses := []int{200, 200, 200, 200, 200, 200, 301, 301, 302, 308, 403, 404, 429, 500, 503}
	return func(yield func(*fetch.Result) bool) {
		for i := range n {
			name := fmt.Sprintf("www.%s%d.example", []string{"shop", "news", "api", "static", "mail"}[i%5], i)
			took := time.Duration(float64(30*time.Millisecond) * (0.2 + random.ExpFloat64()*random.ExpFloat64()*2))
			r := &fetch.Result{
				Target: fetch.Target{Index: i, Text: name, Host: name, Port: 80, Path: "/"},
				Begun:  begun.Add(time.Duration(i) * time.Millisecond),
				Tries:  1,
			}
			r.Reply.Target = r.Target
			r.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 80)
			r.Times = fetch.Times{DNS: took / 10, Connect: took / 2, FirstByte: took, Total: took + 200*time.Microsecond}
			if i%3 == 0 {
				r.Session = &fetch.Session{
					Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ALPN: "http/1.1", ServerName: name,
					Verified: true, Described: []fetch.Certificate{{
						Subject: "CN=" + name, Issuer: "CN=Sample CA", NotAfter: begun.AddDate(0, 0, random.IntN(700)-3),
					}},
				}
			}
			if random.IntN(14) == 0 {
				f := failures[random.IntN(len(failures))]
				r.Times.FirstByte = 0
				r.Err = &fetch.Error{Stage: f.stage, Kind: f.kind, Err: f.err}
				if !yield(r) {
					return
				}
				continue
			}
			// Hosts of a profile are set up alike.
			profile := rand.New(rand.NewPCG(uint64(random.ExpFloat64()*4), 5))
			status := statuses[random.IntN(len(statuses))]
			var head bytes.Buffer
			fmt.Fprintf(&head, "HTTP/1.1 %d X\r\nDate: Wed, 25 Nov 2026 18:54:00 GMT\r\nContent-Type: text/html; charset=utf-8\r\n", status)
			if server := servers[profile.IntN(len(servers))]; server != "" {
				fmt.Fprintf(&head, "Server: %s\r\n", server)
			}
			if status/100 == 3 {
				fmt.Fprintf(&head, "Location: https://%s/start\r\n", name)
			}
			for _, field := range []struct {
				line string
				of   int // of ten hosts
			}{
				{"Strict-Transport-Security: max-age=31536000", 6},
				{"Content-Security-Policy: default-src 'self'; frame-ancestors 'none'", 3},
				{"X-Content-Type-Options: nosniff", 5},
				{"X-Frame-Options: SAMEORIGIN", 4},
				{"Referrer-Policy: strict-origin-when-cross-origin", 3},
				{"Permissions-Policy: geolocation=()", 1},
				{"Cache-Control: max-age=600, public", 7},
				{"ETag: \"5f3c1a\"", 4},
				{"Vary: Accept-Encoding", 8},
				{"Age: 12", 2},
			} {
				if profile.IntN(10) < field.of {
					head.WriteString(field.line + "\r\n")
				}
			}
			head.WriteString("Connection: close\r\n\r\n")
			r.Raw = head.Bytes()
			r.Head = fetch.Head{Raw: r.Raw, Proto: "HTTP/1.1", Status: status}
			if !yield(r) {
				return
			}
		}
	}
}

// pageOptions asks for two checks.
func pageOptions(t *testing.T) report.Options {
	t.Helper()
	var o report.Options
	for _, text := range []string{`!has("x-powered-by") && hsts >= 300`, "status < 500"} {
		c, err := report.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Checks = append(o.Checks, report.Check{Condition: c, Want: true})
	}
	return o
}

// hostileReplies try to be markup, script, links and more.
func hostileReplies() []string {
	const evil = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`
	return []string{
		"HTTP/1.1 200 " + evil + "\r\nServer: " + evil + "\r\nX-A: <!--<script>\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: javascript:document.title='owned'\r\nServer: ]]>--></main>\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: data:text/html,<script>alert(1)</script>\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://good.example/\\@evil.example/\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://sound.example/x\r\nServer: {{.Title}} ${document.title='owned'} \\u003cscript>\r\n\r\n",
		"HTTP/1.1 200 OK\r\nServer: \xe2\x80\xaegnp.exe \xe2\x81\xa6\x1b[31m\x00\xff caf\xe9\r\n" + evil + ": x\r\n\r\n",
		"</main>" + evil + "\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n\r\n", // and a section without a line
	}
}

func hostileResults(t *testing.T) (list []*fetch.Result) {
	for i, text := range hostileReplies() {
		r := ask(t, fmt.Sprintf("h%d.example", i), []byte(text))
		r.Target.Index = i
		list = append(list, r)
	}
	long := at(len(list), "long.example")
	long.Head.Raw = []byte("HTTP/1.1 200 OK\r\nServer: " + strings.Repeat("<b>0123456", 100_000) + "\r\n\r\n")
	evil := &fetch.Result{
		Target: fetch.BadTarget(`<script>document.title='owned'</script>`, nil),
		Err:    &fetch.Error{Stage: fetch.StageTarget, Kind: fetch.KindBadTarget, Err: fmt.Errorf("</script><b>"), Hint: "<i>"},
	}
	return append(list, long, evil)
}
