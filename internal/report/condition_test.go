package report_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/report"
)

func condition(t *testing.T, text string) *report.Condition {
	t.Helper()
	c, err := report.ParseCondition(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// failures are the lines that a check leaves on stderr, without the target.
func failures(t *testing.T, check report.Check, list ...*fetch.Result) []string {
	t.Helper()
	_, stderr, _, err := drain(list, format(t, "json"), report.Options{Checks: []report.Check{check}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(stderr)) {
		_, told, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " check > ")
		lines = append(lines, told)
	}
	return lines
}

func TestConditions(t *testing.T) {
	r := ask(t, "h.test:8080/x", []byte(
		"HTTP/1.1 200 Fine\r\nSERVER: nginx/1.2\r\nStrict-Transport-Security: max-age=\"300\"; includeSubDomains\r\n"+
			"Content-Security-Policy: default-src 'self'; script-src 'self' https://a.test/?x=1; report-uri /r\r\n"+
			"Cache-Control: private, Max-Age = 60, x=\"a\\\"b, c\", y=ab==\r\nX-A: 1\r\nx-a: 2\r\nX-Latin: caf\xe9\r\n"+
			"Set-Cookie: a=1; Secure; HttpOnly; SameSite=lax; Path=/p; Domain=h.test; Max-Age=5\r\n"+
			"Set-Cookie: b=2; SameSite=odd; Max-Age=-7\r\nset-cookie: c; Max-Age=99999999999999999999; samesite=NONE\r\n\r\n",
	))
	r.Times = fetch.Times{FirstByte: 250 * time.Millisecond, Total: 2 * time.Second}
	for _, text := range []string{
		`status == 200 && scheme == "http" && host == "h.test" && port == 8080 && target == "h.test:8080/x"`,
		`url == "http://h.test:8080/x" && proto == "HTTP/1.1" && reason == "Fine" && bytes > 300 && location == ""`,
		`error == "" && stage == "" && addr startsWith "203.0.113.9:" && first_byte == 0.25 && total < 2.5 && hops == 0`,
		`hsts == 300 && cert_days == -1 && tls_version == "" && len(anomalies) == 0 && "invalid-name" not in anomalies`,
		`server == "nginx/1.2" && h["Server"] == server && h.server == server && h?.SERVER == server && h["nosuch"] == ""`,
		`has("sErVer") && !has("nosuch") && values("X-a") == ["1", "2"] && h["x-A"] == "1, 2" && values("nosuch") == []`,
		`"SERVER" in h && "nosuch" not in h && len(h) == 7 && "set-cookie" in keys(h) && none(keys(h), # startsWith "x-debug")`,
		`get(h, "SERVER") == server && (h | get("nosuch")) == "" && h?.["Server"] == server`,
		`any(["x", "Server"], h[#] matches "(?i)NGINX") && all(["x-a", "server"], # in h)`,
		`lower("ÄB") == "äb" && h["x-latin"] == "café"`,
		`dir("cache-control", "private") == "private" && dir("Cache-Control", "MAX-AGE") == "60" && dir("cache-control", "nosuch") == ""`,
		`dir("cache-control", "x") == "a\"b, c" && dir("cache-control", "y") == "ab=="`,
		`dir("content-security-policy", "script-src") == "'self' https://a.test/?x=1" && dir("nosuch", "x") == ""`,
		`dir("content-security-policy", "report-uri") == "/r" && int(dir("cache-control", "max-age")) in 1..60`,
		`len(cookies) == 3 && cookies[0].name == "a" && cookies[0].Secure && cookies[0].HttpOnly && cookies[0].SameSite == "Lax"`,
		`cookies[0].Path == "/p" && cookies[0].Domain == "h.test" && map(cookies, .MaxAge) == [5, 0, 9223372036854775807]`,
		`cookies[1].SameSite == "" && cookies[2].SameSite == "None" && cookies[2].name == "c" && !any(cookies, .Secure && .name == "b")`,
		`status in 200..299 and not (status in [301, 302]) or port == 1`,
		`let n = len(cookies); n == 3 && n < 4`,
		`filter(cookies, .Secure)[0].name == "a" && filter(cookies, .Secure)[-1]?.HttpOnly`,
	} {
		t.Run(text, func(t *testing.T) {
			if told := failures(t, report.Check{Condition: condition(t, text), Want: true}, r); told != nil {
				t.Errorf("%q", told)
			}
		})
	}
}

// A failed check names the clause that is to blame, and the values in it.
func TestConditionFailures(t *testing.T) {
	r := ask(t, "h.test", []byte(
		"HTTP/1.1 404 No\r\nServer: a\x1b\"b\r\nStrict-Transport-Security: max-age=300\r\nX-A: 1\r\nX-A: 2\r\n"+
			"X-Long: "+strings.Repeat("é", 200)+"\r\nSet-Cookie: a=1; Secure\r\nSet-Cookie: b=2; Path=/; Max-Age=0\r\n\r\n",
	))
	for _, c := range []struct {
		text string
		want bool
		told string
	}{
		{"hsts>=31536000", true, "hsts >= 31536000: hsts is 300"},
		{"status==404 and (hsts == -1 or hsts > 400)", true, "hsts == -1 or hsts > 400: hsts is 300"},
		{"status == 200 && hsts == 300", true, "status == 200: status is 404"},
		{"status == 404 && hsts == 300", false, "status == 404 && hsts == 300: status is 404, hsts is 300"},
		{`server == "a"`, true, `server == "a": server is "a\x1b"b"`},
		{`h["X-A"] == "1"`, true, `h["X-A"] == "1": h["X-A"] is "1, 2"`},
		{`values("x-a") == ["1"]`, true, `values("x-a") == ["1"]: values("x-a") is ["1", "2"]`},
		{`values("x-b") == ["1"]`, true, `values("x-b") == ["1"]: values("x-b") is []`},
		{`!has("server")`, true, `!has("server"): has("server") is true`},
		{"all(cookies, .Secure)", true, "all(cookies, .Secure): cookies is [a; Secure, b; Path=/; Max-Age=0]"},
		{"len(cookies) == 0", true, "len(cookies) == 0: len(cookies) is 2"},
		{"let x = status; x == 200", true, "let x = status; x == 200"},
		{"(status == 200 ? 1 : 2) == 1", true, "(status == 200 ? 1 : 2) == 1"},
		{`not (status == 404)`, true, "not (status == 404): status is 404"},
		{`h["x-long"] == ""`, true, `h["x-long"] == "": h["x-long"] is "` + strings.Repeat("é", 99) + "…"},
		{`"x-b" in h`, true, `"x-b" in h`},
		{`first(values("x-b")) == "1"`, true, `first(values("x-b")) == "1": a value is absent, or of another type than it is compared with`},
		// What cannot be evaluated holds for neither kind.
		{`values("x-b")[0] == "1"`, true, `values("x-b")[0] == "1": index out of range: 0 (array length is 0)`},
		{`values("x-b")[0] == "1"`, false, `values("x-b")[0] == "1": index out of range: 0 (array length is 0)`},
		{`status == 404 && fromJSON("1")`, false, `status == 404 && fromJSON("1"): `},
		{`all(map(1..3 == nil ? [] : [1], #), # == 2)`, true, ""},
	} {
		if c.told == "" {
			if _, err := report.ParseCondition(c.text); err == nil {
				t.Errorf("%s is taken", c.text)
			}
			continue
		}
		t.Run(c.text, func(t *testing.T) {
			told := failures(t, report.Check{Condition: condition(t, c.text), Want: c.want}, r)
			if len(told) != 1 || told[0] != c.told && (!strings.HasSuffix(c.told, ": ") || !strings.HasPrefix(told[0], c.told)) {
				t.Errorf("%q, want %q", told, c.told)
			}
		})
	}
}

// A server that sends a field without end cannot make a condition take long.
func TestConditionOfManyFields(t *testing.T) {
	reply := func(n int) []byte {
		return []byte("HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: a\r\n", n) + "\r\n")
	}
	check := report.Check{Condition: condition(t, "all(cookies, one(cookies, .name == .name) == false)"), Want: true}
	if told := failures(t, check, ask(t, "h.test", reply(1000))); told != nil {
		t.Errorf("%q", told)
	}
	for _, text := range []string{"all(cookies, one(cookies, .name == .name) == false)", `len(values("set-cookie")) > 0`} {
		want := []string{text + ": more than 1000 fields of the name set-cookie"}
		check.Condition = condition(t, text)
		if diff := cmp.Diff(want, failures(t, check, ask(t, "h.test", reply(1001)))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Nor can one that sends names without end.
func TestConditionOfManyNames(t *testing.T) {
	reply := func(n int) []byte {
		text := "HTTP/1.1 200 OK\r\n"
		for i := range n {
			text += fmt.Sprintf("X%d: a\r\n", i)
		}
		return []byte(text + "\r\n")
	}
	check := report.Check{Condition: condition(t, `all(keys(h), len(h[#]) == 1)`), Want: true}
	if told := failures(t, check, ask(t, "h.test", reply(1000))); told != nil {
		t.Errorf("%q", told)
	}
	for _, text := range []string{`all(keys(h), len(h[#]) == 1)`, `none(toPairs(h), #[0] == "")`, `let x = h; all(keys(x), # != "")`} {
		want := []string{text + ": more than 1000 names of fields"}
		check.Condition = condition(t, text)
		if diff := cmp.Diff(want, failures(t, check, ask(t, "h.test", reply(1001)))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A certificate's days are those from when the host was begun, and one that has
// expired is never taken for none.
func TestConditionCertDays(t *testing.T) {
	const day = 24 * time.Hour
	for left, days := range map[time.Duration]int{
		30 * day: 30, 30*day - time.Second: 29, time.Second: 0, 0: 0, -time.Second: -2, -day - time.Second: -2, -2*day - time.Second: -3,
	} {
		r := ask(t, "h.test", []byte("HTTP/1.1 200 OK\r\n\r\n"))
		r.Session = &fetch.Session{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Described: []fetch.Certificate{{SHA256: strings.Repeat("0a", 32), NotAfter: r.Begun.Add(left)}}}
		text := fmt.Sprintf(`cert_days == %d && tls_version == "1.3"`, days)
		if told := failures(t, report.Check{Condition: condition(t, text), Want: true}, r); told != nil {
			t.Errorf("%v: %q", left, told)
		}
	}
}

// A certificate of a record without a time is judged as of now, and one that ends in thousands of
// years has as many days.
func TestConditionCertDaysOfRecords(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for text, check := range map[string]string{
		`{"target":"a.test","status":200,"tls":{"sha256":"` + sum + `","not_after":"2020-01-01T00:00:00Z"}}`:                               "cert_days < -365",
		`{"target":"a.test","status":200,"tls":{"sha256":"` + sum + `","not_after":"9999-12-31T23:59:59Z"},"time":"2026-11-25T00:00:00Z"}`: "cert_days == 2912114",
	} {
		for record, err := range report.Records(strings.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			if told := failures(t, report.Check{Condition: condition(t, check), Want: true}, record.Result()); told != nil {
				t.Errorf("%s: %q", text, told)
			}
		}
	}
}

// A mistake is told with its place, before anything is asked.
func TestConditionMistakes(t *testing.T) {
	for _, c := range []struct{ text, wrong, place string }{
		{"status == 200 && hsst > 1", "unknown name hsst", " | status == 200 && hsst > 1\n | .................^\n"},
		{"status ==\n\t  hsst", "unknown name hsst", " |    hsst\n | ...^\n"},
		{`server == "中文é" && hsst`, "unknown name hsst", " | server == \"中文é\" && hsst\n | .....................^\n"},
		{"server == \"\x1b\" && hsst", "unknown name hsst", " | server == \"\\x1b\" && hsst\n | ....................^\n"},
		{"", "unexpected token EOF", " | \n | ^\n"},
		{"status", "expected bool, but got int", " | status\n | ^\n"},
		{`port == "80"`, "invalid operation: == (mismatched types int and string)", " | port == \"80\"\n | .....^\n"},
		{"$env.status == 200", "unknown name $env", " | $env.status == 200\n | ^\n"},
		{"let r = 1..9; status in 1..9", "a range stands only behind in", " | let r = 1..9; status in 1..9\n | .........^\n"},
		{"all(1..1000000000, true)", "a range stands only behind in", " | all(1..1000000000, true)\n | .....^\n"},
		{`len(repeat("x", 1000000000)) == 0`, "unknown name repeat", " | len(repeat(\"x\", 1000000000)) == 0\n | ....^\n"},
		{`server matches "("`, "error parsing regexp: missing closing ): `(`", " | server matches \"(\"\n | .......^\n"},
		{`h[1] == ""`, "cannot use int as argument (type string) to call h[] ", " | h[1] == \"\"\n | ..^\n"},
		{"cookies[0].Name == \"\"", "type report.cookie has no field Name", " | cookies[0].Name == \"\"\n | ...........^\n"},
		{"h(1)", "map[string]string is not callable", " | h(1)\n | ^\n"},
		{strings.Repeat("(", 20000), "longer than 16384 bytes", " | \n | ^\n"},
		{strings.Repeat("!", 2000) + "true", "compilation failed: expression exceeds maximum allowed nodes", ""},
	} {
		_, err := report.ParseCondition(c.text)
		var mistake *report.ConditionError
		if !errors.As(err, &mistake) || err.Error() != c.wrong || c.place != "" && mistake.Place() != c.place {
			t.Errorf("%.40s: error %v, want %q", c.text, err, c.wrong)
			if mistake != nil {
				t.Errorf("%.40s: place\n%s, want\n%s", c.text, mistake.Place(), c.place)
			}
		}
	}
}

// A host whose addresses are all asked fails once, with any of them.
func TestChecksCountHosts(t *testing.T) {
	list := edgesOf(t, "a.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n")
	for i, more := range [][]*fetch.Result{
		edgesOf(t, "b.test", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"), {ask(t, "c.test", []byte("HTTP/1.1 404 No\r\n\r\n"))},
	} {
		for _, r := range more {
			r.Target.Index = i + 1
			list = append(list, r)
		}
	}
	checks := []report.Check{{Condition: condition(t, "status < 500"), Want: true}, {Condition: condition(t, "status > 200"), Want: false}}
	_, stderr, s, _ := drain(list, format(t, "json"), report.Options{Checks: checks})
	if want := "checks: 2 of 3 hosts failed: status > 200 (2), status < 500 (1)"; s.Checks.String() != want {
		t.Errorf("%q, want %q", s.Checks.String(), want)
	}
	if want := "a.test@192.0.2.2 check > status < 500: status is 500\n"; !strings.Contains(string(stderr), want) {
		t.Errorf("no %q in\n%s", want, stderr)
	}
}

// A condition that is taken can be asked of every result: it says the same twice,
// and a failure names a clause.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		`status == 200 && hsts >= 31536000`, `all(cookies, .Secure && .SameSite in ["Lax", "Strict"])`, `h["server"] matches "^a" or "x" in h`,
		`dir("cache-control", "max-age") == "1"`, `values("x")[0] == "1"`, `let a = status; a in 1..2`, `any(keys(h), # startsWith "x-")`,
		`h?.server ?? "a" == "b"`, `not (error != "" && stage == "dns")`, `first_byte < .5 ? total > 1e3 : lower(server) contains "a"`,
		`len(filter(cookies, .MaxAge > -1)) == 0 and anomalies == []`, `server[1:2] == "a" | trim`, `{"a": 1}.a == 1`, `now().Year() > 2000`,
		`sum(map(values("x"), len(#))) > 1`, `reduce(cookies, #acc + #.MaxAge, 0) == 1`, `cookies[0]?.name == b"a"`, `if status > 1 {true} else {false}`,
	} {
		f.Add(text)
	}
	var replies []*fetch.Result
	f.Fuzz(func(t *testing.T, text string) {
		c, err := report.ParseCondition(text)
		if err != nil {
			var mistake *report.ConditionError
			if !errors.As(err, &mistake) || strings.Count(mistake.Place(), "\n") != 2 {
				t.Errorf("%q: error %v", text, err)
			}
			return
		}
		if replies == nil {
			replies = results(t)
		}
		for _, want := range []bool{true, false} {
			check := report.Check{Condition: c, Want: want}
			told := failures(t, check, replies...)
			if again := failures(t, check, replies...); len(again) != len(told) && !strings.Contains(text, "now") {
				t.Errorf("%q: %q, another time %q", text, told, again)
			}
			for _, line := range told {
				if strings.HasPrefix(line, ": ") {
					t.Errorf("%q: no clause in %q", text, line)
				}
			}
		}
	})
}
