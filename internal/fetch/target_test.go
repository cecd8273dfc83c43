package fetch_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wget/internal/fetch"
)

// parsed is every target that a text stands for.
func parsed(t *testing.T, text string, d fetch.Defaults) []fetch.Target {
	t.Helper()
	spec, err := fetch.Parse(text, d)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return slices.Collect(spec.All())
}

func TestParse(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, c := range []struct {
		text      string
		want      fetch.Target // Text defaults to text, Port to 80, Path to "/"
		authority string
		url       string
	}{
		{"example.com", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"Example.COM.", fetch.Target{Host: "Example.COM."}, "Example.COM.", "http://Example.COM./"},
		{"under_score.example", fetch.Target{Host: "under_score.example"}, "under_score.example", "http://under_score.example/"},
		{"localhost", fetch.Target{Host: "localhost"}, "localhost", "http://localhost/"},
		{"example.com:8080", fetch.Target{Host: "example.com", Port: 8080}, "example.com:8080", "http://example.com:8080/"},
		{"example.com:80", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"example.com:", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"example.com:443", fetch.Target{Host: "example.com", Port: 443}, "example.com:443", "http://example.com:443/"},
		{"example.com/a/b?c=d&e", fetch.Target{Host: "example.com", Path: "/a/b?c=d&e"}, "example.com", "http://example.com/a/b?c=d&e"},
		{"example.com?q", fetch.Target{Host: "example.com", Path: "/?q"}, "example.com", "http://example.com/?q"},
		{"example.com/a#part", fetch.Target{Host: "example.com", Path: "/a"}, "example.com", "http://example.com/a"},
		{"example.com#part", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"example.com/24", fetch.Target{Host: "example.com", Path: "/24"}, "example.com", "http://example.com/24"},
		{"example.com/a b", fetch.Target{Host: "example.com", Path: "/a%20b"}, "example.com", "http://example.com/a%20b"},
		{"example.com/ä%41", fetch.Target{Host: "example.com", Path: "/%C3%A4%41"}, "example.com", "http://example.com/%C3%A4%41"},
		{"http://example.com", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"HTTP://example.com", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"https://example.com", fetch.Target{TLS: true, Host: "example.com", Port: 443}, "example.com", "https://example.com/"},
		{"https://example.com:80", fetch.Target{TLS: true, Host: "example.com", Port: 80}, "example.com:80", "https://example.com:80/"},
		{"https://example.com:443/x", fetch.Target{TLS: true, Host: "example.com", Port: 443, Path: "/x"}, "example.com", "https://example.com/x"},
		{"example.com/http://b", fetch.Target{Host: "example.com", Path: "/http://b"}, "example.com", "http://example.com/http://b"},
		{"192.0.2.1", fetch.Target{Host: "192.0.2.1", Addr: v4}, "192.0.2.1", "http://192.0.2.1/"},
		{"192.0.2.1:81", fetch.Target{Host: "192.0.2.1", Addr: v4, Port: 81}, "192.0.2.1:81", "http://192.0.2.1:81/"},
		{"2001:db8::1", fetch.Target{Host: "2001:db8::1", Addr: v6}, "[2001:db8::1]", "http://[2001:db8::1]/"},
		{"[2001:DB8:0::1]", fetch.Target{Host: "2001:db8::1", Addr: v6}, "[2001:db8::1]", "http://[2001:db8::1]/"},
		{"[2001:db8::1]:81/x", fetch.Target{Host: "2001:db8::1", Addr: v6, Port: 81, Path: "/x"}, "[2001:db8::1]:81", "http://[2001:db8::1]:81/x"},
		{"https://[2001:db8::1]", fetch.Target{TLS: true, Host: "2001:db8::1", Addr: v6, Port: 443}, "[2001:db8::1]", "https://[2001:db8::1]/"},
		{"::ffff:192.0.2.1", fetch.Target{Host: "192.0.2.1", Addr: v4}, "192.0.2.1", "http://192.0.2.1/"},
		{
			"fe80::1%lo",
			fetch.Target{Host: "fe80::1%lo", Addr: netip.MustParseAddr("fe80::1%lo")},
			"[fe80::1]", "http://[fe80::1]/",
		},
		{"bücher.example", fetch.Target{Host: "xn--bcher-kva.example"}, "xn--bcher-kva.example", "http://xn--bcher-kva.example/"},
		{"http://Bücher.example:81/ü", fetch.Target{Host: "xn--bcher-kva.example", Port: 81, Path: "/%C3%BC"}, "xn--bcher-kva.example:81", "http://xn--bcher-kva.example:81/%C3%BC"},
		{"例え。テスト", fetch.Target{Host: "xn--r8jz45g.xn--zckzah"}, "xn--r8jz45g.xn--zckzah", "http://xn--r8jz45g.xn--zckzah/"},
		// RFC 7617 section 2: base64 of user-id ":" password.
		{"http://Aladdin:open%20sesame@example.com/", fetch.Target{Text: "http://example.com/", Host: "example.com", Auth: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, "example.com", "http://example.com/"},
		{"user@example.com", fetch.Target{Text: "example.com", Host: "example.com", Auth: "Basic dXNlcjo="}, "example.com", "http://example.com/"},
		{"u:p@ss@example.com:81", fetch.Target{Text: "example.com:81", Host: "example.com", Port: 81, Auth: "Basic dTpwQHNz"}, "example.com:81", "http://example.com:81/"},
		{"u:p@[2001:db8::1]:81", fetch.Target{Text: "[2001:db8::1]:81", Host: "2001:db8::1", Addr: v6, Port: 81, Auth: "Basic dTpw"}, "[2001:db8::1]:81", "http://[2001:db8::1]:81/"},
		// A % that begins no escape stands for itself, in curl and in browsers.
		{"http://u:100%@example.com/", fetch.Target{Text: "http://example.com/", Host: "example.com", Auth: "Basic dToxMDAl"}, "example.com", "http://example.com/"},
		{"u:%zz@example.com", fetch.Target{Text: "example.com", Host: "example.com", Auth: "Basic dToleno="}, "example.com", "http://example.com/"},
		{"http://p@p@example.com/p@p", fetch.Target{Text: "http://example.com/p@p", Host: "example.com", Path: "/p@p", Auth: "Basic cEBwOg=="}, "example.com", "http://example.com/p@p"},
		// Schemes as browsers read them.
		{"http:/example.com/x", fetch.Target{Host: "example.com", Path: "/x"}, "example.com", "http://example.com/x"},
		{"http:example.com", fetch.Target{Host: "example.com"}, "example.com", "http://example.com/"},
		{"HTTPS:example.com:8443", fetch.Target{TLS: true, Host: "example.com", Port: 8443}, "example.com:8443", "https://example.com:8443/"},
		{"https:/u:secret@example.com/x", fetch.Target{Text: "https:/example.com/x", TLS: true, Host: "example.com", Port: 443, Path: "/x", Auth: "Basic dTpzZWNyZXQ="}, "example.com", "https://example.com/x"},
		{"http:u:secret@example.com", fetch.Target{Text: "http:example.com", Host: "example.com", Auth: "Basic dTpzZWNyZXQ="}, "example.com", "http://example.com/"},
		{"http:[2001:db8::1]:81", fetch.Target{Host: "2001:db8::1", Addr: v6, Port: 81}, "[2001:db8::1]:81", "http://[2001:db8::1]:81/"},
		{"http", fetch.Target{Host: "http"}, "http", "http://http/"},
		{"http://https:443/", fetch.Target{Host: "https", Port: 443}, "https:443", "http://https:443/"},
		{"example.com:/x", fetch.Target{Host: "example.com", Path: "/x"}, "example.com", "http://example.com/x"},
		// Only a path can hold what looks like credentials; it is asked for, and masked.
		{"example.com/http://u:secret@b/x", fetch.Target{Text: "example.com/http://u:***@b/x", Host: "example.com", Path: "/http://u:secret@b/x"}, "example.com", "http://example.com/http://u:***@b/x"},
		{"example.com/?u=c:d@e&f:g@h#i:j@k", fetch.Target{Text: "example.com/?u=c:***@e&f:***@h#i:***@k", Host: "example.com", Path: "/?u=c:d@e&f:g@h"}, "example.com", "http://example.com/?u=c:***@e&f:***@h"},
		{"example.com/a:b/@v/c:@d", fetch.Target{Host: "example.com", Path: "/a:b/@v/c:@d"}, "example.com", "http://example.com/a:b/@v/c:@d"},
		// What looks like an address.
		{"192.0.2.1.", fetch.Target{Host: "192.0.2.1", Addr: v4}, "192.0.2.1", "http://192.0.2.1/"},
		{"１９２.0.2.1", fetch.Target{Host: "192.0.2.1", Addr: v4}, "192.0.2.1", "http://192.0.2.1/"},
		{"192.0.2.1.example", fetch.Target{Host: "192.0.2.1.example"}, "192.0.2.1.example", "http://192.0.2.1.example/"},
		{"192-0-2-1.example", fetch.Target{Host: "192-0-2-1.example"}, "192-0-2-1.example", "http://192-0-2-1.example/"},
		{"0xff.example", fetch.Target{Host: "0xff.example"}, "0xff.example", "http://0xff.example/"},
		{"0xg", fetch.Target{Host: "0xg"}, "0xg", "http://0xg/"},
		{"192.0.2.1:81/24", fetch.Target{Host: "192.0.2.1", Addr: v4, Port: 81, Path: "/24"}, "192.0.2.1:81", "http://192.0.2.1:81/24"},
		{"http://192.0.2.1/24", fetch.Target{Host: "192.0.2.1", Addr: v4, Path: "/24"}, "192.0.2.1", "http://192.0.2.1/24"},
		{"192.0.2.1/24/x", fetch.Target{Host: "192.0.2.1", Addr: v4, Path: "/24/x"}, "192.0.2.1", "http://192.0.2.1/24/x"},
		{"192.0.2.1/24,5", fetch.Target{Host: "192.0.2.1", Addr: v4, Path: "/24,5"}, "192.0.2.1", "http://192.0.2.1/24,5"},
		{"[::ffff:192.0.2.1]:81", fetch.Target{Host: "192.0.2.1", Addr: v4, Port: 81}, "192.0.2.1:81", "http://192.0.2.1:81/"},
		{"[fe80::1%25lo]", fetch.Target{Host: "fe80::1%lo", Addr: netip.MustParseAddr("fe80::1%lo")}, "[fe80::1]", "http://[fe80::1]/"},
		{"fe80::1%25lo", fetch.Target{Host: "fe80::1%lo", Addr: netip.MustParseAddr("fe80::1%lo")}, "[fe80::1]", "http://[fe80::1]/"},
		{"http://[fe80::1%25]:81/", fetch.Target{Host: "fe80::1%25", Addr: netip.MustParseAddr("fe80::1%25"), Port: 81}, "[fe80::1]:81", "http://[fe80::1]:81/"},
		// Names as browsers read them (UTS 46, non-transitional).
		{"faß.example", fetch.Target{Host: "xn--fa-hia.example"}, "xn--fa-hia.example", "http://xn--fa-hia.example/"},
		{"X_Y.bücher.test", fetch.Target{Host: "x_y.xn--bcher-kva.test"}, "x_y.xn--bcher-kva.test", "http://x_y.xn--bcher-kva.test/"},
		{"r3---sn-q.bücher.test", fetch.Target{Host: "r3---sn-q.xn--bcher-kva.test"}, "r3---sn-q.xn--bcher-kva.test", "http://r3---sn-q.xn--bcher-kva.test/"},
		{"-a-.bücher.test", fetch.Target{Host: "-a-.xn--bcher-kva.test"}, "-a-.xn--bcher-kva.test", "http://-a-.xn--bcher-kva.test/"},
		{"a†--.test", fetch.Target{Host: "xn--a---kp0a.test"}, "xn--a---kp0a.test", "http://xn--a---kp0a.test/"},
		{"xn--zca.ß", fetch.Target{Host: "xn--zca.xn--zca"}, "xn--zca.xn--zca", "http://xn--zca.xn--zca/"},
		{"a\u00adb.test", fetch.Target{Host: "ab.test"}, "ab.test", "http://ab.test/"},
		{"\ufeffa.test", fetch.Target{Host: "a.test"}, "a.test", "http://a.test/"},
		{"b%C3%BCcher.test", fetch.Target{Host: "xn--bcher-kva.test"}, "xn--bcher-kva.test", "http://xn--bcher-kva.test/"},
		{"http://%65xample%2Ecom/%41", fetch.Target{Host: "example.com", Path: "/%41"}, "example.com", "http://example.com/%41"},
		{"xn--a.test", fetch.Target{Host: "xn--a.test"}, "xn--a.test", "http://xn--a.test/"}, // ASCII stays as it is
		{"example.com/@b", fetch.Target{Host: "example.com", Path: "/@b"}, "example.com", "http://example.com/@b"},
		{strings.Repeat("a", 63) + ".example", fetch.Target{Host: strings.Repeat("a", 63) + ".example"}, strings.Repeat("a", 63) + ".example", "http://" + strings.Repeat("a", 63) + ".example/"},
	} {
		t.Run(c.text, func(t *testing.T) {
			if c.want.Text == "" {
				c.want.Text = c.text
			}
			if c.want.Port == 0 {
				c.want.Port = 80
			}
			if c.want.Path == "" {
				c.want.Path = "/"
			}
			got := parsed(t, c.text, fetch.Defaults{})
			if diff := cmp.Diff([]fetch.Target{c.want}, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if a := got[0].Authority(); a != c.authority {
				t.Errorf("Authority() = %q, want %q", a, c.authority)
			}
			if u := got[0].URL(); u != c.url {
				t.Errorf("URL() = %q, want %q", u, c.url)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "empty host"},
		{":80", "empty host"},
		{"/path", "empty host"},
		{"http://", "empty host"},
		{"http:///path", "empty host"},
		{"https://:443", "empty host"},
		{"user@", "empty host"},
		{"ftp://example.com", `unknown scheme "ftp"`},
		{"://example.com", `unknown scheme ""`},
		{"example.com:0", "1 to 65535"},
		{"example.com:65536", "1 to 65535"},
		{"example.com:70000", "1 to 65535"},
		{"example.com:abc", "1 to 65535"},
		{"example.com:-1", "1 to 65535"},
		{"example.com:+80", "1 to 65535"},
		{"example.com: 80", "1 to 65535"},
		{"two hosts", "spaces"},
		{" example.com", "spaces"},
		{"exam\tple.com", "control character U+0009"},
		{"example.com/\r\nX: y", "control character U+000D"},
		{"example.com/\nX: y", "control character U+000A"},
		{"example.com/\x00", "control character U+0000"},
		{"example.com/\x7f", "control character U+007F"},
		{"example.com/\u0085", "control character U+0085"},
		{"example.com\x1b[2J", "control character U+001B"},
		{"example.com/\xff", "UTF-8"},
		{"a..b", "empty label"},
		{".example.com", "empty label"},
		{"..", "empty label"},
		{strings.Repeat("a", 64) + ".example", "63 is the limit"},
		{strings.Repeat("a.", 127) + "a", "253 is the limit"},
		{"a\"b", `'"'`},
		{"a<b>", `'<'`},
		{"a\\b", `'\\'`},
		{"a%00b", `'%'`},
		{"256.0.0.1", "IPv4 address"},
		{"1.2.3", "IPv4 address"},
		{"1.2.3.4.5", "IPv4 address"},
		{"0x7f.1", "IPv4 address"},
		{"2130706433", "IPv4 address"},
		{"192.0.2.0/33", "CIDR"},
		{"192.0.2.0/", ""}, // a path, not a block
		{"2001:db8::/129", "CIDR"},
		{"192.0.2.0/99999999999", "CIDR"},
		{"2001:db8::1/path", "brackets"},
		{"[2001:db8::1", "missing ]"},
		{"[2001:db8::1]80", "after ]"},
		{"[2001:db8::1]:0", "1 to 65535"},
		{"[192.0.2.1]", "no IPv6 address"},
		{"[]", "no IPv6 address"},
		{"[::1%]", "no IPv6 address"},
		{"\u200b.example", "empty label"}, // what IDNA makes of a zero-width space
		{"\u00e4\u200d.example", "internationalised"},
		{"http:", "empty host"},
		{"http:/", "empty host"},
		{"https:", "empty host"},
		{"http:80", "IPv4 address"},
		{"http:?q", "empty host"},
		{`http:\\u:p@example.com`, `'\\'`},
		{"http://http://example.com", "two schemes"},
		{"http://https:/u:p@example.com", "two schemes"},
		{"http:https:example.com", "two schemes"},
		{"http//example.com", "missing colon"},
		{"HTTPS//u:p@example.com", "missing colon"},
		{"http:://example.com", "empty host"},
		{"ftp:/example.com", `unknown scheme "ftp"`},
		{"file:///etc/hosts", `unknown scheme "file"`},
		{"file:/etc/hosts", `unknown scheme "file"`},
		{"192.0.2.0/24:8080", "no CIDR block"},
		{"192.0.2.0/24#a comment", "no CIDR block"},
		{"192.0.2.0/24 a comment", "no CIDR block"},
		{"192.0.2.0/24,", "no CIDR block"},
		{"192.0.2.0/24;", "no CIDR block"},
		{"2001:db8::/64|", "no CIDR block"},
		{"192.0.2.0/24:", "no CIDR block"},
		{"10.0.0.0/255.0.0.0", "netmask"},
		{"2001:db8::/ffff::", "netmask"},
		{"[2001:db8::]/64", "no CIDR block"},
		{"[2001:db8::/64]", "no CIDR block"},
		{"[2001:db8::/64]:80", "no CIDR block"},
		{"2001:db8::/64:80", "no CIDR block"},
		{"fe80::%lo/64", "zone"},
		{"192.0.2.0/24,198.51.100.0/24", "several blocks"},
		{"192.0.2.0/24 198.51.100.7", "several blocks"},
		{"192.0.2.1-9", "range"},
		{"192.0.2.1-9:80", "range"},
		{"192.0.2-3.1", "range"},
		{"192.0.2.1-192.0.2.9", "range"},
		{"2001:db8::1-9", "range"},
		{"2001:db8::1-2001:db8::9", "range"},
		{"192.0.2.*", `'*': patterns`},
		{"h[1-3].test", `'[': patterns`},
		{"{a,b}.test", "of its own"},
		{"256.0.0.1.", "IPv4 address"},
		{"127.0.0.01", "IPv4 address"},
		{"0x7f000001", "IPv4 address"},
		{"127.0.0.0X1", "IPv4 address"},
		{"127.0.0.0x", "IPv4 address"},
		{"example.1", "IPv4 address"},
		{"0Ⅹ7f.1", "IPv4 address"},
		{"h1:80,h2:80", "of its own"},
		{"h1,h2", "of its own"},
		{"u:p@a.test,u:p@b.test", "several targets"},
		{"u:p@a.test u:p@b.test", "several targets"},
		{"h1.test h2.test", "of its own"},
		{"1;example.com", "of its own"},
		{"h1:80 h2:80", "of its own"},
		{"h1:80 h2", "of its own"},
		{"h1\th2", "of its own"},
		{"http://a.test/ http://b.test/", "several targets"},
		{"http://a.test/,https://b.test/", "several targets"},
		{"http://a.test,http://b.test", "of its own"},
		{"[fe80::1%25lo/x]", "missing ]"},
		{"::1%lo/x", "brackets"},
		{"[::1%a:b]", "no IPv6 address"},
		{"xn--a.ß", "internationalised"},
		{"\ufffd.test", "internationalised"},
		{"ä.1", "IPv4 address"},
		{"يa.test", "internationalised"},
		{"b%FFcher.test", `'%'`},
		{"exam%2Fple.com", `'/'`},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := fetch.Parse(c.text, fetch.Defaults{})
			if c.want == "" {
				if err != nil {
					t.Fatalf("%v, want no error", err)
				}
				return
			}
			if err == nil {
				t.Fatalf("no error, want one with %q", c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q, want it to hold %q", err, c.want)
			}
			var known *fetch.Error
			if !errors.As(err, &known) || known.Stage != fetch.StageTarget || known.Kind != fetch.KindBadTarget {
				t.Errorf("%#v, want stage target and kind bad_target", err)
			}
			bad := fetch.BadTarget(c.text, err)
			if bad.Err == nil || bad.URL() != "" {
				t.Errorf("Bad(%q) = %+v, want an error and no URL", c.text, bad)
			}
		})
	}
}

// Credentials go into one request and nowhere else: not into the name of the
// record, not into its URL, not into an error.
func TestParseHidesCredentials(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		"http://user:" + secret + "@example.com",
		"user:" + secret + "@example.com",
		"user:" + secret + "@",
		"http://user:" + secret + "@",
		"user:" + secret + "@exa mple.com",
		"user:" + secret + "@example.com:70000",
		"user:" + secret + "@example.com:a/b",
		"ftp://user:" + secret + "@example.com",
		"user:" + secret + "%zz@example.com",
		"user:" + secret + "/x@example.com",
		"user:" + secret + "?x@example.com",
		"user:" + secret + "#x@example.com",
		"user:x/" + secret + "@example.com",
		"user:x@" + secret + "@example.com",
		"user:" + secret + "\n@example.com",
		"user:" + secret + "@[::1",
		"user:" + secret + "@a..b/c@d",
		secret + "@a..b/path",
		"http://" + secret + "@a..b?q@r",
		"http:/user:" + secret + "@example.com",
		"http:user:" + secret + "@example.com",
		"http:/user:" + secret + "@a..b",
		"//user:" + secret + "@example.com",
		"//" + secret + "@example.com",
		`http:\\` + secret + "@example.com",
		"http://https://user:" + secret + "@example.com",
		"http//user:" + secret + "@example.com",
		"ftp:/user:" + secret + "@example.com",
		"user:" + secret + "://example.com@",
		"user:" + secret + "://@example.com",
		"user:" + secret + ":/@example.com",
		"://user:" + secret + "@example.com",
		"http:///user:" + secret + "@example.com",
		"example.com/http://user:" + secret + "@example.com",
		"example.com/?to=user:" + secret + "@example.com",
		"example.com#user:" + secret + "@example.com",
		"example.com:80/user:" + secret + "@example.com",
		"192.0.2.0/24:" + secret + "@example.com",
		"[::1]/64:" + secret + "@example.com",
		"user:" + secret + "@a.test,user:" + secret + "@b.test",
		"user:" + secret + "@a.test user:" + secret + "@b.test",
		"http://user:" + secret + "@a.test/ http://user:" + secret + "@b.test/",
	} {
		spec, err := fetch.Parse(text, fetch.Defaults{})
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q: the error tells: %v", text, err)
			}
			if bad := fetch.BadTarget(text, err); strings.Contains(bad.Text, secret) {
				t.Errorf("%q: the record tells: %q", text, bad.Text)
			}
			continue
		}
		for target := range spec.All() {
			if strings.Contains(target.Text+target.URL(), secret) {
				t.Errorf("%q: the record tells: %q %q", text, target.Text, target.URL())
			}
		}
	}
}

