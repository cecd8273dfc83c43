package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wget/internal/fetch"
	"wget/internal/report"
)

// groupsOf is the group of each answer.
func groupsOf(t *testing.T, by report.GroupBy, list []*fetch.Result) (groups []string) {
	t.Helper()
	out, _, _, err := drain(list, format(t, "json"), report.Options{Group: &by})
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		var record report.Record
		if err := json.Unmarshal(line, &record); err != nil || record.Group == "" {
			t.Fatalf("no group in %s, error %v", line, err)
		}
		groups = append(groups, record.Group)
	}
	return groups
}

func TestGroupRule(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nServer: nginx\r\n"
	for _, c := range []struct {
		name, a, b string
		alike      bool
	}{
		{"date and age", "Date: Mon, 01 Jan 2024 00:00:00 GMT", "Date: Tue, 02 Jan 2024 00:00:00 GMT\r\nAge: 3", true},
		{"length and etag", "ETag: \"a\"\r\nContent-Length: 1", "Content-Length: 2\r\nETag: \"b\"", true},
		{"ids of requests", "X-Request-Id: 1", "CF-Ray: abc\r\nX-Amz-Request-Id: 2\r\nX-My-Trace-ID: 3", true},
		{"cache hits", "X-Cache: HIT\r\nX-Cache-Hits: 4", "", true},
		{"another server", "Server: a", "Server: b", false},
		{"a field more", "X-A: 1", "X-A: 1\r\nX-B: 2", false},
		{"another value of an unknown field", "X-A: 1", "X-A: 2", true},
		{"case of a name", "X-a: 1", "x-A: 1", true},
		{"another order", "X-A: 1\r\nX-B: 1", "X-B: 1\r\nX-A: 1", false},
		{"order in a list", "Vary: A, b", "Vary: B,a", true},
		{"another list", "Vary: A", "Vary: A, B", false},
		{"order of directives", "Cache-Control: private, max-age=5", "cache-control: max-age=5,private", true},
		{"another directive", "Cache-Control: max-age=5", "Cache-Control: max-age=6", false},
		{"nonce", "Content-Security-Policy: script-src 'nonce-abc123'", "Content-Security-Policy: script-src 'nonce-zzz'", true},
		{"nonce with all of base64", "Content-Security-Policy: script-src 'nonce-a/b+c/1==' 'self'", "Content-Security-Policy: script-src 'nonce-zz/yy/xx/2=' 'self'", true},
		{"another policy behind a nonce", "Content-Security-Policy: script-src 'nonce-a/b=' 'self'", "Content-Security-Policy: script-src 'nonce-a/b=' *", false},
		{"another policy", "Content-Security-Policy: script-src 'self'", "Content-Security-Policy: script-src *", false},
		{"hash in a policy", "Content-Security-Policy: script-src 'sha256-AAAAAAAAAAAAAAAAAAAAAAAA1'", "Content-Security-Policy: script-src 'sha256-BBBBBBBBBBBBBBBBBBBBBBBBB2'", false},
		{"value of a cookie", "Set-Cookie: a=1; Path=/", "Set-Cookie: a=2; path=/", true},
		{"date of a cookie", "Set-Cookie: a=1; Expires=Mon, 01 Jan 2024 00:00:00 GMT", "Set-Cookie: a=1; expires=Tue, 02 Jan 2024 00:00:00 GMT", true},
		{"attribute of a cookie", "Set-Cookie: a=1; Secure", "Set-Cookie: a=1", false},
		{"name of a cookie", "Set-Cookie: a=1", "Set-Cookie: b=1", false},
		{"id in a location", "Location: /x?id=0123456789abcdef0", "Location: /x?id=fedcba98765432100", true},
		{"another location", "Location: /a", "Location: /b", false},
		{"header names in a list are no ids", "Access-Control-Allow-Headers: x-amz-content-sha256", "Access-Control-Allow-Headers: x-amz-content-sha512", false},
		{"another host of people's words in a policy", "Content-Security-Policy: script-src https://mycompany-assets-bucket-5678.s3.amazonaws.com", "Content-Security-Policy: script-src https://attacker-controlled-bucket-1234.s3.amazonaws.com", false},
		{"another app", "Location: https://my-app-prod-eastus2-001.azurewebsites.net/", "Location: https://my-app-prod-eastus2-002.azurewebsites.net/", false},
		{"another slug", "Location: /annual-report-2023-final-v2", "Location: /annual-report-2024-final-v2", false},
		{"another host with an id", "Location: https://bucket-a1b2c3d4e5f6a7b8.s3.amazonaws.com/", "Location: https://bucket-b1b2c3d4e5f6a7b9.s3.amazonaws.com/", false},
		{"an id behind a host", "Location: https://a.example/a1b2c3d4e5f6a7b8", "Location: https://a.example/b1b2c3d4e5f6a7b9", true},
		{"an id behind a word", "Location: /session-0123456789abcdef0", "Location: /session-fedcba98765432100", true},
		{"a UUID behind a word", "Location: /request-123e4567-abcd-12d3-a456-426614174000", "Location: /request-523e4567-e89b-12d3-feed-426614174009", true},
		{"another word before an id", "Location: /session-0123456789abcdef0", "Location: /request-0123456789abcdef0", false},
		{"a word of several", "Location: /AccountLoginAndRegistrationV2", "Location: /AccountLoginAndRegistrationV3", false},
		{"few digits", "Location: /qBINB_sTW1WzRwhcqRYUBKoTCFyzEAsE_xWJTCLv", "Location: /doasFyWH-kVtKvqHRw1hcqRYUBKoTCFyzEAsE_xW", true},
		{"a state", "Location: https://id.example/?state=abc&x=1", "Location: https://id.example/?state=zz%2B&x=1", true},
		{"a SAML request", "Location: https://id.example/?a=b&SAMLRequest=fZJNT8MwDIbv%2FBVV7m%2B#x", "Location: https://id.example/?a=b&SAMLRequest=fZLNT8MwDIbv%2BBVV7m%2F#x", true},
		{"behind a state", "Location: https://id.example/?state=abc&x=1", "Location: https://id.example/?state=abc&x=2", false},
		{"nonce of Digest", `WWW-Authenticate: Digest realm="a", nonce="8XtMfWBIBQA=0cafe", algorithm=MD5`, `WWW-Authenticate: Digest realm="a", nonce="9XtMfWBIBQA=1cafe", algorithm=MD5`, true},
		{"behind a nonce of Digest", `WWW-Authenticate: Digest nonce="a", algorithm=MD5`, `WWW-Authenticate: Digest nonce="a", algorithm=SHA-256`, false},
		{"an id in the name of a cookie", "Set-Cookie: .AspNetCore.Correlation.Zx91bJtUEmDp0GnQw3Rk=N", "Set-Cookie: .AspNetCore.Correlation.aB0KqQw82mPlXcVyTn7R=N", true},
		{"the own name behind an escape", "Location: https://sso.example/?service=https%3A%2F%2Fa.test%2F", "Location: https://sso.example/?service=https%3A%2F%2FA.test%2F", true},
		{"case of HSTS", "Strict-Transport-Security: max-age=9; includeSubDomains", "Strict-Transport-Security: includesubdomains; max-age=9", true},
		{"hsts", "Strict-Transport-Security: max-age=31536000", "Strict-Transport-Security: max-age=300", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := []*fetch.Result{ask(t, "a.test", []byte(head+c.a+"\r\n\r\n")), ask(t, "a.test", []byte(head+strings.TrimPrefix(c.b+"\r\n", "\r\n")+"\r\n"))}
			if groups := groupsOf(t, report.GroupBy{}, list); (groups[0] == groups[1]) != c.alike {
				t.Errorf("groups %v, want them equal: %t", groups, c.alike)
			}
		})
	}
}

