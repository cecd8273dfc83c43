package report_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
)

// policyReply is the result of a line of docs/policies.md: "301     Location: / | Server: x".
func policyReply(t *testing.T, line string) *fetch.Result {
	t.Helper()
	how, fields := strings.TrimSpace(line[:8]), line[8:]
	status := 200
	if n, err := strconv.Atoi(how); err == nil {
		status = n
	}
	r := ask(t, "h.test", fmt.Appendf(nil, "HTTP/1.1 %d X\r\n%s\r\n\r\n", status, strings.ReplaceAll(fields, " | ", "\r\n")))
	session := &fetch.Session{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"}
	days, isDays := strings.CutSuffix(how, " days")
	switch {
	case isDays:
		n, err := strconv.Atoi(days)
		if err != nil {
			t.Fatal(err)
		}
		session.Described = []fetch.Certificate{{SHA256: strings.Repeat("0a", 32), NotAfter: r.Begun.Add(time.Duration(n)*24*time.Hour + time.Minute)}}
	case strings.HasPrefix(how, "TLS "):
		session.Version = how
	case how == "nothing":
		r.Err = &fetch.Error{Stage: fetch.StageRead, Kind: fetch.KindClosed, Err: errors.New("closed")}
		return r
	case how == "https":
	default:
		return r
	}
	r.Session, r.Target.TLS, r.Reply.Target.TLS = session, true, true
	return r
}

// The policies of the document say what it says of them.
func TestPolicies(t *testing.T) {
	text, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, usual, _ := strings.Cut(string(text), "\n## The usual ones\n")
	policies := strings.Split(usual, "\n### ")[1:]
	if len(policies) < 12 {
		t.Errorf("%d policies", len(policies))
	}
	for _, policy := range policies {
		name, body, _ := strings.Cut(policy, "\n")
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(body), "\n")
			command := regexp.MustCompile(`^(?:-H '[^']*' )?--(expect|fail-if) '(.*)'$`).FindStringSubmatch(lines[0])
			if command == nil {
				t.Fatalf("no flag in %q", lines[0])
			}
			check := report.Check{Condition: condition(t, strings.ReplaceAll(command[2], `'\''`, "'")), Want: command[1] == "expect"}
			why, passed, failed := "", 0, 0
			for _, line := range lines[1:] {
				line = fmt.Sprintf("%-8s", strings.TrimPrefix(line, "    "))
				if says, ok := strings.CutPrefix(line, "fails   "); ok {
					why = says
					continue
				}
				told := failures(t, check, policyReply(t, line))
				switch {
				case why == "" && told == nil:
					passed++
				case why != "" && len(told) == 1 && strings.Contains(told[0], why):
					failed++
				default:
					t.Errorf("%s: %q, want %q", line, told, why)
				}
			}
			if passed == 0 || failed == 0 {
				t.Errorf("%d pass, %d fail", passed, failed)
			}
		})
	}
}
