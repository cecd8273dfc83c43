package fetch_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
)

// notes keeps the addresses that were dialed. Each is refused.
type notes struct {
	mu     sync.Mutex
	dialed []string
}

func (n *notes) dial(_ context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialed = append(n.dialed, address)
	return nil, syscall.ECONNREFUSED
}

// routes reads flags such as "connect-to ::127.0.0.2:80".
func routes(t *testing.T, flags ...string) (list []fetch.Route) {
	t.Helper()
	for _, flag := range flags {
		var err error
		name, text, _ := strings.Cut(flag, " ")
		switch name {
		case "connect-to":
			list, err = fetch.AddConnectTo(list, text)
		case "resolve":
			list, err = fetch.AddResolve(list, text)
		default:
			t.Fatalf("no flag %s", name)
		}
		if err != nil {
			t.Fatalf("%s: %v", flag, err)
		}
	}
	return list
}

// Connections go where curl's go with the same flags.
func TestRoutes(t *testing.T) {
	const none = "no address is dialed"
	for _, c := range []struct {
		flags  []string
		target string
		family int
		want   string // the addresses dialed
	}{
		// --resolve, whose cases are those of curl's unit tests 1607 and 1609, too.
		{[]string{"resolve h.test:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve TEST.com:80:,,127.0.0.1,,,127.0.0.2,,,,::1,,,"}, "test.COM", 0, "127.0.0.1:80 [::1]:80 127.0.0.2:80"},
		{[]string{"resolve h.test:80:::1,127.0.0.1"}, "h.test", 0, "[::1]:80 127.0.0.1:80"},
		{[]string{"resolve h.test:80:[::1],127.0.0.1"}, "h.test", 0, "[::1]:80 127.0.0.1:80"},
		{[]string{"resolve h.test:80:[fe80::1%25lo]"}, "h.test", 0, "[fe80::1%lo]:80"},
		{[]string{"resolve h.test:80:::ffff:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:80:127.0.0.2"}, "h.test.", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test.:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:80:127.0.0.1", "resolve h.test:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:80:127.0.0.2", "resolve h.test:81:127.0.0.3"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve 127.0.0.9:80:127.0.0.2"}, "127.0.0.9", 0, "127.0.0.2:80"},
		{[]string{"resolve 127.0.0.9:81:127.0.0.2"}, "127.0.0.9", 0, "127.0.0.9:80"},
		{[]string{"resolve [::0:1]:80:127.0.0.2"}, "[0::1]", 0, "127.0.0.2:80"},
		{[]string{"resolve [::ffff:127.0.0.9]:80:127.0.0.2"}, "127.0.0.9", 0, "127.0.0.2:80"},
		{[]string{"resolve BÜCHER.test:80:127.0.0.2"}, "bücher.test", 0, "127.0.0.2:80"},
		{[]string{"resolve xn--bcher-kva.test:80:127.0.0.2"}, "bücher.test", 0, "127.0.0.2:80"},
		{[]string{"resolve +h.test:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve 127.0.0.9:80:127.0.0.1", "resolve -127.0.0.9:80"}, "127.0.0.9", 0, "127.0.0.9:80"},
		{[]string{"resolve -127.0.0.9:80", "resolve 127.0.0.9:80:127.0.0.1"}, "127.0.0.9", 0, "127.0.0.1:80"},
		{[]string{"resolve 127.0.0.9:80:127.0.0.1", "resolve *:80:127.0.0.2", "resolve -127.0.0.9:80"}, "127.0.0.9", 0, "127.0.0.2:80"},
		{[]string{"resolve *:80:127.0.0.1", "resolve -*:80"}, "127.0.0.9", 0, "127.0.0.9:80"},
		// What is specific goes first, wherever it stands.
		{[]string{"resolve *:80:127.0.0.1", "resolve h.test:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:80:127.0.0.2", "resolve *:80:127.0.0.1"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve *:80:127.0.0.1", "resolve *:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:*:127.0.0.1", "resolve h.test:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve h.test:*:127.0.0.1", "resolve h.test:80:127.0.0.2"}, "h.test:81", 0, "127.0.0.1:81"},
		{[]string{"resolve *:80:127.0.0.1", "resolve h.test:*:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve *:*:127.0.0.1", "resolve *:80:127.0.0.2"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"resolve +*:*:127.0.0.1"}, "127.0.0.9:81", 0, "127.0.0.1:81"},
		// A family holds here, too.
		{[]string{"resolve h.test:80:::1,127.0.0.1"}, "h.test", 4, "127.0.0.1:80"},
		{[]string{"resolve h.test:80:::1,127.0.0.1"}, "h.test", 6, "[::1]:80"},
		{[]string{"resolve h.test:80:127.0.0.1"}, "h.test", 6, none},
		{[]string{"resolve 127.0.0.9:80:::1"}, "127.0.0.9", 6, "[::1]:80"},
		{[]string{"connect-to ::[::1]:"}, "127.0.0.9", 4, none},
		{[]string{"connect-to ::[::1]:"}, "127.0.0.9", 6, "[::1]:80"},
		{nil, "127.0.0.9", 6, none},
		{nil, "[::1]", 4, none},
		// --connect-to.
		{[]string{"connect-to h.test:80:127.0.0.2:8080"}, "h.test", 0, "127.0.0.2:8080"},
		{[]string{"connect-to h.test:81:127.0.0.2:8080", "connect-to ::127.0.0.3:"}, "h.test", 0, "127.0.0.3:80"},
		{[]string{"connect-to H.TEST.:80:127.0.0.2:"}, "h.test", 0, "127.0.0.2:80"},
		{[]string{"connect-to h.test::127.0.0.2:"}, "h.test:81", 0, "127.0.0.2:81"},
		{[]string{"connect-to :81:127.0.0.2:82"}, "h.test:81", 0, "127.0.0.2:82"},
		{[]string{"connect-to ::127.0.0.2"}, "h.test:81", 0, "127.0.0.2:81"},
		{[]string{"connect-to ::[::1]"}, "h.test:81", 0, "[::1]:81"},
		{[]string{"connect-to :::82"}, "127.0.0.9", 0, "127.0.0.9:82"},
		{[]string{"connect-to [0::1]:80:[::0:2]:81"}, "[::1]", 0, "[::2]:81"},
		{[]string{"connect-to bücher.test::127.0.0.2:"}, "xn--bcher-kva.test", 0, "127.0.0.2:80"},
		{[]string{"connect-to ::127.0.0.1:", "connect-to h.test::127.0.0.2:"}, "h.test", 0, "127.0.0.1:80"}, // the first
		{[]string{"connect-to h.test:80:127.0.0.1:", "connect-to h.test:80:127.0.0.2:"}, "h.test", 0, "127.0.0.1:80"},
		{[]string{"connect-to h.test:80::", "connect-to h.test:80:127.0.0.2:"}, "h.test", 0, "127.0.0.2:80"}, // a change
		// A destination is looked up by --resolve, whatever comes first.
		{[]string{"connect-to x.test:80:y.test:8080", "resolve y.test:8080:127.0.0.3"}, "x.test", 0, "127.0.0.3:8080"},
		{[]string{"resolve Y.test:8080:127.0.0.3", "connect-to x.test:80:y.test:8080"}, "x.test", 0, "127.0.0.3:8080"},
		{[]string{"connect-to x.test:80:bücher.test:81", "resolve xn--bcher-kva.test:81:127.0.0.3"}, "x.test", 0, "127.0.0.3:81"},
		{[]string{"connect-to x.test:80::81", "resolve x.test:81:127.0.0.3", "resolve x.test:80:127.0.0.2"}, "x.test", 0, "127.0.0.3:81"},
		{[]string{"connect-to x.test:80:127.0.0.1:81", "resolve *:81:127.0.0.3"}, "x.test", 0, "127.0.0.3:81"},
	} {
		t.Run(strings.Join(append(slices.Clone(c.flags), c.target), ", "), func(t *testing.T) {
			var n notes
			r := askOne(t, t.Context(), fetch.Options{Dial: n.dial, Family: c.family, Routes: routes(t, c.flags...)}, c.target)
			if c.want == none {
				if r.Err.Stage != fetch.StageDNS || r.Err.Kind != fetch.KindNotFound || len(n.dialed) > 0 {
					t.Errorf("dialed %q, %v; want not_found", n.dialed, r.Err)
				}
				return
			}
			if got := strings.Join(n.dialed, " "); got != c.want {
				t.Errorf("dialed %s, want %s (%v)", got, c.want, r.Err)
			}
		})
	}
}

func TestRoutesRefuse(t *testing.T) {
	for _, c := range []struct{ flag, text, want string }{
		{"resolve", "", "HOST:PORT:ADDRESS"},
		{"resolve", "h", "HOST:PORT:ADDRESS"},
		{"resolve", "h:80", "HOST:PORT:ADDRESS"},
		{"resolve", "h:80:", "HOST:PORT:ADDRESS"},
		{"resolve", "h:80:,", "HOST:PORT:ADDRESS"},
		{"resolve", ":80:127.0.0.1", "HOST:PORT:ADDRESS"},
		{"resolve", "h::127.0.0.1", "HOST:PORT:ADDRESS"},
		{"resolve", "h:80:name", `"name" is no IP address`},
		{"resolve", "h:80:127.0.0.1, 127.0.0.2", `" 127.0.0.2" is no IP address`},
		{"resolve", "h:80:[::1", `"[::1" is no IP address`},
		{"resolve", "h:0:127.0.0.1", "1 to 65535"},
		{"resolve", "h:x:127.0.0.1", "1 to 65535"},
		{"resolve", "h:70000:127.0.0.1", "1 to 65535"},
		{"resolve", "two words:80:127.0.0.1", "spaces"},
		{"resolve", "a..b:80:127.0.0.1", "empty label"},
		{"resolve", "*.test:80:127.0.0.1", `'*'`},
		{"resolve", "::1:80:127.0.0.1", "HOST:PORT:ADDRESS"},
		{"resolve", "[::1:80:127.0.0.1", "HOST:PORT:ADDRESS"},
		{"resolve", "[h]:80:127.0.0.1", "no IPv6 address"},
		{"resolve", "256.0.0.1:80:127.0.0.1", "IPv4 address"},
		{"resolve", "h\x00:80:127.0.0.1", "control character"},
		{"resolve", "-h", "-HOST:PORT"},
		{"resolve", "-h:80:127.0.0.1", "-HOST:PORT"},
		{"resolve", "-+h:80", "-HOST:PORT"},
		{"resolve", "-:80", "HOST:PORT"},
		{"connect-to", "", "HOST1:PORT1:HOST2:PORT2"},
		{"connect-to", "h:80", "HOST1:PORT1:HOST2:PORT2"},
		{"connect-to", "h:80:g:0", "PORT2: the port must be a number from 1 to 65535"},
		{"connect-to", "h:x:g:80", "PORT1: the port must be a number from 1 to 65535"},
		{"connect-to", "h:80:g:80:81", "brackets"},
		{"connect-to", "h:80:2001:db8::1:80", "brackets"},
		{"connect-to", "two words:80:g:80", "HOST1: a host cannot hold spaces"},
		{"connect-to", "h:80:two words:80", "HOST2: a host cannot hold spaces"},
		{"connect-to", "*:80:g:80", `HOST1: a host cannot hold '*'`},
		{"connect-to", "h:80:[::1:80", "brackets"},
		{"connect-to", "h:80:1.2.3:80", "IPv4 address"},
	} {
		add := fetch.AddConnectTo
		if c.flag == "resolve" {
			add = fetch.AddResolve
		}
		if _, err := add(nil, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %q", c.flag, c.text, err, c.want)
		}
	}
}

// With a + the addresses hold for a minute, and then there is what there would be
// without them.
func TestPassingRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notes
		targets := func(yield func(fetch.Target) bool) {
			for _, wait := range []time.Duration{0, 59 * time.Second, time.Second} {
				time.Sleep(wait)
				if !yield(parsed(t, "127.0.0.9", fetch.Defaults{})[0]) {
					return
				}
			}
		}
		for range fetch.All(t.Context(), targets, fetch.Options{Dial: n.dial, Routes: routes(t, "resolve +127.0.0.9:80:127.0.0.1")}) {
		}
		if want := []string{"127.0.0.1:80", "127.0.0.1:80", "127.0.0.9:80"}; !slices.Equal(n.dialed, want) {
			t.Errorf("dialed %q, want %q", n.dialed, want)
		}
	})
}