func texts(targets []fetch.Target) []string {
	var list []string
	for _, t := range targets {
		list = append(list, t.Text+" "+t.URL())
	}
	return list
}

func TestDefaults(t *testing.T) {
	two := []uint16{80, 8080}
	for _, c := range []struct {
		text     string
		defaults fetch.Defaults
		want     []string
	}{
		{"a.test", fetch.Defaults{TLS: true}, []string{"a.test https://a.test/"}},
		{"http://a.test", fetch.Defaults{TLS: true}, []string{"http://a.test http://a.test/"}},
		{"a.test:80", fetch.Defaults{TLS: true}, []string{"a.test:80 https://a.test:80/"}},
		{"a.test", fetch.Defaults{Path: "/robots.txt"}, []string{"a.test http://a.test/robots.txt"}},
		{"a.test/", fetch.Defaults{Path: "/robots.txt"}, []string{"a.test/ http://a.test/"}},
		{"a.test?q", fetch.Defaults{Path: "/robots.txt"}, []string{"a.test?q http://a.test/?q"}},
		{"a.test", fetch.Defaults{Ports: []uint16{81}}, []string{"a.test http://a.test:81/"}},
		{"a.test:82", fetch.Defaults{Ports: []uint16{81}}, []string{"a.test:82 http://a.test:82/"}},
		{"a.test", fetch.Defaults{Ports: two}, []string{"a.test:80 http://a.test/", "a.test:8080 http://a.test:8080/"}},
		{"a.test:9", fetch.Defaults{Ports: two}, []string{"a.test:9 http://a.test:9/"}},
		{"http://a.test/x", fetch.Defaults{Ports: two}, []string{"http://a.test/x http://a.test/x", "http://a.test:8080/x http://a.test:8080/x"}},
		{"a.test:", fetch.Defaults{Ports: two}, []string{"a.test:80 http://a.test/", "a.test:8080 http://a.test:8080/"}},
		{"a.test?q", fetch.Defaults{Ports: two}, []string{"http://a.test/?q http://a.test/?q", "http://a.test:8080/?q http://a.test:8080/?q"}},
		{"a.test#x", fetch.Defaults{Ports: two, Path: "/y"}, []string{"http://a.test/y#x http://a.test/y", "http://a.test:8080/y#x http://a.test:8080/y"}},
		{"http:a.test", fetch.Defaults{Ports: two}, []string{"http://a.test/ http://a.test/", "http://a.test:8080/ http://a.test:8080/"}},
		{"u:p@a.test", fetch.Defaults{Ports: two}, []string{"a.test:80 http://a.test/", "a.test:8080 http://a.test:8080/"}},
		{"[::1]:?q", fetch.Defaults{Ports: two}, []string{"http://[::1]/?q http://[::1]/?q", "http://[::1]:8080/?q http://[::1]:8080/?q"}},
		{"[::1]:", fetch.Defaults{Ports: two}, []string{"[::1]:80 http://[::1]/", "[::1]:8080 http://[::1]:8080/"}},
		{"::1", fetch.Defaults{Ports: two}, []string{"[::1]:80 http://[::1]/", "[::1]:8080 http://[::1]:8080/"}},
		{
			"192.0.2.7/31",
			fetch.Defaults{Ports: two},
			[]string{
				"192.0.2.6:80 http://192.0.2.6/", "192.0.2.6:8080 http://192.0.2.6:8080/",
				"192.0.2.7:80 http://192.0.2.7/", "192.0.2.7:8080 http://192.0.2.7:8080/",
			},
		},
	} {
		if diff := cmp.Diff(c.want, texts(parsed(t, c.text, c.defaults))); diff != "" {
			t.Errorf("%s with %+v (-want +got):\n%s", c.text, c.defaults, diff)
		}
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"192.0.2.9/30", []string{"192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11"}},
		{"192.0.2.9/32", []string{"192.0.2.9"}},
		{"255.255.255.254/31", []string{"255.255.255.254", "255.255.255.255"}},
		{"::ffff:192.0.2.9/127", []string{"192.0.2.8", "192.0.2.9"}},
		{"2001:db8::/126", []string{"2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"}},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", []string{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
	} {
		var got []string
		for _, target := range parsed(t, c.text, fetch.Defaults{}) {
			got = append(got, target.Text)
			if target.Host != target.Addr.String() || target.Text != target.Host {
				t.Errorf("%s: %+v", c.text, target)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
	for _, huge := range []string{"0.0.0.0/0", "::/0"} {
		spec, err := fetch.Parse(huge, fetch.Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range spec.All() { // stops when told to
			if n++; n == 1000 {
				break
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	const secret = "hunter2hunter2"
	for _, text := range []string{
		"", "example.com", "example.com:80/x?y#z", "https://[::1]:443", "fe80::1%eth0", "192.0.2.0/24", "::/0",
		"bücher.example", "u:p@h", "http://a@b@c/d@e", "a..b", "ftp://x", "%zz@h", "h\r\nX: y", "h/\xff", "[::1", "1.2.3", "/@:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		check := func(text string) (spec fetch.Spec, err error) {
			spec, err = fetch.Parse(text, fetch.Defaults{})
			if err != nil {
				fetch.BadTarget(text, err)
				return spec, err
			}
			n := 0
			for target := range spec.All() {
				if n++; n > 3 {
					break
				}
				checkTarget(t, target)
			}
			if n == 0 {
				t.Errorf("%q is no target and no error", text)
			}
			return spec, nil
		}
		check(text)

		hidden := "http://user:" + secret + "@" + text
		spec, err := check(hidden)
		if err != nil {
			if said := err.Error() + fetch.BadTarget(hidden, err).Text; strings.Contains(said, secret) {
				t.Errorf("%q: credentials in %q", hidden, said)
			}
			return
		}
		for target := range spec.All() {
			if said := target.Text + target.URL(); strings.Contains(said, secret) {
				t.Errorf("%q: credentials in %q", hidden, said)
			}
			break
		}
	})
}

// FuzzCredentials puts a password between a colon and an @, in a text of any kind.
func FuzzCredentials(f *testing.F) {
	const secret = "hunter2hunter2"
	for _, around := range [][2]string{
		{"u", "h"}, {"http://u", "h:80/x"}, {"http:/", "h"}, {"h/http://u", "h"}, {"h:80#", "x:y@z"}, {"//", "//"}, {"é", "é"}, {"192.0.2.0/24", ""},
	} {
		f.Add(around[0], around[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + ":" + secret + "@" + after
		spec, err := fetch.Parse(text, fetch.Defaults{Ports: []uint16{80, 81}})
		if err != nil {
			if said := err.Error() + fetch.BadTarget(text, err).Text; strings.Contains(said, secret) {
				t.Errorf("%q: credentials in %q", text, said)
			}
			return
		}
		for target := range spec.All() {
			if said := target.Text + target.URL(); strings.Contains(said, secret) {
				t.Errorf("%q: credentials in %q", text, said)
			}
			break
		}
	})
}

// checkTarget holds a target to what goes on the wire.
func checkTarget(t *testing.T, target fetch.Target) {
	printable := func(what, s string) {
		if s == "" || strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) >= 0 {
			t.Errorf("%s %q of %+v", what, s, target)
		}
	}
	if !target.Addr.IsValid() || target.Addr.Zone() == "" { // a zone stays on this machine
		printable("host", target.Host)
	}
	printable("authority", target.Authority())
	printable("path", target.Path)
	if target.Port == 0 || target.Path[0] != '/' || target.Err != nil {
		t.Errorf("%+v", target)
	}
	if strings.IndexFunc(target.Host, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) >= 0 {
		t.Errorf("a control character in host %q", target.Host)
	}
	again, err := fetch.Parse(target.URL(), fetch.Defaults{})
	if err != nil {
		t.Errorf("the URL %q is no target: %v", target.URL(), err)
		return
	}
	for same := range again.All() {
		if same.URL() != target.URL() {
			t.Errorf("the URL %q becomes %q", target.URL(), same.URL())
		}
	}
}

// BenchmarkParse reads a word of input, up to its first target.
func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"Host", "www.example.com"},
		{"HostPort", "www.example.com:8080"},
		{"URL", "https://www.example.com/a/b?c=d"},
		{"IDNA", "bücher.example"},
		{"IPv4", "192.0.2.1"},
		{"CIDR", "192.0.2.0/24"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				spec, err := fetch.Parse(c.text, fetch.Defaults{})
				if err != nil {
					b.Fatal(err)
				}
				for range spec.All() {
					break
				}
			}
		})
	}
}

