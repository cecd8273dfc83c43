package fetch

import (
	"fmt"
	"testing"
)

func TestNoProxy(t *testing.T) {
	for _, c := range []struct {
		list, target string
		want         bool
	}{
		{"", "example.com", false},
		{"*", "example.com", true},
		{"*", "192.0.2.1", true},
		{"*,x", "example.com", false},
		{"example.com", "example.com", true},
		{"example.com", "EXAMPLE.com", true},
		{"EXAMPLE.COM", "example.com", true},
		{"example.com", "www.example.com", true},
		{".example.com", "www.example.com", true},
		{".example.com", "example.com", true},
		{"example.com", "nonexample.com", false},
		{"www.example.com", "example.com", false},
		{"*.example.com", "www.example.com", false},
		{"example.com.", "example.com", true},
		{"example.com", "example.com.", true},
		{".example.com.", "a.b.example.com.", true},
		{"..example.com", "www.example.com", false},
		{"a, b ,example.com", "example.com", true},
		{"a,,, example.com,", "example.com", true},
		{"a example.com", "example.com", false},
		{"localhost", "localhost", true},
		{"example.com:80", "example.com", true},
		{"example.com:8080", "example.com", false},
		{"example.com:8080", "www.example.com:8080", true},
		{"example.com:https", "example.com", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.10", false},
		{"192.0.2.1:80", "192.0.2.1", true},
		{"192.0.2.1:81", "192.0.2.1", false},
		{"192.0.2.0/24", "192.0.2.200", true},
		{"192.0.2.0/24", "192.0.3.1", false},
		{"192.0.2.7/28", "192.0.2.1", true},
		{"192.0.2.0/33", "192.0.2.1", false},
		{"0.0.0.0/0", "192.0.2.1", true},
		{"192.0.2.1.", "192.0.2.1", false},
		{"2.1", "192.0.2.1", false},
		{"::1", "[::1]", true},
		{"[::1]", "[::1]", true},
		{"[::1]:80", "[::1]", true},
		{"[::1]:81", "[::1]", false},
		{"0:0::1", "[::1]", true},
		{"2001:db8::/32", "[2001:db8:1::5]", true},
		{"2001:db8::/33", "[2001:db8:8000::5]", false},
		{"192.0.2.0/24", "[::1]", false},
		{"::/0", "192.0.2.1", false},
		{"1", "[::1]", false},
		{",", "example.com", false},
		{".", "example.com", false},
	} {
		t.Run(fmt.Sprintf("%s|%s", c.list, c.target), func(t *testing.T) {
			spec, err := Parse(c.target, Defaults{})
			if err != nil {
				t.Fatal(err)
			}
			if got := ParseNoProxy(c.list).matches(&spec.one); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
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