// A local address leaves the hosts of its family, and what is unspecified leaves
// all.
func TestLocalAddr(t *testing.T) {
	for _, c := range []struct{ local, target, want string }{
		{"127.0.0.1", "127.0.0.9", "127.0.0.9:80"},
		{"::ffff:127.0.0.1", "127.0.0.9", "127.0.0.9:80"},
		{"127.0.0.1", "both.test", "127.0.0.8:80"},
		{"::1", "both.test", "[::8]:80"},
		{"::", "127.0.0.9", "127.0.0.9:80"},
		{"::", "[::1]", "[::1]:80"},
		{"0.0.0.0", "[::1]", "[::1]:80"},
		{"::1", "127.0.0.9", "dns: no IPv6 address, as a connection from ::1 needs"},
		{"127.0.0.1", "[::1]", "dns: no IPv4 address, as a connection from 127.0.0.1 needs"},
	} {
		var n notes
		o := fetch.Options{Dial: n.dial, LocalAddr: netip.MustParseAddr(c.local), Routes: routes(t, "resolve both.test:80:127.0.0.8,::8")}
		r := askOne(t, t.Context(), o, c.target)
		got := strings.Join(n.dialed, " ")
		if got == "" {
			got = r.Err.Error()
		}
		if got != c.want {
			t.Errorf("%s from %s: %s, want %s", c.target, c.local, got, c.want)
		}
	}
}