// A proxy's password is shown no more than a target's, and read as leniently.
func TestParseProxyHidesCredentials(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		"http:/user:" + secret + "@h", "user:" + secret + "://x@h", "user:" + secret + "@a..b", "user:" + secret + "@h:x",
		"ftp://user:" + secret + "@h", "//user:" + secret + "@h", "http://http://user:" + secret + "@h", "socks5:/h:" + secret + "@h",
	} {
		p, err := fetch.ParseProxy(text)
		said := fetch.WithoutUser(text)
		if err != nil {
			said += err.Error()
		} else {
			said += p.String()
		}
		if strings.Contains(said, secret) {
			t.Errorf("%q: credentials in %q", text, said)
		}
	}
	for text, want := range map[string]string{
		"http://u:100%@h:8080":  "http://h:8080",
		"u:p@h":                 "http://h:1080",
		"[::1%25lo]:8080":       "http://[::1%lo]:8080",
		"socks5h://bücher.test": "socks5h://xn--bcher-kva.test:1080",
	} {
		if p, err := fetch.ParseProxy(text); err != nil || p.String() != want {
			t.Errorf("%q is %v, %v, want %s", text, p, err, want)
		}
	}
	for _, text := range []string{"http:/h", "socks5:/h:1080", "http:///h", "http:"} {
		if p, err := fetch.ParseProxy(text); err == nil {
			t.Errorf("%q is %v, want an error", text, p)
		}
	}
}
