package fetch_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// An origin is a server that tells how it was asked, over either protocol and with
// or without TLS, and answers as it is told to by path.
type origin struct {
	addr netip.AddrPort
	ca   *x509.CertPool

	mu    sync.Mutex
	asked []string
}

// startOrigin serves on a loopback address of its own, or at a socket's path.
func startOrigin(t *testing.T, network, address string, locations map[string]string) *origin {
	t.Helper()
	ca, _ := servedCertificate()
	leaf := testserver.Issue(&x509.Certificate{DNSNames: []string{"a.test", "b.test", "front.test"}}, &ca, testserver.ECDSA)
	o := &origin{ca: testserver.Pool(ca)}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	if network == "tcp" {
		o.addr = netip.MustParseAddrPort(l.Addr().String())
	}
	server := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequestClientCert, NextProtos: []string{"h2", "http/1.1"}},
		Protocols: new(http.Protocols),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			scheme, with := "http", ""
			if r.TLS != nil {
				scheme = "https"
				with = fmt.Sprintf(" sni=%s certificates=%d", r.TLS.ServerName, len(r.TLS.PeerCertificates))
			}
			if r.URL.IsAbs() {
				with += " absolute"
			}
			o.mu.Lock()
			o.asked = append(o.asked, fmt.Sprintf("%s %s://%s%s%s", r.Proto, scheme, r.Host, r.URL.Path, with))
			o.mu.Unlock()
			if to := locations[r.URL.Path]; to != "" {
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusFound)
			}
		}),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	sniffed := &sniffer{Listener: l, config: server.TLSConfig}
	go server.Serve(sniffed)
	t.Cleanup(func() { server.Close() })
	return o
}

// sniffer speaks TLS with clients that do.
type sniffer struct {
	net.Listener
	config *tls.Config
}

func (s *sniffer) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil {
		return conn, nil
	}
	again := &peeked{Conn: conn, first: first}
	if first[0] != 0x16 {
		return again, nil
	}
	return tls.Server(again, s.config), nil
}

// peeked is a connection of which the first byte was read.
type peeked struct {
	net.Conn
	first []byte
}

func (p *peeked) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// took returns the requests so far, and forgets them.
func (o *origin) took() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.asked = nil }()
	return o.asked
}

// to leads every target to the origin.
func (o *origin) to() []fetch.Route {
	return []fetch.Route{{ToPort: o.addr.Port(), Addrs: []netip.Addr{o.addr.Addr()}}}
}

// tunnelTo is a proxy, over TLS or not, whose tunnels all lead to the origin and
// which passes what it is to forward there as it is.
func (o *origin) tunnelTo(connects *[]string) func(net.Conn) {
	return func(conn net.Conn) {
		there, err := net.Dial("tcp", o.addr.String())
		if err != nil {
			return
		}
		defer there.Close()
		request, err := testserver.ReadRequest(conn)
		if err != nil {
			return
		}
		line, _, _ := strings.Cut(request, "\r\n")
		*connects = append(*connects, line)
		if strings.HasPrefix(line, "CONNECT ") {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		} else {
			io.WriteString(there, request)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.Copy(conn, there)
			conn.Close()
		}()
		io.Copy(there, conn)
		there.Close()
		<-done
	}
}

