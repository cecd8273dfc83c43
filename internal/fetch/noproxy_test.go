package fetch

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestNoProxy holds testdata/proxy/noproxy.txt, with which curl is compared, too.
func TestNoProxy(t *testing.T) {
	text, err := os.ReadFile("../../testdata/proxy/noproxy.txt")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(string(text)) {
		row = strings.TrimSpace(row)
		if row == "" || row[0] == '#' {
			continue
		}
		list, rest, err := firstQuoted(row)
		if err != nil {
			t.Fatal(err)
		}
		target, choice, err := firstQuoted(strings.TrimSpace(rest))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%s|%s", list, target), func(t *testing.T) {
			spec, err := Parse(target, Defaults{})
			if err != nil {
				t.Fatal(err)
			}
			got := "proxy"
			if ParseNoProxy(list).matches(&spec.one) {
				got = "direct"
			}
			if want := strings.Fields(choice)[0]; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestParseProxy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"h.test", "http://h.test:1080"},
		{"h.test:3128", "http://h.test:3128"},
		{"HTTP://H.test:3128/", "http://H.test:3128"},
		{"https://h.test", "https://h.test:443"},
		{"socks5://127.0.0.1", "socks5://127.0.0.1:1080"},
		{"socks5h://u:p%40@[::1]:9050", "socks5h://[::1]:9050"},
		{"u:p@h.test", "http://h.test:1080"},
		{"socks4://h", ""},
		{"socks://h", ""},
		{"ftp://h", ""},
		{"http://", ""},
		{"", ""},
		{"h:0", ""},
		{"h:70000", ""},
		{"a b", ""},
		{"http://u:%zz@h", "http://h:1080"}, // as curl sends it
	} {
		t.Run(c.text, func(t *testing.T) {
			p, err := ParseProxy(c.text)
			switch {
			case (err == nil) != (c.want != ""):
				t.Errorf("error %v, want %q", err, c.want)
			case err == nil && p.String() != c.want:
				t.Errorf("%s, want %s", p, c.want)
			}
		})
	}
}
