package fetch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// through sends all targets through a proxy.
func through(t *testing.T, url string) fetch.Proxies {
	t.Helper()
	p, err := fetch.ParseProxy(url)
	if err != nil {
		t.Fatal(err)
	}
	return fetch.Proxies{HTTP: p, HTTPS: p}
}

// connecting is an HTTP proxy whose tunnels all lead to one target.
func connecting(target func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if request, err := testserver.ReadRequest(conn); err == nil && strings.HasPrefix(request, "CONNECT ") {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			target(conn)
		}
	}
}

// socks is a SOCKS proxy whose tunnels all lead to one target. It asks for no
// credentials, and says what it was asked for.
func socks(asked chan<- string, target func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		greeting := make([]byte, 3)
		io.ReadFull(conn, greeting)
		conn.Write([]byte{5, 0})
		head := make([]byte, 5)
		io.ReadFull(conn, head)
		rest := make([]byte, map[byte]int{1: 4 - 1, 3: int(head[4]), 4: 16 - 1}[head[3]]+2)
		io.ReadFull(conn, rest)
		asked <- string(append(head[3:], rest...))
		conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		target(conn)
	}
}

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// A request that a proxy is to forward names the whole URL.
func TestForwardedRequest(t *testing.T) {
	set := func(name, value string) fetch.Field { return fetch.Field{Name: name, Value: value} }
	for _, c := range []struct {
		name, proxy, target string
		o                   fetch.Options
		want                []string
	}{
		{
			"the URL and the target's Host", "http://192.0.2.9:3128", "http://h.test/a?b=c",
			fetch.Options{UserAgent: "a/1"},
			[]string{"GET http://h.test/a?b=c HTTP/1.1", "Host: h.test", "User-Agent: a/1", "Accept: */*", "Connection: close"},
		},
		{
			"a port", "http://192.0.2.9:3128", "h.test:8080",
			fetch.Options{},
			[]string{"GET http://h.test:8080/ HTTP/1.1", "Host: h.test:8080", "Accept: */*", "Connection: close"},
		},
		{
			"an IPv6 address", "http://192.0.2.9:3128", "[2001:db8::1]:8080",
			fetch.Options{},
			[]string{"GET http://[2001:db8::1]:8080/ HTTP/1.1", "Host: [2001:db8::1]:8080", "Accept: */*", "Connection: close"},
		},
		{
			"a zone stays at home", "http://192.0.2.9:3128", "fe80::1%lo",
			fetch.Options{},
			[]string{"GET http://[fe80::1]/ HTTP/1.1", "Host: [fe80::1]", "Accept: */*", "Connection: close"},
		},
		{
			"an internationalised name", "http://192.0.2.9:3128", "bücher.test",
			fetch.Options{},
			[]string{"GET http://xn--bcher-kva.test/ HTTP/1.1", "Host: xn--bcher-kva.test", "Accept: */*", "Connection: close"},
		},
		{
			"HTTP/1.0", "http://192.0.2.9:3128", "h.test",
			fetch.Options{Protocol: "HTTP/1.0"},
			[]string{"GET http://h.test/ HTTP/1.0", "Host: h.test"},
		},
		{
			"HEAD", "http://192.0.2.9:3128", "h.test",
			fetch.Options{Method: "HEAD"},
			[]string{"HEAD http://h.test/ HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close"},
		},
		{
			"a Host of the user's leaves the URL alone", "http://192.0.2.9:3128", "h.test",
			fetch.Options{Header: []fetch.Field{set("Host", "other.test")}},
			[]string{"GET http://h.test/ HTTP/1.1", "Host: other.test", "Accept: */*", "Connection: close"},
		},
		{
			"credentials of both", "http://Aladdin:open%20sesame@192.0.2.9:3128", "u:p@h.test",
			fetch.Options{},
			[]string{
				"GET http://h.test/ HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close",
				"Authorization: Basic dTpw", "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
			},
		},
		{
			"a field of the user's wins over the credentials", "http://u:p@192.0.2.9:3128", "h.test",
			fetch.Options{Header: []fetch.Field{set("proxy-authorization", "Bearer x")}},
			[]string{"GET http://h.test/ HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close", "proxy-authorization: Bearer x"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := make(chan string, 1)
			c.o.Proxies = through(t, c.proxy)
			c.o.Dial = testserver.Pipe(func(conn net.Conn) {
				request, _ := testserver.ReadRequest(conn)
				requests <- request
				io.WriteString(conn, noContent)
			})
			r := askOne(t, t.Context(), c.o, c.target)
			if r.Err != nil || r.Head.Status != 204 || r.Proxy != "http://192.0.2.9:3128" || r.Addr.String() != "192.0.2.9:3128" {
				t.Errorf("status %d, error %v, proxy %s at %s", r.Head.Status, r.Err, r.Proxy, r.Addr)
			}
			want := strings.Join(c.want, "\r\n") + "\r\n\r\n"
			if diff := cmp.Diff(want, <-requests); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Through a tunnel, the target gets what it would get without one, and the proxy's
// credentials stay at the proxy.
func TestTunneledRequest(t *testing.T) {
	var heard strings.Builder
	o := fetch.Options{
		UserAgent: "a/1", Routes: []fetch.Route{{ToPort: 81}},
		Proxies: through(t, "http://proxy:secret@192.0.2.9:3128"),
	}
	o.Dial = testserver.Pipe(func(conn net.Conn) {
		for _, reply := range []string{"HTTP/1.1 200 OK\r\n\r\n", noContent} {
			request, _ := testserver.ReadRequest(conn)
			heard.WriteString(request)
			io.WriteString(conn, reply)
		}
	})
	if r := askOne(t, t.Context(), o, "http://u:p@h.test/"); r.Err != nil || r.Head.Status != 204 {
		t.Fatalf("status %d, error %v", r.Head.Status, r.Err)
	}
	want := "CONNECT h.test:81 HTTP/1.1\r\nHost: h.test:81\r\nUser-Agent: a/1\r\nProxy-Authorization: Basic cHJveHk6c2VjcmV0\r\n\r\n" +
		"GET / HTTP/1.1\r\nHost: h.test\r\nUser-Agent: a/1\r\nAccept: */*\r\nConnection: close\r\nAuthorization: Basic dTpw\r\n\r\n"
	if diff := cmp.Diff(want, heard.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A forwarding proxy's 407 is its own, and its head is shown all the same.
func TestForwardedUnauthorized(t *testing.T) {
	const reply = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"
	for _, c := range []struct{ proxy, message, hint string }{
		{"http://192.0.2.9:3128", "proxy: http://192.0.2.9:3128: wants credentials (407)", "USER:PASSWORD"},
		{"http://u:s3cr3t@192.0.2.9:3128", "proxy: http://192.0.2.9:3128: refused the user or the password (407)", ""},
	} {
		o := fetch.Options{Proxies: through(t, c.proxy), Dial: testserver.Pipe(testserver.Answer(reply)), Tries: 3}
		r := askOne(t, t.Context(), o, "h.test")
		if r.Err == nil || r.Err.Stage != fetch.StageProxy || r.Err.Kind != fetch.KindProxyAuth || r.Err.Error() != c.message || !strings.Contains(r.Err.Hint, c.hint) {
			t.Errorf("error %v, hint %q", r.Err, r.Err.Hint)
		}
		if string(r.Raw) != reply || r.Head.Status != 407 || r.Tries != 1 {
			t.Errorf("status %d, %q, %d tries", r.Head.Status, r.Raw, r.Tries)
		}
	}
	// Without a proxy, and in a tunnel, it is the target's.
	for _, o := range []fetch.Options{
		{Dial: testserver.Pipe(testserver.Answer(reply)), Routes: anyAddress()},
		{Dial: testserver.Pipe(connecting(testserver.Answer(reply))), Routes: []fetch.Route{{ToPort: 81}}, Proxies: through(t, "http://192.0.2.9:3128")},
	} {
		if r := askOne(t, t.Context(), o, "h.test"); r.Err != nil || r.Head.Status != 407 {
			t.Errorf("status %d, error %v", r.Head.Status, r.Err)
		}
	}
}

// The certificate of a proxy at an address with a zone is for the address alone.
func TestProxyTLSWithZone(t *testing.T) {
	leaf := testserver.Issue(&x509.Certificate{IPAddresses: []net.IP{net.ParseIP("fe80::1")}}, nil, testserver.ECDSA)
	o := fetch.Options{
		Proxies: through(t, "https://[fe80::1%25lo]:3128"), TLS: &tls.Config{RootCAs: testserver.Pool(leaf)}, ConnectTimeout: time.Minute,
		Dial: piped(testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}, MaxVersion: tls.VersionTLS12}, answer(noContent))),
	}
	if r := askOne(t, t.Context(), o, "http://h.test"); r.Err != nil || r.Head.Status != 204 {
		t.Errorf("status %d, error %v", r.Head.Status, r.Err)
	}
}

// A proxy that forwards is named where it speaks another protocol.
func TestHintsAtForwardingProxy(t *testing.T) {
	for reply, hint := range map[string]string{
		"\x15\x03\x01\x00\x02\x02\x46":         "it is given as -x https://HOST:PORT",
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00": "the proxy speaks HTTP/2",
	} {
		o := fetch.Options{Proxies: through(t, "http://192.0.2.9:3128"), Dial: piped(answer(reply))}
		r := askOne(t, t.Context(), o, "h.test")
		if r.Err == nil || r.Err.Kind != fetch.KindMalformed || !strings.Contains(r.Err.Hint, hint) {
			t.Errorf("%q: %+v, want a hint at %q", reply, r.Err, hint)
		}
	}
}

// TLS with the proxy, with the target, and with both.
func TestProxyTLS(t *testing.T) {
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	ca := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
	proxyCertificate := testserver.Issue(&x509.Certificate{DNSNames: []string{"proxy.test"}, IPAddresses: loopback}, &ca, testserver.ECDSA)
	targetCertificate := testserver.Issue(&x509.Certificate{DNSNames: []string{"h.test"}}, &ca, testserver.ECDSA)
	client := testserver.Issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, &ca, testserver.ECDSA)

	var mu sync.Mutex
	seen := make(map[string]string) // the client's certificate and SNI, by server
	config := func(name string, certificate tls.Certificate) *tls.Config {
		return &tls.Config{
			Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequestClientCert, NextProtos: []string{"http/1.1"},
			VerifyConnection: func(s tls.ConnectionState) error {
				mu.Lock()
				defer mu.Unlock()
				seen[name] = fmt.Sprintf("%d certificates, SNI %q", len(s.PeerCertificates), s.ServerName)
				return nil
			},
		}
	}
	target := testserver.Secure(config("target", targetCertificate), testserver.Answer(noContent))
	secure := func(handle func(net.Conn)) func(net.Conn) {
		return testserver.Secure(config("proxy", proxyCertificate), handle)
	}
	garbage := func(reply string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 1))
			io.WriteString(conn, reply)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
		}
	}
	for _, c := range []struct {
		name, proxy, target string
		serve               func(net.Conn)
		seen                map[string]string
		trusted             bool
		err                 string // "" if the target answers
		kind                fetch.Kind
		hint                string
	}{
		{
			"target", "http://127.0.0.1:%d", "https://h.test", connecting(target),
			map[string]string{"target": `1 certificates, SNI "h.test"`},
			true, "", "", "",
		},
		{
			"proxy", "https://127.0.0.1:%d", "http://h.test", secure(testserver.Answer(noContent)),
			map[string]string{"proxy": `0 certificates, SNI ""`},
			true, "", "", "",
		},
		{
			"both", "https://PROXY.test:%d", "https://h.test", secure(connecting(target)),
			map[string]string{"proxy": `0 certificates, SNI "proxy.test"`, "target": `1 certificates, SNI "h.test"`},
			true, "", "", "",
		},
		{
			"socks and target", "socks5h://127.0.0.1:%d", "https://h.test", socks(make(chan string, 1), target),
			map[string]string{"target": `1 certificates, SNI "h.test"`},
			true, "", "", "",
		},
		{
			"a proxy that is not trusted", "https://127.0.0.1:%d", "http://h.test", secure(testserver.Answer(noContent)),
			nil, false, "proxy: %s: the certificate is self-signed", fetch.KindCertificate, "--ca-certificate",
		},
		{
			"a proxy of another name", "https://other.test:%d", "http://h.test", secure(testserver.Answer(noContent)),
			nil, true, "proxy: %s: the certificate is for proxy.test, 127.0.0.1, not for other.test", fetch.KindCertificate, "-k",
		},
		{
			"a target of another name", "http://127.0.0.1:%d", "https://other.test", connecting(target),
			nil, true, "tls: the certificate is for h.test, not for other.test", fetch.KindCertificate, "-k",
		},
		{
			"a proxy without TLS", "https://127.0.0.1:%d", "https://h.test", garbage("HTTP/1.1 400 Bad Request\r\n\r\n"),
			nil, true, "proxy: %s: the server does not speak TLS on this port: it sent \"HTTP/\"", fetch.KindHandshake, "-x http://HOST:PORT",
		},
		{
			"an alert from the proxy", "https://127.0.0.1:%d", "https://h.test", garbage("\x15\x03\x03\x00\x02\x02\x28"),
			nil, true, "proxy: %s: alert from the server: handshake failure", fetch.KindHandshake, "",
		},
		{
			"a proxy that closes in the handshake", "https://127.0.0.1:%d", "https://h.test", garbage(""),
			nil, true, "proxy: %s: closed during the handshake", fetch.KindClosed, "",
		},
		{
			"a refusal by a proxy with TLS", "https://127.0.0.1:%d", "https://h.test", secure(testserver.Answer("HTTP/1.1 403 Forbidden\r\n\r\n")),
			nil, true, "proxy: %s: answered CONNECT with 403 Forbidden", fetch.KindProxyRefused, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(seen)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := testserver.Serve(l, c.serve)
			defer server.Close()
			port := l.Addr().(*net.TCPAddr).Port
			o := fetch.Options{
				Proxies: through(t, fmt.Sprintf(c.proxy, port)),
				Routes:  []fetch.Route{{Port: uint16(port), Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}},
				TLS:     &tls.Config{Certificates: []tls.Certificate{client}},
			}
			if o.TLS.RootCAs = x509.NewCertPool(); c.trusted {
				o.TLS.RootCAs = testserver.Pool(ca)
			}
			r := askOne(t, t.Context(), o, c.target)
			if c.err == "" && (r.Err != nil || r.Head.Status != 204 || (r.Session != nil) != strings.HasPrefix(c.target, "https")) {
				t.Errorf("status %d, error %v, session %+v", r.Head.Status, r.Err, r.Session)
			}
			if c.err != "" {
				message := strings.Replace(c.err, "%s", r.Proxy, 1)
				if r.Err == nil || r.Err.Error() != message || r.Err.Kind != c.kind || !strings.Contains(r.Err.Hint, c.hint) {
					t.Errorf("%+v, want %s: %q and a hint at %q", r.Err, c.kind, message, c.hint)
				}
			}
			server.Close()
			if diff := cmp.Diff(c.seen, seen); c.seen != nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Under TLS 1.3 a proxy says after the handshake that it wants a client certificate.
// Another try would end the same, and no certificate is for proxies.
func TestProxyWantsCertificate(t *testing.T) {
	needKeptInput(t)
	_, leaf := servedCertificate()
	config := &tls.Config{Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := testserver.Serve(l, func(conn net.Conn) {
		tls.Server(conn, config).Handshake()
		conn.(*net.TCPConn).SetLinger(0)
	})
	defer server.Close()
	for target, stage := range map[string]fetch.Stage{"https://h.test": fetch.StageProxy, "http://h.test": fetch.StageRead} {
		for range 20 {
			o := insecure()
			o.Tries, o.Proxies = 3, through(t, "https://"+server.Addr())
			r := askOne(t, t.Context(), o, target)
			wantTLSError(t, r, stage, fetch.KindHandshake, "alert from the server: certificate required", "")
			if r.Tries != 1 {
				t.Errorf("%s: %d tries", target, r.Tries)
			}
		}
	}
}

// The options for names, certificates and protocols are for targets, and no hint at a
// proxy names them.
func TestHintsAtProxyTLS(t *testing.T) {
	ca, leaf := servedCertificate()
	for _, c := range []struct {
		serve         func(net.Conn)
		kind          fetch.Kind
		message, hint string
	}{
		{greet("\x15\x03\x03\x00\x02\x02\x28"), fetch.KindHandshake, "handshake failure", "-k looks at"},
		{greet("\x15\x03\x03\x00\x02\x02\x70"), fetch.KindHandshake, "unrecognized name", ""},
		{greet("\x15\x03\x03\x00\x02\x02\x74"), fetch.KindHandshake, "certificate required", ""},
		{greet("\x15\x03\x03\x00\x02\x02\x78"), fetch.KindHandshake, "no application protocol", ""},
		{testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, testserver.Answer(noContent)), fetch.KindCertificate, "not for p.test", "skip the check with -k"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := testserver.Serve(l, c.serve)
		defer server.Close()
		there := netip.MustParseAddrPort(server.Addr())
		o := fetch.Options{
			Proxies: through(t, fmt.Sprintf("https://p.test:%d", there.Port())),
			Routes:  []fetch.Route{{Host: "p.test", Addrs: []netip.Addr{there.Addr()}}},
			TLS:     &tls.Config{RootCAs: testserver.Pool(ca)},
		}
		for _, target := range []string{"http://h.test", "https://h.test"} {
			r := askOne(t, t.Context(), o, target)
			wantTLSError(t, r, fetch.StageProxy, c.kind, c.message, c.hint)
			if strings.Contains(r.Err.Hint, "--sni") {
				t.Errorf("hint %q", r.Err.Hint)
			}
		}
	}
}

// What --resolve and --connect-to mean where there is a proxy.
func TestProxyRoutes(t *testing.T) {
	addr := netip.MustParseAddr
	given := func(host string, port uint16, addrs ...string) fetch.Route {
		r := fetch.Route{Host: host, Port: port}
		for _, a := range addrs {
			r.Addrs = append(r.Addrs, addr(a))
		}
		return r
	}
	for _, c := range []struct {
		name, proxy, target string
		routes              []fetch.Route
		family              int
		dialled             string
		asked               string // the request line, or what a SOCKS proxy was asked for; "" if none came
	}{
		{"a proxy's name is resolved", "http://p.test:3128", "h.test", []fetch.Route{given("p.test", 3128, "192.0.2.9")}, 0, "192.0.2.9:3128", "GET http://h.test/ HTTP/1.1"},
		{"in any case", "http://P.test:3128", "h.test", []fetch.Route{given("p.TEST.", 3128, "192.0.2.9")}, 0, "192.0.2.9:3128", "GET http://h.test/ HTTP/1.1"},
		{"a target is the proxy's to look up", "http://192.0.2.9:3128", "h.test", []fetch.Route{given("h.test", 80, "192.0.2.1")}, 0, "192.0.2.9:3128", "GET http://h.test/ HTTP/1.1"},
		{"by socks5h, too", "socks5h://192.0.2.9", "h.test", []fetch.Route{given("h.test", 80, "192.0.2.1")}, 0, "192.0.2.9:1080", "\x03\x06h.test\x00\x50"},
		{"but not by socks5", "socks5://192.0.2.9", "h.test", []fetch.Route{given("h.test", 80, "192.0.2.1")}, 0, "192.0.2.9:1080", "\x01\xc0\x00\x02\x01\x00\x50"},
		{"another host needs a tunnel", "http://192.0.2.9:3128", "h.test", []fetch.Route{{Host: "h.test", ToHost: "o.test"}}, 0, "192.0.2.9:3128", "CONNECT o.test:80 HTTP/1.1"},
		{"another port needs a tunnel", "http://192.0.2.9:3128", "h.test", []fetch.Route{{Host: "h.test", ToPort: 81}}, 0, "192.0.2.9:3128", "CONNECT h.test:81 HTTP/1.1"},
		{"the same ones need none", "http://192.0.2.9:3128", "h.test", []fetch.Route{{Host: "h.test", ToHost: "h.test", ToPort: 80}}, 0, "192.0.2.9:3128", "GET http://h.test/ HTTP/1.1"},
		{"in any case, too", "http://192.0.2.9:3128", "h.test", []fetch.Route{{ToHost: "H.TEST"}}, 0, "192.0.2.9:3128", "GET http://h.test/ HTTP/1.1"},
		{"an address in brackets", "http://192.0.2.9:3128", "h.test", []fetch.Route{{ToHost: "2001:db8::1"}}, 0, "192.0.2.9:3128", "CONNECT [2001:db8::1]:80 HTTP/1.1"},
		{"the proxy itself is not led elsewhere", "http://192.0.2.9:3128", "h.test", []fetch.Route{{ToHost: "192.0.2.8", ToPort: 8}}, 0, "192.0.2.9:3128", "CONNECT 192.0.2.8:8 HTTP/1.1"},
		{"another host by SOCKS", "socks5h://192.0.2.9", "h.test", []fetch.Route{{ToHost: "o.test"}}, 0, "192.0.2.9:1080", "\x03\x06o.test\x00\x50"},
		{"another host, resolved here", "socks5://192.0.2.9", "h.test", []fetch.Route{given("o.test", 81, "192.0.2.1"), {ToHost: "o.test", ToPort: 81}}, 0, "192.0.2.9:1080", "\x01\xc0\x00\x02\x01\x00\x51"},
		{"-4 and a target of IPv6 is the proxy's matter", "http://192.0.2.9:3128", "[2001:db8::1]", nil, 4, "192.0.2.9:3128", "GET http://[2001:db8::1]/ HTTP/1.1"},
		{"-4 and a proxy of IPv6", "http://[2001:db8::9]:3128", "h.test", nil, 4, "", ""},
		{"-6 and a proxy of IPv6", "http://[2001:db8::9]:3128", "h.test", nil, 6, "[2001:db8::9]:3128", "GET http://h.test/ HTTP/1.1"},
		{"-6 and socks5 with a target of IPv4", "socks5://[2001:db8::9]", "192.0.2.1", nil, 6, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dialled, asked := "", make(chan string, 1)
			target := testserver.Answer(noContent)
			serve := func(conn net.Conn) {
				request, _ := testserver.ReadRequest(conn)
				line, _, _ := strings.Cut(request, "\r\n")
				asked <- line
				if io.WriteString(conn, noContent); strings.HasPrefix(line, "CONNECT") {
					target(conn)
				}
			}
			if strings.HasPrefix(c.proxy, "socks") {
				serve = socks(asked, target)
			}
			o := fetch.Options{Proxies: through(t, c.proxy), Routes: c.routes, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				dialled = address
				return testserver.Pipe(serve)(ctx, network, address)
			}}
			o.Family = c.family
			r := askOne(t, t.Context(), o, c.target)
			if ok := c.asked != ""; ok != (r.Err == nil) || ok && r.Head.Status != 204 {
				t.Fatalf("status %d, error %v", r.Head.Status, r.Err)
			}
			if dialled != c.dialled {
				t.Errorf("connected to %s, want %s", dialled, c.dialled)
			}
			if c.asked == "" {
				if r.Err.Kind != fetch.KindNotFound {
					t.Errorf("error %v", r.Err)
				}
			} else if got := <-asked; got != c.asked {
				t.Errorf("%q, want %q", got, c.asked)
			}
		})
	}
}

// Each address of the proxy's name is tried, and which one answered is told.
func TestProxyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addrs := []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9")}
		o := fetch.Options{
			Proxies: through(t, "http://p.test:3128"), Routes: []fetch.Route{{Host: "p.test", Addrs: addrs}},
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				switch address {
				case "192.0.2.7:3128":
					return nil, syscall.ECONNREFUSED
				case "192.0.2.8:3128":
					return hang(ctx, network, address)
				}
				return testserver.Pipe(testserver.Answer(noContent))(ctx, network, address)
			},
		}
		r := askOne(t, t.Context(), o, "h.test")
		if r.Err != nil || r.Addr.String() != "192.0.2.9:3128" || r.Proxy != "http://p.test:3128" || r.Times.Total != 250*time.Millisecond {
			t.Errorf("error %v, proxy %s at %s after %v", r.Err, r.Proxy, r.Addr, r.Times.Total)
		}
	})
}

