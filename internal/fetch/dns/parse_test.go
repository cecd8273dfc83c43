package dns

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"
)

func TestReadSettings(t *testing.T) {
	local := addrs(a)
	for _, tt := range []struct {
		name, text, hostname string
		env                  map[string]string
		want                 settings
	}{
		{name: "nothing", want: settings{servers: local}},
		{name: "a host's own domain", hostname: "h.example.org", want: settings{servers: local, search: []string{"example.org"}}},
		{name: "a host whose name ends in a dot", hostname: "h.", want: settings{servers: local}},
		{
			name: "the usual", hostname: "h.example.org", text: "# made by hand\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # second\nsearch a.test b.test.\noptions edns0 trust-ad\n",
			want: settings{servers: addrs("192.0.2.1:53", "[2001:db8::1]:53"), search: []string{"a.test", "b.test"}},
		},
		{name: "a link-local server", text: "nameserver fe80::1%eth0\n", want: settings{servers: addrs("[fe80::1%eth0]:53")}},
		{name: "four servers", text: "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n", want: settings{servers: addrs("192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53")}},
		{name: "no address", text: "nameserver example.org\nnameserver\n", want: settings{servers: local}},
		{name: "the last of domain and search", text: "search a.test b.test\ndomain c.test d.test\n", want: settings{servers: local, search: []string{"c.test"}}},
		{name: "the root as search", text: "search .\n", hostname: "h.example.org", want: settings{servers: local, search: []string{""}}},
		{name: "dots around a domain", text: "search .a.test b.test. .c.test. ..d.test..\n", want: settings{servers: local, search: []string{"a.test", "b.test", "c.test", "d.test"}}},
		{name: "a keyword that does not start its line", text: " nameserver 192.0.2.1\n\tsearch a.test\n options ndots:3\n", want: settings{servers: local}},
		{name: "comments", text: ";options ndots:3\n#options ndots:4\noptions ndots:2 # ndots:5\n", want: settings{servers: local, ndots: 2}},
		{name: "out of range", text: "options ndots:99 timeout:99 attempts:99\n", want: settings{servers: local, ndots: 15, timeout: 30 * time.Second, attempts: 5, bounded: true}},
		{name: "zero", text: "options ndots:0 timeout:0 attempts:0\n", want: settings{servers: local, ndots: -1, timeout: time.Second, attempts: 1, bounded: true}},
		{name: "no numbers", text: "options ndots:many timeout:-1 attempts:\n", want: settings{servers: local}},
		{
			name: "all options", text: "options rotate use-vc single-request no-aaaa\n",
			want: settings{servers: local, rotate: true, useTCP: true, singleRequest: true, noAAAA: true},
		},
		{name: "reopen", text: "options single-request-reopen\n", want: settings{servers: local, singleRequest: true, reopen: true}},
		{
			name: "variables", text: "search a.test\noptions ndots:2 rotate\n", env: map[string]string{"LOCALDOMAIN": "x.test y.test", "RES_OPTIONS": "ndots:3 use-vc"},
			want: settings{servers: local, search: []string{"x.test", "y.test"}, ndots: 3, rotate: true, useTCP: true},
		},
		{name: "a variable without a domain", text: "search a.test\n", hostname: "h.example.org", env: map[string]string{"LOCALDOMAIN": ""}, want: settings{servers: local}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			switch tt.want.ndots {
			case 0:
				tt.want.ndots = 1
			case -1:
				tt.want.ndots = 0
			}
			if tt.want.timeout == 0 {
				tt.want.timeout, tt.want.attempts = 5*time.Second, 2
			}
			env := func(key string) (string, bool) {
				value, isSet := tt.env[key]
				return value, isSet
			}
			got := readSettings(tt.text, env, tt.hostname)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(settings{}), cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestReadSources(t *testing.T) {
	for text, want := range map[string]sources{
		"":                          {files: true, dns: true},
		"passwd: files\n":           {files: true, dns: true},
		"hosts: files dns\n":        {files: true, dns: true},
		"hosts:\tdns files\n":       {files: true, dns: true, dnsFirst: true},
		" hosts : files # dns\n":    {files: true},
		"hosts: dns\n":              {dns: true},
		"hosts: mdns4 myhostname\n": {},
		"hosts: files mdns4_minimal [NOTFOUND=return] dns\n":                 {files: true, dns: true},
		"hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n": {files: true, dns: true}, // as Fedora and Arch have it
		"hosts: files myhostname resolve [!UNAVAIL=return] dns\n":            {files: true, dns: true},
		"hosts: resolve\n":                                       {files: true, dns: true},
		"hosts: files dns files\n":                               {files: true, dns: true},
		"hosts: dns resolve\n":                                   {files: true, dns: true, dnsFirst: true},
		"hosts: files [NOTFOUND=return] dns\n":                   {files: true},
		"hosts: files[notfound=RETURN]dns\n":                     {files: true},
		"hosts: files [SUCCESS=return NOTFOUND=continue] dns\n":  {files: true, dns: true},
		"hosts: files [ !SUCCESS=return ] dns\n":                 {files: true},
		"hosts: files [!SUCCESS=return NOTFOUND=continue] dns\n": {files: true, dns: true}, // the last word counts
		"hosts: files [NOTFOUND=return !UNAVAIL=continue] dns\n": {files: true, dns: true},
		"hosts: dns [NOTFOUND=return] files\n":                   {files: true, dns: true, dnsFirst: true, notFoundEnds: true},
		"hosts: dns [!UNAVAIL=return] files\n":                   {files: true, dns: true, dnsFirst: true, notFoundEnds: true},
		"hosts: dns [UNAVAIL=return] files\n":                    {files: true, dns: true, dnsFirst: true, failureEnds: true},
		"hosts: dns [TRYAGAIN=return] files\n":                   {files: true, dns: true, dnsFirst: true},
		"hosts: dns [!SUCCESS=return] files\n":                   {files: true, dns: true, dnsFirst: true, notFoundEnds: true, failureEnds: true},
		"hosts: dns mdns4_minimal [NOTFOUND=return] files\n":     {files: true, dns: true, dnsFirst: true},
		"hosts: files [ NOTFOUND = return ] dns\n":               {files: true},
		"hosts: files [SUCCESS=return NOTFOUND =return] dns\n":   {files: true},
		"hosts: files [UNAVAIL=return":                           {files: true},
		"hosts: files\nhosts: dns\n":                             {dns: true}, // the last line, as in glibc
		"hosts: dns [NOTFOUND=return] x\nhosts: files\n":         {files: true},
	} {
		if got := readSources(text); got != want {
			t.Errorf("%q: %+v, not %+v", text, got, want)
		}
	}
}

func TestHosts(t *testing.T) {
	h := readHosts([]byte("127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\r\n192.0.2.7\tUp.Test. up up # down.test\n#192.0.2.8 off.test\n192.0.2.9\n" +
		"no-address up.test\nfe80::1%eth0 link.test\n::ffff:192.0.2.3 mapped.test\n\n192.0.2.10 up.test\n192.0.2.7 up.test\n192.0.2.11 last.test"))
	for name, want := range map[string]string{
		"localhost":     "[127.0.0.1 ::1]",
		"ip6-localhost": "[::1]",
		"up.test":       "[192.0.2.7 192.0.2.10]",
		"UP.test":       "[192.0.2.7 192.0.2.10]",
		"up":            "[192.0.2.7]",
		"link.test":     "[fe80::1%eth0]",
		"mapped.test":   "[192.0.2.3]",
		"last.test":     "[192.0.2.11]",
		"down.test":     "[]",
		"off.test":      "[]",
		"192.0.2.9":     "[]",
	} {
		if got := fmt.Sprint(h.lookup(name)); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
}

// A list that blocks advertisers has many lines. Its index is small beside it.
func TestLargeHosts(t *testing.T) {
	var text strings.Builder
	const lines = 200_000
	for i := range lines {
		fmt.Fprintf(&text, "0.0.0.0 ad%d.example.net\n", i)
	}
	h := readHosts([]byte(text.String()))
	for _, i := range []int{0, 1, lines / 2, lines - 1} {
		if got := h.lookup(fmt.Sprintf("ad%d.example.net", i)); len(got) != 1 {
			t.Errorf("line %d: %v", i, got)
		}
	}
	if got := h.lookup("ad200000.example.net"); len(got) != 0 || cap(h.index) > lines {
		t.Errorf("%v, and an index of %d", got, cap(h.index))
	}
}

func TestBestFirst(t *testing.T) {
	four, six, local := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fd00::1")
	for _, tt := range []struct {
		name    string
		own, to netip.Addr // the source address is invalid without a route
		first   netip.Addr
	}{
		{"both public", six, six, six},
		{"no route", netip.Addr{}, six, four},
		{"from private to public", local, six, four},
		{"from private to private", local, local, local},
	} {
		r := &Resolver{sourceFor: func(netip.Addr) (netip.Addr, bool) { return tt.own, tt.own.IsValid() }}
		if got := r.bestFirst([]netip.Addr{four}, []netip.Addr{tt.to}); len(got) != 2 || got[0] != tt.first {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestSourceFor(t *testing.T) {
	if own, ok := sourceFor(netip.MustParseAddr("127.0.0.9")); !ok || own != netip.MustParseAddr("127.0.0.1") && own != netip.MustParseAddr("127.0.0.9") {
		t.Errorf("%v, %v", own, ok)
	}
}

func TestRcodeNames(t *testing.T) {
	for _, code := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} {
		if got, want := rcodeName(dnsmessage.RCode(code)), dns.RcodeToString[code]; got != want {
			t.Errorf("%d is %s, not %s", code, got, want)
		}
	}
}

// FuzzReply looks for messages that break the reader, or that it takes for an answer and another reader does not.
func FuzzReply(f *testing.F) {
	query := appendQuery(nil, "h.test", dnsmessage.TypeA)
	m := new(dns.Msg)
	if err := m.Unpack(query); err != nil {
		f.Fatal(err)
	}
	q := asked{Msg: m, network: "udp"}
	for _, s := range []behavior{zone(hostRecords), zone(chain(5)), rcode(dns.RcodeServerFailure), rcode(dns.RcodeNameError), withoutOPT(nil, dns.RcodeBadVers, true)} {
		for _, answer := range s(q) {
			f.Add(answer.raw)
		}
	}
	f.Add(query)
	question := query[headerLen : len(query)-optLen]
	f.Fuzz(func(t *testing.T, message []byte) {
		r, ok := readReply(message, question, "h.test", true)
		if !ok {
			return
		}
		if (r.outcome == found) != (len(r.addrs) > 0) || (r.outcome == failed) != (r.reason != "") || r.outcome == unanswered {
			t.Errorf("%+v", r)
		}
		if r.outcome != found {
			return
		}
		m := new(dns.Msg)
		if err := m.Unpack(message); err != nil {
			return // it reads more of a message
		}
		if !m.Response || m.Truncated || m.Rcode&0xf != 0 || len(m.Question) == 0 || !strings.EqualFold(m.Question[0].Name, "h.test.") {
			t.Errorf("an answer to %v", m)
		}
		for _, addr := range r.addrs {
			if !slices.ContainsFunc(m.Answer, func(rr dns.RR) bool {
				a, ok := rr.(*dns.A)
				return ok && a.Hdr.Class == dns.ClassINET && a.A.Equal(addr.AsSlice())
			}) {
				t.Errorf("%v is not in %v", addr, m)
			}
		}
	})
}

// FuzzSettings compares the reader of resolv.conf, and the search list, with another's.
func FuzzSettings(f *testing.F) {
	f.Add("nameserver 192.0.2.1\nsearch a.test b.test\noptions ndots:2 timeout:3 attempts:4\n", "h.test", "h.example.org")
	f.Add("domain a.test\n;\n#\noptions\nnameserver ::1", "h", "h")
	f.Add("search . a..b\noptions ndots:0 ; x", "h.", "h.")
	f.Add("search a.test..", "h", "h..example.org..")
	f.Add("0", `\.`, "h.#")
	f.Fuzz(func(t *testing.T, text, name, hostname string) {
		s := readSettings(text, func(string) (string, bool) { return "", false }, hostname)
		if len(s.servers) == 0 || len(s.servers) > maxServers || s.ndots < 0 || s.timeout <= 0 || s.attempts <= 0 {
			t.Fatalf("%+v", s)
		}
		if checkName(name) != nil {
			return
		}
		names, typed := s.candidates(name)
		if names[typed] != strings.TrimSuffix(name, ".") {
			t.Errorf("%q, of which %d is not %q", names, typed, name)
		}
		for _, candidate := range names {
			if err := checkName(candidate); err != nil || strings.HasSuffix(candidate, ".") {
				t.Errorf("%q: %v", candidate, err)
			}
		}
		if strings.Contains(text+name, `\`) || slices.Contains(s.search, "") {
			return // an escape, or an empty label, to the second opinion
		}
		c := dns.ClientConfig{Search: s.search, Ndots: s.ndots}
		want := slices.DeleteFunc(c.NameList(name), func(n string) bool { return checkName(n) != nil })
		for i := range want {
			want[i] = strings.TrimSuffix(want[i], ".")
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// FuzzHosts compares the index with a search through the lines.
func FuzzHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost\n::1 localhost # other\n", "localhost")
	f.Add("192.0.2.1 a A a.\r\n192.0.2.1\tb\v192.0.2.1", "A")
	f.Fuzz(func(t *testing.T, text, name string) {
		if checkName(name) != nil || strings.HasSuffix(name, ".") {
			return
		}
		var want []netip.Addr
		for line := range strings.SplitSeq(text, "\n") {
			line, _, _ = strings.Cut(line, "#")
			words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r\n\v\f", c) })
			if len(words) < 2 {
				continue
			}
			addr, err := netip.ParseAddr(words[0])
			if addr = addr.Unmap(); err == nil && !slices.Contains(want, addr) && slices.ContainsFunc(words[1:], func(w string) bool { return equalFold(strings.TrimSuffix(w, "."), name) }) {
				want = append(want, addr)
			}
		}
		if got := readHosts([]byte(text)).lookup(name); !slices.Equal(got, want) {
			t.Errorf("%v, not %v", got, want)
		}
	})
}

// A resolver reads the files of its directory.
func TestReadFiles(t *testing.T) {
	etc := t.TempDir()
	for name, text := range map[string]string{"resolv.conf": "nameserver 127.0.0.1\noptions timeout:1\n", "hosts": "192.0.2.1 here\n", "nsswitch.conf": "hosts: files\n"} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := New(t.Context(), Config{Etc: etc, Servers: addrs(b)})
	defer r.Close()
	f := r.files()
	if len(f.servers) != 1 || f.servers[0].addr != addrs(b)[0] || !f.sources.dns || f.settings.timeout != time.Second || len(f.hosts.lookup("here")) != 1 {
		t.Errorf("%+v", f.settings)
	}
}
