package wget

import "testing"

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