// A proxy's name that cannot be looked up, and a target's.
func TestProxyNames(t *testing.T) {
	nameserver := startNameserver(t, truth)
	for _, c := range []struct {
		proxy, target string
		stage         fetch.Stage
		message       string
	}{
		{"http://nosuch.test.:3128", "h.test", fetch.StageProxy, "http://nosuch.test.:3128: "},
		{"socks5://127.0.0.1:1", "nosuch.test.", fetch.StageDNS, ""},
		{"socks5h://127.0.0.1:1", "nosuch.test.", fetch.StageProxy, "socks5h://127.0.0.1:1: connection refused"},
		{"http://127.0.0.1:1", "nosuch.test.", fetch.StageProxy, "http://127.0.0.1:1: connection refused"},
	} {
		o := fetch.Options{Proxies: through(t, c.proxy)}
		o.DNS.Servers = []netip.AddrPort{nameserver.addr}
		r := askOne(t, t.Context(), o, c.target)
		if r.Err == nil || r.Err.Stage != c.stage || !strings.Contains(r.Err.Error(), c.message) {
			t.Errorf("%s through %s: %v", c.target, c.proxy, r.Err)
			continue
		}
		if isRefused := strings.HasSuffix(c.message, "refused"); isRefused != (r.Err.Kind == fetch.KindRefused) || !isRefused && r.Err.Kind != fetch.KindNotFound {
			t.Errorf("%s through %s: kind %s", c.target, c.proxy, r.Err.Kind)
		}
	}
}