// Protocols, proxies and redirects go together.
func TestCombined(t *testing.T) {
	o := startOrigin(t, "tcp", "127.0.0.1:0", map[string]string{"/to-https": "https://a.test/x", "/to-http": "http://b.test/x", "/same": "/x"})
	for _, c := range []struct {
		name, target string
		protocol     string
		known        bool
		proxied      bool
		detour       bool // --connect-to
		want         []string
		proxy        []string
	}{
		{name: "HTTP/2 through a tunnel", target: "https://a.test/", protocol: "HTTP/2", proxied: true, want: []string{"HTTP/2.0 https://a.test/ sni=a.test certificates=0"}, proxy: []string{"CONNECT a.test:443 HTTP/1.1"}},
		{name: "HTTP/1.1 where it is forwarded", target: "http://a.test/", protocol: "HTTP/2", proxied: true, want: []string{"HTTP/1.1 http://a.test/ absolute"}, proxy: []string{"GET http://a.test/ HTTP/1.1"}},
		{name: "and where HTTP/2 is known", target: "http://a.test/", protocol: "HTTP/2", known: true, proxied: true, want: []string{"HTTP/1.1 http://a.test/ absolute"}, proxy: []string{"GET http://a.test/ HTTP/1.1"}},
		{name: "but not in a tunnel", target: "http://a.test/", protocol: "HTTP/2", known: true, proxied: true, detour: true, want: []string{"HTTP/2.0 http://a.test/"}, proxy: []string{"CONNECT b.test:80 HTTP/1.1"}},
		{name: "HTTP/2 that is known, over TLS", target: "https://a.test/", protocol: "HTTP/2", known: true, want: []string{"HTTP/2.0 https://a.test/ sni=a.test certificates=0"}},
		{
			name: "a chain out of HTTP/2", target: "https://a.test/to-http", protocol: "HTTP/2",
			want: []string{"HTTP/2.0 https://a.test/to-http sni=a.test certificates=0", "HTTP/1.1 http://b.test/x"},
		},
		{
			name: "a chain into HTTP/2", target: "http://a.test/to-https", protocol: "HTTP/2",
			want: []string{"HTTP/1.1 http://a.test/to-https", "HTTP/2.0 https://a.test/x sni=a.test certificates=0"},
		},
		{
			name: "a chain through a proxy", target: "http://a.test/to-https", protocol: "HTTP/2", known: true, proxied: true,
			want:  []string{"HTTP/1.1 http://a.test/to-https absolute", "HTTP/2.0 https://a.test/x sni=a.test certificates=0"},
			proxy: []string{"GET http://a.test/to-https HTTP/1.1", "CONNECT a.test:443 HTTP/1.1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var proxied []string
			options := fetch.Options{
				Protocol: c.protocol, PriorKnowledge: c.known, Location: true, MaxRedirect: 5, AllowPrivate: true,
				TLS: &tls.Config{RootCAs: o.ca}, Routes: o.to(),
			}
			if c.proxied {
				s := startTCP(t, o.tunnelTo(&proxied))
				options.Routes = nil
				if c.detour {
					options.Routes = []fetch.Route{{ToHost: "b.test"}}
				}
				options.Proxies = through(t, "http://"+s)
			}
			r := askOne(t, t.Context(), options, c.target)
			if r.Err != nil || r.Head.Status != 200 {
				t.Fatalf("status %d, error %v", r.Head.Status, r.Err)
			}
			if diff := cmp.Diff(c.want, o.took()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.proxy, proxied); diff != "" {
				t.Errorf("at the proxy (-want +got):\n%s", diff)
			}
		})
	}
}

// startTCP serves on loopback until the test ends.
func startTCP(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := testserver.Serve(l, handle)
	t.Cleanup(s.Close)
	return s.Addr()
}

// A server name and a client's certificate are for the origin that the user meant,
// and stay at home once a redirect has led away, also when it leads back.
func TestRedirectKeepsTLSAtHome(t *testing.T) {
	o := startOrigin(t, "tcp", "127.0.0.1:0", map[string]string{
		"/same": "/away", "/away": "https://b.test/back", "/back": "https://a.test/end", "/port": "https://a.test:8443/end",
	})
	client := testserver.Issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, nil, testserver.ECDSA)
	for target, want := range map[string][]string{
		"https://a.test/same": {
			"HTTP/1.1 https://a.test/same sni=front.test certificates=1",
			"HTTP/1.1 https://a.test/away sni=front.test certificates=1",
			"HTTP/1.1 https://b.test/back sni=b.test certificates=0",
			"HTTP/1.1 https://a.test/end sni=a.test certificates=0",
		},
		"https://a.test/port": {
			"HTTP/1.1 https://a.test/port sni=front.test certificates=1",
			"HTTP/1.1 https://a.test:8443/end sni=a.test certificates=0",
		},
	} {
		options := fetch.Options{
			Location: true, MaxRedirect: 5, AllowPrivate: true, Routes: o.to(), ServerName: "front.test",
			TLS: &tls.Config{RootCAs: o.ca, Certificates: []tls.Certificate{client}},
		}
		r := askOne(t, t.Context(), options, target)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if diff := cmp.Diff(want, o.took()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
		var withheld []string
		for reply := range r.Replies() {
			withheld = append(withheld, reply.Withheld...)
		}
		if want := []string{"SNI front.test", "client certificate"}; !slices.Equal(withheld, want) {
			t.Errorf("%s: withheld %q, want %q", target, withheld, want)
		}
	}
}

