package fetch

import (
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// rows yields the lines of a file of testdata/redirect that say something, with
// their numbers.
func rows(t *testing.T, file string) func(func(int, string) bool) {
	text, err := os.ReadFile("../../testdata/redirect/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(int, string) bool) {
		for i, line := range strings.Split(string(text), "\n") {
			if line != "" && line[0] != '#' && !yield(i+1, line) {
				return
			}
		}
	}
}

func typed(t *testing.T, text string) Target {
	t.Helper()
	spec, err := Parse(text, Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	for target := range spec.All() {
		return target
	}
	panic("no target")
}

func TestLocations(t *testing.T) {
	var base Target
	for line, row := range rows(t, "locations.txt") {
		if text, ok := strings.CutPrefix(row, "base "); ok {
			base = typed(t, text)
			continue
		}
		quoted, err := strconv.QuotedPrefix(row)
		if err != nil {
			t.Fatalf("line %d: %q", line, row)
		}
		location, _ := strconv.Unquote(quoted)
		want := strings.TrimSpace(row[len(quoted):])
		next, err := base.at(location)
		switch reason, fails := strings.CutPrefix(want, "! "); {
		case fails && (err == nil || !strings.Contains(err.Error(), reason)):
			t.Errorf("line %d: %s leads to %s, %v; want an error with %q", line, quoted, next.URL(), err, reason)
		case !fails && err != nil:
			t.Errorf("line %d: %s: %v; want %s", line, quoted, err, want)
		case !fails && next.URL() != want:
			t.Errorf("line %d: %s leads to %s, want %s", line, quoted, next.URL(), want)
		}
	}
}

// A target is not only its URL: addresses are known, zones stay, and credentials
// go to where they belong.
func TestLocationTarget(t *testing.T) {
	const secret = "Basic dTpw" // u:p
	for _, c := range []struct {
		base, location string
		addr, auth     string
	}{
		{"http://h.test/", "http://0x7f.1/", "127.0.0.1", ""},
		{"http://h.test/", "http://[::1]/", "::1", ""},
		{"http://h.test/", "http://[::ffff:192.0.2.1]/", "192.0.2.1", ""},
		{"http://[fe80::1%lo]/", "/b", "fe80::1%lo", ""},
		{"http://[fe80::1%lo]/", "http://[fe80::1]:81/", "fe80::1%lo", ""},
		{"http://[fe80::1%lo]/", "http://[fe80::2]/", "fe80::2", ""},
		{"http://192.0.2.1/", "/b", "192.0.2.1", ""},
		{"http://192.0.2.1/", "http://h.test/", "", ""},

		{"http://u:p@h.test/", "/b", "", secret},
		{"http://u:p@h.test/", "http://H.test:80/b", "", secret},
		{"http://u:p@h.test/", "https://h.test/b", "", ""},
		{"http://u:p@h.test/", "http://h.test:81/b", "", ""},
		{"http://u:p@h.test/", "http://www.h.test/b", "", ""},
		{"http://u:p@h.test/", "http://x:y@h.test/b", "", "Basic eDp5"},
		{"http://u:p@h.test/", "http://@h.test/b", "", secret},
		{"http://h.test/", "http://u:p@other.test/", "", secret},
		{"http://h.test/", "http://%75:%70@other.test/", "", secret},
		{"http://h.test/", "http://u@other.test/", "", "Basic dTo="},
		{"http://h.test/", "http://:p@other.test/", "", "Basic OnA="},
		{"http://h.test/", "http://u:p@q:r@other.test/", "", "Basic dTpwQHE6cg=="},
	} {
		base := typed(t, c.base)
		next, err := base.at(c.location)
		if err != nil {
			t.Errorf("%s from %s: %v", c.location, c.base, err)
			continue
		}
		var addr netip.Addr
		if c.addr != "" {
			addr = netip.MustParseAddr(c.addr)
		}
		if next.Addr != addr || next.Auth != c.auth || next.Text != base.Text {
			t.Errorf("%s from %s: %+v; want address %v, credentials %q", c.location, c.base, next, addr, c.auth)
		}
	}
}

// Whatever a server says, the next request is one line of a request, to one
// host, and leads to itself.
func FuzzLocation(f *testing.F) {
	for line := range strings.Lines("http://other.test:8080/a/../b?c#d\n//[::1]/\nhttps:\\\\u:p@h\\x\n?q\n#f\n%2e%2e/\n0x7f.1\nhttp://\u00fc%zz\n\x00 \t\xff\n") {
		f.Add("http://h.test/a/b?c", strings.TrimSuffix(line, "\n"))
	}
	f.Add("A# ", "0")
	f.Add(`A?"`, "#f")
	f.Add("h.test/#a b\u00fc", "/c")
	f.Fuzz(func(t *testing.T, text, location string) {
		spec, err := Parse(text, Defaults{})
		if err != nil || spec.block.IsValid() {
			return
		}
		if same, err := spec.one.at(spec.one.URL()); err != nil || !strings.EqualFold(same.Host, spec.one.Host) {
			return // a host that a browser would not read so
		}
		next, err := spec.one.at(location)
		if err != nil {
			return
		}
		q := newRequest(Options{Protocol: "HTTP/1.0"})
		request := string(q.appendTo(nil, "HTTP/1.0", &next, nil))
		line, rest, _ := strings.Cut(request, "\r\n")
		host, rest, _ := strings.Cut(rest, "\r\n")
		if words := strings.Split(line, " "); len(words) != 3 || words[1] != next.Path || words[1][0] != '/' || strings.Contains(words[1], "#") {
			t.Errorf("request line %q", line)
		}
		if host != "Host: "+next.Authority() || strings.ContainsAny(host[len("Host: "):], " /?#@\\") || next.Host == "" {
			t.Errorf("%q", host)
		}
		for _, c := range []byte(next.Path + next.Host + next.Fragment) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("%q holds %q", next.URL(), c)
			}
		}
		if next.Auth == "" && rest != "\r\n" {
			t.Errorf("more than Host in %q", request)
		}
		scheme := map[bool]string{false: "http://", true: "https://"}[next.TLS]
		again, err := next.at(scheme + next.Authority() + next.Path + next.Fragment) // URL would mask parts of it
		if strings.EqualFold(again.Host, next.Host) {
			again.Host = next.Host // as it was typed
		}
		if err != nil || again != next {
			t.Errorf("%+v leads to %+v, %v", next, again, err)
		}
	})
}