// The addresses of a target's family that comes late are not the proxy's.
func TestProxyAndLateFamily(t *testing.T) {
	nameserver := startNameserver(t, func(a asked) [][]byte {
		if a.Type == dnsmessage.TypeAAAA {
			return nil
		}
		return truth(a)
	})
	o := fetch.Options{
		Proxies: through(t, "socks5://127.0.0.1"),
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			if address != "127.0.0.1:1080" {
				t.Errorf("connected to %s", address)
			}
			return nil, syscall.ECONNREFUSED
		},
	}
	o.DNS.Servers, o.DNS.Timeout = []netip.AddrPort{nameserver.addr}, 20*time.Second
	r := askOne(t, t.Context(), o, "h1.test.")
	if r.Err == nil || r.Err.Kind != fetch.KindRefused || r.Times.Total > o.DNS.Timeout/2 {
		t.Errorf("%v after %v, want a refusal that waits for no family", r.Err, r.Times.Total)
	}
}

// Behind a proxy the hosts count, and not the proxy's address.
func TestPerAddrBehindProxy(t *testing.T) {
	for _, url := range []string{"http://192.0.2.9:3128", "socks5h://192.0.2.9:3128"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			o := fetch.Options{
				Proxies: through(t, url), PerAddr: 1, Routes: []fetch.Route{{ToPort: 81}},
				Dial: testserver.Pipe(func(conn net.Conn) {
					second := func(conn net.Conn) {
						time.Sleep(time.Second)
						testserver.Answer(noContent)(conn)
					}
					if strings.HasPrefix(url, "socks") {
						socks(make(chan string, 1), second)(conn)
					} else {
						connecting(second)(conn)
					}
				}),
			}
			texts := []string{"a.test", "A.test.", "a.test:8080"}
			for i := range 20 {
				texts = append(texts, fmt.Sprintf("b%d.test", i))
			}
			for _, r := range askAll(t, t.Context(), o, texts...) {
				if r.Err != nil {
					t.Error(r.Err)
				}
			}
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("three times one host, one at a time, beside twenty others took %v", took)
			}
		})
	}
}