// The host's own name does not set it apart, nor does the port of an answer.
func TestGroupOwnName(t *testing.T) {
	var list []*fetch.Result
	for _, host := range []string{"a.test", "b.test", "WWW.c.test"} {
		list = append(list, ask(t, host, []byte("HTTP/1.1 301 Moved\r\nLocation: https://"+strings.ToLower(host)+"/\r\n\r\n")))
	}
	list = append(list, ask(t, "a.test", []byte("HTTP/1.1 301 Moved\r\nLocation: https://xa.test/\r\n\r\n")))
	for _, host := range []string{"a.test", "b.test."} {
		list = append(list, ask(t, host, []byte("HTTP/1.1 302 Found\r\nLocation: https://sso.test/?to=https%3A%2F%2F"+host[:6]+"%2F\r\n\r\n")))
	}
	groups := groupsOf(t, report.GroupBy{}, list)
	if groups[4] != groups[5] {
		t.Errorf("the own name behind an escape, or without its dot, sets apart: %v", groups[4:])
	}
	if groups[0] != groups[1] || groups[0] != groups[2] || groups[0] == groups[3] {
		t.Errorf("%v", groups)
	}
}

func TestGroupBy(t *testing.T) {
	one := ask(t, "a.test", []byte("HTTP/1.1 200 OK\r\nServer: x\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n"))
	other := ask(t, "b.test", []byte("HTTP/1.1 200 OK\r\nServer: x\r\nDate: Tue, 02 Jan 2024 00:00:00 GMT\r\n\r\n"))
	for how, alike := range map[string]bool{"": true, "exact": false, "server": true, "status,server": true, "target": false, "date": false} {
		by, err := report.ParseGroupBy(how)
		if err != nil {
			t.Fatal(err)
		}
		if groups := groupsOf(t, by, []*fetch.Result{one, other}); (groups[0] == groups[1]) != alike {
			t.Errorf("%q: groups %v, want them equal: %t", how, groups, alike)
		}
	}
}

