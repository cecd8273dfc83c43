package wget

import (
	"strings"
	"testing"
	"time"
)

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1":               "192.0.2.1:53",
		" 192.0.2.1":              "192.0.2.1:53", // of 'a, b'
		"192.0.2.1:5353":          "192.0.2.1:5353",
		"::1":                     "[::1]:53",
		"[::1]":                   "[::1]:53",
		"[::1]:5353":              "[::1]:5353",
		"[::1:53]":                "[::1:53]:53",
		"2001:db8::53":            "[2001:db8::53]:53",
		"fe80::1%eth0":            "[fe80::1%eth0]:53",
		"2001:db8:0:0:0:0:0:53":   "[2001:db8::53]:53",
		"[2001:db8::1%eth0]:5353": "[2001:db8::1%eth0]:5353",
	} {
		if got, err := parseServer(text); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v; not %s", text, got, err, want)
		}
	}
}

// Without a bound of its own a lookup has the time that resolvers give it.
func TestLookupTime(t *testing.T) {
	for _, c := range []struct {
		args string
		want time.Duration
	}{
		{"", 5 * time.Second},
		{"-T 2", 2 * time.Second},
		{"-T 2 --dns-timeout 0", 10 * time.Second},
		{"-T 0", 10 * time.Second},
		{"-T 0 --dns-timeout 1", time.Second},
	} {
		var got *config
		command := newCommand("wget", streams{strings.NewReader(""), t.Output(), t.Output()}, t.Output(), func(c *config) { got = c })
		command.SetArgs(append(strings.Fields(c.args), "a.test"))
		if err := command.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("%q: %v", c.args, err)
		}
		if got.fetch.DNS.Timeout != c.want {
			t.Errorf("%q: %v, want %v", c.args, got.fetch.DNS.Timeout, c.want)
		}
	}
}