// Of several addresses the public ones are left, and none but those are
// connected to.
func TestBlockPrivate(t *testing.T) {
	public, inside := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("10.0.0.1")
	for _, c := range []struct {
		name    string
		from    Reply
		o       Options
		proxy   *Proxy
		peer    netip.Addr
		addrs   []netip.Addr
		late    []netip.Addr // of the other family
		want    []netip.Addr
		blocked bool
		guarded bool // against private addresses that come late
	}{
		{name: "some are private", guarded: true, addrs: []netip.Addr{inside, public, inside}, want: []netip.Addr{public}},
		{name: "all are private", guarded: true, addrs: []netip.Addr{inside, inside}, blocked: true},
		{name: "public ones come late", guarded: true, addrs: []netip.Addr{inside}, late: []netip.Addr{inside, public}, want: []netip.Addr{public}},
		{name: "private ones come late", guarded: true, addrs: []netip.Addr{inside}, late: []netip.Addr{inside}, blocked: true},
		{name: "the one before was private", from: Reply{Addr: netip.AddrPortFrom(inside, 80)}, addrs: []netip.Addr{inside}, want: []netip.Addr{inside}},
		{name: "allowed", o: Options{AllowPrivate: true}, addrs: []netip.Addr{inside}, want: []netip.Addr{inside}},
		{name: "the user gave it", o: Options{Routes: []Route{{Host: "h.test", Addrs: []netip.Addr{inside}}}}, addrs: []netip.Addr{inside}, want: []netip.Addr{inside}},
		{name: "the user gave a name", o: Options{Routes: []Route{{ToHost: "inside.test"}}}, addrs: []netip.Addr{inside}, want: []netip.Addr{inside}},
		{name: "the user gave a port", guarded: true, o: Options{Routes: []Route{{ToPort: 8080}}}, addrs: []netip.Addr{inside}, blocked: true},
		{name: "a proxy inside", proxy: new(Proxy), addrs: []netip.Addr{inside}, want: []netip.Addr{inside}},
		{name: "a proxy is to lead inside", proxy: new(Proxy), peer: inside, addrs: []netip.Addr{public}, blocked: true},
		{name: "from a proxy", guarded: true, from: Reply{Addr: netip.AddrPortFrom(inside, 80), Proxy: "http://proxy.test"}, addrs: []netip.Addr{inside}, blocked: true},
		{
			name:  "from a private address behind a proxy",
			from:  Reply{peer: inside, Addr: netip.AddrPortFrom(public, 80), Proxy: "http://proxy.test"},
			addrs: []netip.Addr{inside}, want: []netip.Addr{inside},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.from.Addr.IsValid() {
				c.from.Addr = netip.AddrPortFrom(public, 80)
			}
			v := &visit{f: &fetcher{options: c.o}, result: Result{Hops: []Reply{c.from}}}
			shared := slices.Clone(c.addrs)
			trip := trip{v: v, target: &Target{Host: "h.test", Port: 80}, addrs: shared, proxy: c.proxy, peer: &endpoint{addr: c.peer}}
			if c.late != nil {
				late := make(chan []netip.Addr, 1) // which is read after this
				late <- c.late
				trip.late = late
			}
			err := trip.blockPrivate()
			if c.blocked != (err != nil) || !c.blocked && !slices.Equal(trip.addrs, c.want) {
				t.Errorf("%v, error %v", trip.addrs, err)
			}
			if late := trip.unblocked([]netip.Addr{inside}); c.guarded != (len(late) == 0) {
				t.Errorf("%v are left of the private addresses that come late", late)
			}
			if !slices.Equal(shared, c.addrs) {
				t.Error("addresses that others may share were changed")
			}
		})
	}
}