// leaving dials a proxy that reads what it is asked, so that the client is not still writing, and closes.
func leaving(ctx context.Context, network, address string) (net.Conn, error) {
	return testserver.Pipe(func(c net.Conn) { c.Read(make([]byte, 1<<10)) })(ctx, network, address)
}

// Which failures of a proxy may pass.
func TestProxyRetry(t *testing.T) {
	reply := func(text string) dialer { return testserver.Pipe(testserver.Answer(text)) }
	failing := func(err error) dialer {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	for _, c := range []struct {
		name, proxy string
		dial        dialer
		refused     bool
		again       bool
	}{
		{"reset", "http://192.0.2.9", failing(syscall.ECONNRESET), false, true},
		{"refused", "http://192.0.2.9", failing(syscall.ECONNREFUSED), false, false},
		{"refused, all the same", "http://192.0.2.9", failing(syscall.ECONNREFUSED), true, true},
		{"unreachable", "http://192.0.2.9", failing(syscall.EHOSTUNREACH), false, false},
		{"short of descriptors", "http://192.0.2.9", failing(syscall.EMFILE), false, true},
		{"silent", "http://192.0.2.9", testserver.Pipe(testserver.Silent), false, true},
		{"silent SOCKS", "socks5://192.0.2.9", testserver.Pipe(testserver.Silent), false, true},
		{"closes", "http://192.0.2.9", leaving, false, true},
		{"closes SOCKS", "socks5://192.0.2.9", leaving, false, true},
		{"407", "http://192.0.2.9", reply("HTTP/1.1 407 No\r\n\r\n"), false, false},
		{"403", "http://192.0.2.9", reply("HTTP/1.1 403 No\r\n\r\n"), false, false},
		{"503", "http://192.0.2.9", reply("HTTP/1.1 503 No\r\n\r\n"), true, false},
		{"garbage", "http://192.0.2.9", reply("hello\r\n"), true, false},
		{"interim replies without end", "http://192.0.2.9", reply(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 17)), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := fetch.Options{Proxies: through(t, c.proxy), Dial: c.dial, Tries: 2, RetryRefused: c.refused, ConnectTimeout: soon}
				r := askOne(t, t.Context(), o, "https://192.0.2.1")
				if want := map[bool]int{false: 1, true: 2}[c.again]; r.Tries != want || r.Err == nil || r.Err.Stage != fetch.StageProxy {
					t.Errorf("%d tries, want %d: %v", r.Tries, want, r.Err)
				}
			})
		})
	}
}