// Every host is in a group, the largest first and failures last, and what is held
// does not grow with the hosts of a group.
func TestGroupsCountAll(t *testing.T) {
	var list []*fetch.Result
	for i := range 100 {
		reply := "HTTP/1.1 200 OK\r\nServer: a\r\n\r\n"
		switch {
		case i%10 == 1:
			reply = "HTTP/1.1 200 OK\r\nServer: b\r\n\r\n"
		case i%20 == 2:
			reply = ""
		}
		list = append(list, ask(t, fmt.Sprintf("h%d.test", i), []byte(reply)))
	}
	lines := format(t, "lines")
	out, stderr, _, _ := drain(list, lines, report.Options{Group: new(report.GroupBy), Verbose: true})
	for _, want := range []string{
		"group 1 hosts > 85: h0.test, h3.test", " and 75 more\n", "group 2 hosts > 10: h1.test", "group 3 hosts > 5: h2.test",
		"group 1 header > Server: a\n", "group 2 differs > - server: a\n", "group 2 differs > + server: b\n", "group 3 error > read: closed\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(string(stderr), "error") {
		t.Errorf("failures are told twice: %s", stderr)
	}
	wide, _, _, _ := drain(list, lines, report.Options{Group: new(report.GroupBy), Wide: true})
	for i := range list {
		if !strings.Contains(string(wide), fmt.Sprintf("h%d.test", i)) {
			t.Errorf("h%d.test is in no group", i)
		}
	}
}

// Chosen fields are all that is shown of a group, and an address is told from the
// others of its target.
func TestGroupsOfFields(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\nServer: x\r\nX-A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\nX-A: 2\r\n\r\n", "")
	const want = `group 1 hosts > 2: a.test@192.0.2.1, a.test@192.0.2.2
group 1 header > Server: x

group 2 hosts > 1: a.test@192.0.2.3
group 2 error > connect: refused
`
	out, _, _, _ := drain(list, format(t, "lines"), report.Options{Group: new(report.GroupBy), Columns: columns(t, "server")})
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