// A family that stays away is awaited for no longer than the host, or connecting,
// may take.
func TestBlockPrivateInTime(t *testing.T) {
	for _, o := range []Options{{MaxTime: time.Second}, {ConnectTimeout: time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			from := Reply{Addr: netip.MustParseAddrPort("198.51.100.1:80")}
			v := &visit{f: &fetcher{options: o}, start: begun, whole: newDeadline(begun, o.MaxTime), result: Result{Hops: []Reply{from}}}
			trip := trip{v: v, target: &Target{Host: "h.test", Port: 80}, addrs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, late: make(chan []netip.Addr)}
			if err := trip.blockPrivate(); err == nil || err.Kind != KindBlocked || time.Since(begun) != time.Second {
				t.Errorf("%v after %v", err, time.Since(begun))
			}
		})
	}
}

// A URL that a redirect led to is read back from a record, also where nobody could have typed it.
func TestRecordedTarget(t *testing.T) {
	for _, url := range []string{
		"http://a.test/", "https://[2001:db8::1]:8443/x?y#z",
		"http://www..example.com/", "http://a~b.test/", "https://a.test:0/x", "http://" + strings.Repeat("a", 64) + ".test/?q#f",
	} {
		target := RecordedTarget(3, "text", url)
		if got := target.URL(); got != url || target.Index != 3 || target.Text != "text" {
			t.Errorf("%s: %s, %+v", url, got, target)
		}
	}
}