// FuzzRoutes holds what the notations yield to what can be dialed.
func FuzzRoutes(f *testing.F) {
	for _, text := range []string{"h:80:127.0.0.1,[::1]", "+*:*:::1", "-h:80", "[::1]:80:[fe80::1%25lo]:81", "::127.0.0.1", ":::1", "bücher.test:::", "[", "]:[:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := fetch.AddConnectTo(nil, text); err == nil {
			for _, host := range []string{list[0].Host, list[0].ToHost} {
				if host != "" {
					checkHost(t, host)
				}
			}
		}
		list, err := fetch.AddResolve(nil, text)
		if err != nil {
			return
		}
		for _, r := range list {
			if len(r.Addrs) == 0 || slices.Contains(r.Addrs, netip.Addr{}) {
				t.Errorf("%q: %+v", text, r)
			}
			if r.Host != "" {
				checkHost(t, r.Host)
			}
		}
		if twice, err := fetch.AddResolve(slices.Clone(list), text); err != nil || len(twice) != len(list) {
			t.Errorf("%q twice: %+v, %v, want %+v", text, twice, err, list)
		}
	})
}

// checkHost wants the host of a route to be that of a target.
func checkHost(t *testing.T, host string) {
	if strings.Contains(host, "%") { // a zone can hold any text
		return
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	spec, err := fetch.Parse(host, fetch.Defaults{})
	if err != nil {
		t.Errorf("host %q is no target: %v", host, err)
		return
	}
	for target := range spec.All() {
		if target.Host != strings.Trim(host, "[]") {
			t.Errorf("host %q is %q as a target", host, target.Host)
		}
	}
}