// A try that fails at the proxy leaves nothing for the next one to stumble over.
func TestProxyThenTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		o := fetch.Options{Proxies: through(t, "http://192.0.2.9:3128"), Routes: []fetch.Route{{ToPort: 81}}, Tries: 3, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			switch dials++; dials {
			case 1:
				return nil, syscall.ECONNRESET
			case 2:
				return leaving(ctx, network, address)
			}
			return testserver.Pipe(connecting(testserver.Answer(noContent)))(ctx, network, address)
		}}
		if r := askOne(t, t.Context(), o, "h.test"); r.Err != nil || r.Head.Status != 204 || r.Tries != 3 || r.Addr.String() != "192.0.2.9:3128" {
			t.Errorf("status %d, error %v, %d tries, at %s", r.Head.Status, r.Err, r.Tries, r.Addr)
		}
	})
}

// The scheme of a target chooses its proxy, and the list which have none.
func TestProxyChoice(t *testing.T) {
	through := func(url string) *fetch.Proxy {
		p, err := fetch.ParseProxy(url)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	o := fetch.Options{
		Proxies: fetch.Proxies{HTTP: through("http://192.0.2.8"), HTTPS: through("http://192.0.2.9"), Except: fetch.ParseNoProxy("direct.test")},
		Routes:  anyAddress(), Dial: func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED },
	}
	var got []string
	for _, r := range askAll(t, t.Context(), o, "h.test", "https://h.test", "direct.test", "https://a.direct.test") {
		got = append(got, fmt.Sprintf("%d %s", r.Target.Index, r.Proxy))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"0 http://192.0.2.8:1080", "1 http://192.0.2.9:1080", "2 ", "3 "}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each hop of a chain has a proxy of its own, and no hop the credentials of
// another's.
func TestProxyOfEachHop(t *testing.T) {
	replies := map[string]string{
		"192.0.2.8:1080": "HTTP/1.1 302 Found\r\nLocation: http://direct.test/\r\n\r\n",
		"192.0.2.1:80":   "HTTP/1.1 302 Found\r\nLocation: http://h.test/again\r\n\r\n",
	}
	var requests []string
	o := fetch.Options{
		Proxies:     fetch.Proxies{HTTP: through(t, "http://u:s3cr3t@192.0.2.8").HTTP, Except: fetch.ParseNoProxy("direct.test")},
		Routes:      []fetch.Route{{Host: "direct.test", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
		MaxRedirect: 9, Location: true,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			reply := replies[address]
			if address == "192.0.2.8:1080" {
				replies[address] = noContent
			}
			return testserver.Pipe(func(conn net.Conn) {
				request, _ := testserver.ReadRequest(conn)
				line, rest, _ := strings.Cut(request, "\r\n")
				requests = append(requests, fmt.Sprintf("%s at %s, credentials %t", line, address, strings.Contains(rest, "Proxy-Authorization: ")))
				io.WriteString(conn, reply)
			})(ctx, network, address)
		},
	}
	r := askOne(t, t.Context(), o, "http://h.test/")
	if r.Err != nil || r.Head.Status != 204 || r.Proxy != "http://192.0.2.8:1080" || len(r.Hops) != 2 || r.Hops[0].Proxy != r.Proxy || r.Hops[1].Proxy != "" {
		t.Fatalf("status %d, error %v, proxy %q, hops %+v", r.Head.Status, r.Err, r.Proxy, r.Hops)
	}
	want := []string{
		"GET http://h.test/ HTTP/1.1 at 192.0.2.8:1080, credentials true",
		"GET / HTTP/1.1 at 192.0.2.1:80, credentials false",
		"GET http://h.test/again HTTP/1.1 at 192.0.2.8:1080, credentials true",
	}
	if diff := cmp.Diff(want, requests); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A Proxy-Authorization of the user's is for the proxy that has got it, in every hop
// that goes there, and for nobody else that a redirect leads to.
func TestProxyAuthorizationOfEachHop(t *testing.T) {
	const first, second, direct = "192.0.2.8:1080", "192.0.2.9:1080", "192.0.2.1:80"
	_, leaf := servedCertificate()
	for _, c := range []struct {
		hops     []string
		want     []string // where each request went, and its Proxy-Authorization
		withheld []string // from each hop
	}{
		{
			[]string{"http://a.test/", "http://b.test/", "http://c.direct.test/", "http://d.direct.test/", "http://e.test/"},
			[]string{first + " Bearer x", first + " Bearer x", direct + " ", direct + " ", first + " Bearer x"},
			[]string{"", "", "Proxy-Authorization", "", ""},
		},
		{
			[]string{"http://a.test/", "https://b.test/", "http://c.test/"},
			[]string{first + " Bearer x", second + " ", first + " Bearer x"},
			[]string{"", "Proxy-Authorization", ""},
		},
		{ // it was for the first origin, and the proxy has credentials of its own
			[]string{"http://a.direct.test/", "http://b.test/", "http://c.test/"},
			[]string{direct + " Bearer x", first + " Basic dTpw", first + " Basic dTpw"},
			[]string{"", "Proxy-Authorization", ""},
		},
		{
			[]string{"https://a.test/", "http://b.test/"},
			[]string{second + " Bearer x", first + " Basic dTpw"},
			[]string{"", "Proxy-Authorization"},
		},
	} {
		var got, withheld []string
		o := fetch.Options{
			Proxies:     fetch.Proxies{HTTP: through(t, "http://u:p@"+first).HTTP, HTTPS: through(t, "http://u:p@"+second).HTTPS, Except: fetch.ParseNoProxy("direct.test")},
			Header:      []fetch.Field{{Name: "Proxy-Authorization", Value: "Bearer x"}},
			Routes:      []fetch.Route{{Port: 80, Addrs: []netip.Addr{netip.MustParseAddrPort(direct).Addr()}}},
			MaxRedirect: 9, Location: true, TLS: &tls.Config{InsecureSkipVerify: true},
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				serve := func(conn net.Conn) {
					request, _ := testserver.ReadRequest(conn)
					_, value, _ := strings.Cut(request, "Proxy-Authorization: ")
					value, _, _ = strings.Cut(value, "\r\n")
					got = append(got, address+" "+value)
					if len(got) == len(c.hops) {
						io.WriteString(conn, noContent)
					} else {
						io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: "+c.hops[len(got)]+"\r\n\r\n")
					}
				}
				if address == second {
					serve = connecting(testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, serve))
				}
				return testserver.Pipe(serve)(ctx, network, address)
			},
		}
		r := askOne(t, t.Context(), o, c.hops[0])
		for reply := range r.Replies() {
			withheld = append(withheld, strings.Join(reply.Withheld, ", "))
		}
		if r.Err != nil || !slices.Equal(got, c.want) || !slices.Equal(withheld, c.withheld) {
			t.Errorf("%q: error %v, asked %q, withheld %q; want %q, withheld %q", c.hops, r.Err, got, withheld, c.want, c.withheld)
		}
	}
}

// Where names are looked up for a proxy, it is known that a redirect comes from
// inside, and it may lead there. Where the proxy looks them up, or the target is
// an address, the same holds as far as that is known.
func TestProxyAndPrivateAddresses(t *testing.T) {
	for _, c := range []struct {
		proxy, target, to string
		blocked           bool
	}{
		{"socks5://203.0.113.9", "localhost", "http://b.localhost/x", false},
		{"socks5://203.0.113.9", "localhost", "http://10.0.0.1/x", false},
		{"socks5://203.0.113.9", "198.51.100.1", "http://b.localhost/x", true},
		{"socks5h://203.0.113.9", "localhost", "http://10.0.0.1/x", true},
		{"socks5h://203.0.113.9", "10.0.0.2", "http://10.0.0.1/x", false},
		{"http://203.0.113.9", "10.0.0.2", "http://10.0.0.1/x", false},
	} {
		asked := make(chan string, 2) // so that the proxy need not wait for the test
		target := func(conn net.Conn) {
			if request, _ := testserver.ReadRequest(conn); strings.Contains(request, "/x ") {
				io.WriteString(conn, noContent)
				return
			}
			io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: "+c.to+"\r\n\r\n")
		}
		o := fetch.Options{Proxies: through(t, c.proxy), Location: true, MaxRedirect: 5, Dial: piped(target)}
		if strings.HasPrefix(c.proxy, "socks") {
			o.Dial = piped(socks(asked, target))
		}
		r := askOne(t, t.Context(), o, c.target)
		if blocked := r.Err != nil && r.Err.Kind == fetch.KindBlocked; blocked != c.blocked || !blocked && r.Err != nil {
			t.Errorf("%s through %s to %s: %v", c.target, c.proxy, c.to, r.Err)
		}
	}
}