// After a redirect to another origin, no hint is at an option that goes to the first only.
func TestHintsAfterRedirect(t *testing.T) {
	o := startOrigin(t, "tcp", "127.0.0.1:0", map[string]string{"/away": "https://b.test/"})
	_, leaf := servedCertificate()
	client := testserver.Issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, nil, testserver.ECDSA)
	wants := &tls.Config{Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	for _, c := range []struct {
		serve         func(net.Conn)
		kind          fetch.Kind
		message, hint string
	}{
		{testserver.Secure(wants, answer(okReply)), fetch.KindHandshake, "alert from the server: ", "to the first origin only, so ask for this URL itself"},
		{greet("\x15\x03\x03\x00\x02\x02\x70"), fetch.KindHandshake, "unrecognized name", ""},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := testserver.Serve(l, c.serve)
		defer server.Close()
		there := netip.MustParseAddrPort(server.Addr())
		options := insecure()
		options.TLS.Certificates = []tls.Certificate{client}
		options.Location, options.MaxRedirect, options.ServerName = true, 5, "front.test"
		options.Routes = append([]fetch.Route{{Host: "b.test", ToPort: there.Port()}}, o.to()...)
		wantTLSError(t, askOne(t, t.Context(), options, "https://a.test/away"), fetch.StageTLS, c.kind, c.message, c.hint)
	}
}

// A Unix socket takes what TCP would: TLS, HTTP/2, whole chains, whatever the host.
func TestUnixSocketCombined(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	o := startOrigin(t, "unix", path, map[string]string{"/go": "https://b.test/x"})
	for _, c := range []struct {
		target, protocol string
		known            bool
		want             []string
	}{
		{"http://a.test/", "", false, []string{"HTTP/1.1 http://a.test/"}},
		{"http://a.test/", "HTTP/2", true, []string{"HTTP/2.0 http://a.test/"}},
		{"https://a.test/", "", false, []string{"HTTP/1.1 https://a.test/ sni=a.test certificates=0"}},
		{"https://a.test/", "HTTP/2", false, []string{"HTTP/2.0 https://a.test/ sni=a.test certificates=0"}},
		{"http://a.test/go", "HTTP/2", false, []string{"HTTP/1.1 http://a.test/go", "HTTP/2.0 https://b.test/x sni=b.test certificates=0"}},
	} {
		options := fetch.Options{
			UnixSocket: path, Protocol: c.protocol, PriorKnowledge: c.known, Location: true, MaxRedirect: 5, PerAddr: 1,
			Proxies: through(t, "http://127.0.0.1:1"), TLS: &tls.Config{RootCAs: o.ca},
		}
		r := askOne(t, t.Context(), options, c.target)
		if r.Err != nil || r.Head.Status != 200 || r.Addr.IsValid() || r.Proxy != "" {
			t.Errorf("%s: status %d, error %v, addr %v, proxy %q", c.target, r.Head.Status, r.Err, r.Addr, r.Proxy)
		}
		if diff := cmp.Diff(c.want, o.took()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.target, diff)
		}
	}
}

// HTTP/2 has the user's Host and credentials where HTTP/1 has them, and another
// origin gets neither.
func TestHTTP2Credentials(t *testing.T) {
	var got []string
	var mu sync.Mutex
	ca, _ := servedCertificate()
	leaf := testserver.Issue(&x509.Certificate{DNSNames: []string{"a.test", "b.test"}}, &ca, testserver.ECDSA)
	server := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"h2"}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			user, password, _ := r.BasicAuth()
			got = append(got, fmt.Sprintf("%s %s %s:%s cookie=%s own=%s", r.Proto, r.Host, user, password, r.Header.Get("Cookie"), r.Header.Get("X-Own")))
			if r.URL.Path == "/" {
				w.Header().Set("Location", "https://b.test/x")
				w.WriteHeader(http.StatusMovedPermanently)
			}
		}),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.ServeTLS(l, "", "")
	t.Cleanup(func() { server.Close() })
	at := netip.MustParseAddrPort(l.Addr().String())
	o := fetch.Options{
		Protocol: "HTTP/2", Location: true, MaxRedirect: 5, AllowPrivate: true, TLS: &tls.Config{RootCAs: testserver.Pool(ca)},
		Routes: []fetch.Route{{ToPort: at.Port(), Addrs: []netip.Addr{at.Addr()}}},
		Header: []fetch.Field{{Name: "Host", Value: "front.test"}, {Name: "Cookie", Value: "c=1"}, {Name: "X-Own", Value: "1"}},
	}
	r := askOne(t, t.Context(), o, "https://user:secret@a.test/")
	mu.Lock()
	defer mu.Unlock()
	want := []string{"HTTP/2.0 front.test user:secret cookie=c=1 own=1", "HTTP/2.0 b.test : cookie= own=1"}
	if diff := cmp.Diff(want, got); r.Err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", r.Err, diff)
	}
	if want := []string{"Authorization", "Host", "Cookie"}; !slices.Equal(r.Withheld, want) {
		t.Errorf("withheld %q, want %q", r.Withheld, want)
	}
}
