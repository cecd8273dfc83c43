//go:build linux

package fetch_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// proxyTrap is a proxy that means harm to one target, and the record that target must end in.
type proxyTrap struct {
	name   string
	proxy  string // its scheme
	target string // the target's scheme
	serve  func(*peer)
	want   want
	slow   bool // it ends by a timeout
	heavy  bool // what the whole run allocates is bounded
}

// greeting is the start of a SOCKS proxy's part, up to the target's name.
func (p *peer) greeting() (name string) {
	head := make([]byte, 3+5)
	io.ReadFull(p, head[:3])
	p.say("\x05\x00")
	io.ReadFull(p, head[3:])
	rest := make([]byte, int(head[7])+2)
	io.ReadFull(p, rest)
	return string(rest[:head[7]])
}

const (
	connected      = "HTTP/1.1 200 Connection established\r\n\r\n"
	socksConnected = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
)

func proxyTraps() []proxyTrap {
	const bounded = fetch.DefaultMaxHeader + window
	proxyFailure := func(kind fetch.Kind) want { return failure(fetch.StageProxy, kind) }
	saying := func(s string, then func(*peer)) func(*peer) {
		return func(p *peer) {
			p.say(s)
			then(p)
		}
	}
	endless := func(start, again string, pause time.Duration) func(*peer) {
		return saying(start, func(p *peer) { p.repeat(again, pause) })
	}
	anyClosing := want{stages: []fetch.Stage{fetch.StageProxy}, kinds: []fetch.Kind{fetch.KindClosed, fetch.KindReset}}
	leave := func(*peer) {}
	drip := 10 * time.Millisecond
	traps := []proxyTrap{
		{name: "says nothing", serve: (*peer).drain, want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "stops in the reply", serve: saying("HTTP/1.1 200 OK\r\nVia: x", (*peer).drain), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "drips", serve: endless("HTTP/1.1 200 OK\r\nX: ", "x", drip), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "drips a status line", serve: endless("HTTP/1.1 ", " ", drip), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "drips interim replies", serve: endless("", "HTTP/1.1 100 Continue\r\n\r\n", time.Second), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "opens a tunnel and says nothing", serve: saying(connected, (*peer).drain), want: failure(fetch.StageTLS, fetch.KindTimeout), slow: true},
		{name: "opens a tunnel and drips", serve: endless(connected+"\x16\x03\x03\x40\x00\x02", "x", drip), want: failure(fetch.StageTLS, fetch.KindTimeout), slow: true},
		{name: "sends fields without end", serve: endless("HTTP/1.1 200 OK\r\n", strings.Repeat("X: x\r\n", 100), 0), want: proxyFailure(fetch.KindTooLarge).sending(bounded), heavy: true},
		{name: "sends a line without end", serve: endless("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("x", 4096), 0), want: proxyFailure(fetch.KindTooLarge).sending(bounded), heavy: true},
		{name: "sends a reason phrase without end", serve: endless("HTTP/1.1 403 ", strings.Repeat("x", 4096), 0), want: proxyFailure(fetch.KindTooLarge).sending(bounded), heavy: true},
		{name: "sends blank lines without end", serve: endless("", strings.Repeat("\r\n", 2048), 0), want: proxyFailure(fetch.KindTooLarge).sending(bounded), heavy: true},
		{name: "sends interim replies without end", serve: endless("", "HTTP/1.1 100 Continue\r\n\r\n", 0), want: proxyFailure(fetch.KindLimit).sending(window), heavy: true},
		{name: "asks for a hundred thousand ways to authenticate", serve: saying("HTTP/1.1 407 No\r\nProxy-Authenticate: "+strings.Repeat("a,b0,", 50_000)+"c\r\n\r\n", (*peer).drain), want: proxyFailure(fetch.KindProxyAuth), heavy: true},
		{name: "refuses with a page without end", serve: endless("HTTP/1.1 403 Forbidden\r\n\r\n", strings.Repeat("x", 4096), 0), want: proxyFailure(fetch.KindProxyRefused).sending(window), heavy: true},
		{name: "refuses and waits", serve: saying("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n", (*peer).drain), want: proxyFailure(fetch.KindProxyRefused)},
		{name: "refuses and resets", serve: saying("HTTP/1.1 502 Bad Gateway\r\n\r\n", (*peer).reset), want: want{stages: []fetch.Stage{fetch.StageProxy}, kinds: []fetch.Kind{fetch.KindProxyRefused, fetch.KindReset}}},
		{name: "resets", serve: (*peer).reset, want: proxyFailure(fetch.KindReset)},
		{name: "closes", serve: leave, want: anyClosing},
		{name: "closes in the reply", serve: saying("HTTP/1.1 200 OK\r\n", leave), want: anyClosing},
		{name: "sends what is no HTTP", serve: endless("", strings.Repeat("x", 4096), 0), want: proxyFailure(fetch.KindMalformed).sending(window)},
		{name: "sends zeros", serve: endless("", strings.Repeat("\x00", 4096), 0), want: proxyFailure(fetch.KindMalformed).sending(window)},
		{name: "opens a tunnel to garbage without end", serve: endless(connected, strings.Repeat("x", 4096), 0), want: failure(fetch.StageTLS, fetch.KindHandshake).sending(window), heavy: true},
		{name: "opens a tunnel and closes", serve: saying(connected, leave), want: want{stages: []fetch.Stage{fetch.StageTLS}, kinds: []fetch.Kind{fetch.KindClosed, fetch.KindReset}}},
		{name: "opens a tunnel and resets", serve: saying(connected, (*peer).reset), want: want{stages: []fetch.Stage{fetch.StageProxy, fetch.StageTLS}, kinds: []fetch.Kind{fetch.KindReset}}},
	}
	var all []proxyTrap
	for _, c := range traps {
		c.proxy, c.target = "http", "https"
		all = append(all, c)
		if !c.slow {
			c.proxy = "https"
			c.want.most *= 2 // what TLS adds, and holds
			all = append(all, c)
		}
	}
	for _, c := range []proxyTrap{
		{name: "says nothing after the request", serve: (*peer).drain, want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "stops in the reply", serve: saying("\x05\x00\x00\x03\xff", (*peer).drain), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "drips a name", serve: endless("\x05\x00\x00\x03\xff", "x", drip), want: proxyFailure(fetch.KindTimeout), slow: true},
		{name: "opens a tunnel and says nothing", serve: saying(socksConnected, (*peer).drain), want: failure(fetch.StageRead, fetch.KindTimeout), slow: true},
		{name: "sends what is no SOCKS", serve: endless("", strings.Repeat("x", 4096), 0), want: proxyFailure(fetch.KindMalformed).sending(window)},
		{name: "opens a tunnel to garbage without end", serve: endless(socksConnected, strings.Repeat("x", 4096), 0), want: failure(fetch.StageHead, fetch.KindMalformed).sending(window)},
		{name: "refuses and waits", serve: saying("\x05\x05", (*peer).drain), want: proxyFailure(fetch.KindProxyRefused)},
		{name: "closes", serve: leave, want: anyClosing},
		{name: "resets in the reply", serve: saying("\x05\x00\x00", (*peer).reset), want: proxyFailure(fetch.KindReset)},
		// Nothing else comes that could wake whoever waits for an answer.
		{name: "answers in one piece with its own reply", serve: saying(socksConnected+okHead, (*peer).drain), want: success(okHead)},
	} {
		c.proxy, c.target = "socks5h", "http"
		all = append(all, c)
	}
	return all
}

// good is how many targets are well behind a proxy with a trap.
const good = 4

// proxied adds a proxy that traps whoever asks for bad.test, and serves the others.
func (a *arena) proxied(c proxyTrap) *site {
	a.t.Helper()
	var config *tls.Config
	if c.proxy == "https" {
		config = a.server
	}
	honest := testserver.Answer(okHead)
	if c.target == "https" {
		honest = testserver.Secure(a.server, honest)
	}
	s := a.open(a.host(), config, func(p *peer) {
		name, reply := "", connected
		if c.proxy == "socks5h" {
			name, reply = p.greeting(), socksConnected
		} else {
			request, _ := testserver.ReadRequest(p)
			name = strings.TrimPrefix(request, "CONNECT ")
		}
		if strings.HasPrefix(name, "bad.test") {
			c.serve(p)
			return
		}
		p.say(reply)
		honest(p)
	})
	at := netip.MustParseAddrPort(s.addr)
	if config != nil {
		a.options.Routes = []fetch.Route{{Host: siteName, Port: at.Port(), Addrs: []netip.Addr{at.Addr()}}}
		s.addr = fmt.Sprintf("%s:%d", siteName, at.Port())
	}
	proxy, err := fetch.ParseProxy(c.proxy + "://" + s.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	a.options.Proxies = fetch.Proxies{HTTP: proxy, HTTPS: proxy, Except: fetch.ParseNoProxy("127.0.0.0/8")}
	for i := range good {
		a.add(fmt.Sprintf("%s://good%d.test/", c.target, i), nil, func(r *fetch.Result) { success(okHead).check(a, "beside "+c.name, r) })
	}
	a.add(c.target+"://bad.test/", nil, func(r *fetch.Result) {
		c.want.check(a, c.name, r)
		if sent := s.sent.Load(); c.want.most > 0 && sent > c.want.most+good*(16<<10) {
			a.fault("%s: the proxy could send %d bytes, want at most %d", c.name, sent, c.want.most)
		}
	})
	return s
}

func TestHostileProxy(t *testing.T) {
	for _, c := range proxyTraps() {
		t.Run(c.proxy+"/"+strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			trial(t, func(a *arena) {
				if c.slow {
					a.options.ConnectTimeout, a.options.ReadTimeout = a.hurry(), a.hurry()
				}
				a.healthy(8)
				proxy := a.proxied(c)
				a.healthy(8)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a.run(t.Context())
				runtime.ReadMemStats(&after)
				a.settle(proxy, good+1, time.Now().Add(settled))
				if used := after.TotalAlloc - before.TotalAlloc; c.heavy && used > allocated {
					a.fault("%d MB were allocated, want at most %d", used>>20, allocated>>20)
				}
			})
		})
	}
}
