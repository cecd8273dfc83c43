package fetch_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// h2Peer is a server's side of an HTTP/2 connection, by another implementation
// than the one under test.
type h2Peer struct {
	net.Conn
	*http2.Framer
	settings []http2.Setting
	request  *http2.MetaHeadersFrame
	gone     chan struct{} // closed when the client has gone
}

// readH2 reads what a client says first, and answers its SETTINGS. The client is
// read on until it has gone.
func readH2(conn net.Conn) (*h2Peer, error) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != http2.ClientPreface {
		return nil, fmt.Errorf("preface %q, error %w", preface, err)
	}
	p := &h2Peer{Conn: conn, Framer: http2.NewFramer(conn, conn), gone: make(chan struct{})}
	p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	p.MaxHeaderListSize = 32 << 20
	for p.request == nil {
		frame, err := p.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			frame.ForeachSetting(func(s http2.Setting) error {
				p.settings = append(p.settings, s)
				return nil
			})
		case *http2.MetaHeadersFrame:
			p.request = frame
		default:
			return nil, fmt.Errorf("%v before the request", frame)
		}
	}
	go func() {
		defer close(p.gone)
		io.Copy(io.Discard, conn)
	}()
	if err := p.WriteSettings(); err != nil {
		return nil, err
	}
	return p, p.WriteSettingsAck()
}

// block encodes fields, given as name, value, name, value.
func block(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

// reply sends the header section of a reply.
func (p *h2Peer) reply(fields ...string) {
	p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(fields...), EndHeaders: true})
}

// h2Served dials a server over HTTP/2 in this process, which may have a turn of
// its own for each connection.
func h2Served(t *testing.T, turns ...func(*h2Peer)) dialer {
	var turn atomic.Int32
	return testserver.Pipe(func(conn net.Conn) {
		p, err := readH2(conn)
		if err != nil {
			t.Error(err)
			return
		}
		turns[min(int(turn.Add(1)), len(turns))-1](p)
		<-p.gone
	})
}

func known() fetch.Options { return fetch.Options{Protocol: "HTTP/2", PriorKnowledge: true} }

func TestHTTP2Request(t *testing.T) {
	set := func(name, value string) fetch.Field { return fetch.Field{Name: name, Value: value} }
	long := strings.Repeat("ABCxyz", 10_000)
	for _, c := range []struct {
		name   string
		target string
		method string
		agent  string
		header []fetch.Field
		want   []string
	}{
		{
			"default", "h.test", "", "wget/test", nil,
			[]string{":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "user-agent: wget/test", "accept: */*"},
		},
		{
			"HEAD of a path, a query and a port", "h.test:81/a?b=c", "HEAD", "", nil,
			[]string{":method: HEAD", ":scheme: http", ":authority: h.test:81", ":path: /a?b=c", "accept: */*"},
		},
		{
			"an IPv6 address", "[2001:db8::1]:81", "", "", nil,
			[]string{":method: GET", ":scheme: http", ":authority: [2001:db8::1]:81", ":path: /", "accept: */*"},
		},
		{
			"Host, in any case", "h.test", "", "",
			[]fetch.Field{set("hOST", "other.test"), set("Host", "third.test")},
			[]string{":method: GET", ":scheme: http", ":authority: other.test", ":path: /", "accept: */*"},
		},
		{
			"no Host", "h.test", "", "",
			[]fetch.Field{{Name: "Host", Remove: true}},
			[]string{":method: GET", ":scheme: http", ":path: /", "accept: */*"},
		},
		{
			"names in lower case, values as they are", "h.test", "", "",
			[]fetch.Field{set("X-ABC", "DeF"), set("x-abc", "")},
			[]string{":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "accept: */*", "x-abc: DeF", "x-abc: "},
		},
		{
			"fields of HTTP/1 connections", "h.test", "", "",
			[]fetch.Field{
				set("Connection", "upgrade"), set("Upgrade", "h2c"), set("HTTP2-Settings", "x"), set("Keep-Alive", "x"),
				set("Transfer-Encoding", "chunked"), set("Proxy-Connection", "close"), set("TE", "gzip"), set("te", "trailers"),
			},
			[]string{":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "accept: */*", "te: trailers"},
		},
		{
			"credentials", "http://user:pass@h.test/", "", "", nil,
			[]string{":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "accept: */*", "authorization: Basic dXNlcjpwYXNz"},
		},
		{
			"credentials of a field", "http://user:pass@h.test/", "", "",
			[]fetch.Field{set("Authorization", "Bearer x")},
			[]string{":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "accept: */*", "authorization: Bearer x"},
		},
		{
			"more than a frame holds", "h.test", "", "",
			[]fetch.Field{set("X-Long", long), set("X-Length-65", strings.Repeat("Z", 65))},
			[]string{
				":method: GET", ":scheme: http", ":authority: h.test", ":path: /", "accept: */*", "x-long: " + long,
				"x-length-65: " + strings.Repeat("Z", 65),
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := known()
			o.Method, o.UserAgent, o.Header, o.Routes = c.method, c.agent, c.header, anyAddress()
			o.Dial = h2Served(t, func(p *h2Peer) {
				var got []string
				for _, f := range p.request.Fields {
					got = append(got, f.Name+": "+f.Value)
					if f.Sensitive != (f.Name == "authorization") {
						t.Errorf("%s: sensitive is %v", f.Name, f.Sensitive)
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if !p.request.StreamEnded() || p.request.StreamID != 1 {
					t.Error(p.request)
				}
				want := []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}, {ID: http2.SettingInitialWindowSize, Val: 1}}
				if diff := cmp.Diff(want, p.settings); diff != "" {
					t.Errorf("settings (-want +got):\n%s", diff)
				}
				p.reply(":status", "204")
			})
			if r := askOne(t, t.Context(), o, c.target); r.Err != nil || r.Head.Status != 204 || r.Head.Proto != "HTTP/2" {
				t.Errorf("%s %d, error %v", r.Head.Proto, r.Head.Status, r.Err)
			}
		})
	}
}

// What is said is said in as few records as there can be: the request in one,
// and what has to be said to a server that answers at once in another.
func TestHTTP2Writes(t *testing.T) {
	var writes [][]byte
	o := known()
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		var reply bytes.Buffer
		f := http2.NewFramer(&reply, nil)
		f.WriteSettings()
		f.WriteSettingsAck()
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(":status", "200"), EndHeaders: true})
		return &recorded{canned{reply: reply.Bytes()}, &writes}, nil
	}
	if r := askOne(t, t.Context(), o, "192.0.2.1"); r.Err != nil {
		t.Error(r.Err)
	}
	if len(writes) != 2 {
		t.Errorf("%d writes: %q", len(writes), writes)
	}
}

// recorded keeps what is written.
type recorded struct {
	canned
	writes *[][]byte
}

func (r *recorded) Write(b []byte) (int, error) {
	*r.writes = append(*r.writes, bytes.Clone(b))
	return len(b), nil
}

func TestHTTP2Retry(t *testing.T) {
	ok := func(p *h2Peer) { p.reply(":status", "204") }
	reset := func(code http2.ErrCode) func(*h2Peer) {
		return func(p *h2Peer) { p.WriteRSTStream(1, code) }
	}
	goAway := func(last uint32, code http2.ErrCode) func(*h2Peer) {
		return func(p *h2Peer) {
			p.WriteGoAway(last, code, nil)
			p.Close()
		}
	}
	for _, c := range []struct {
		name   string
		first  func(*h2Peer)
		tries  int
		status int
		says   string
	}{
		{"refused", reset(http2.ErrCodeRefusedStream), 2, 204, ""},
		{"reset for another reason", reset(http2.ErrCodeProtocol), 1, 0, "read: RST_STREAM PROTOCOL_ERROR"},
		{"goes away before", goAway(0, http2.ErrCodeNo), 2, 204, ""},
		{"goes away and closes", goAway(1, http2.ErrCodeInternal), 2, 204, ""},
		{"closes", func(p *h2Peer) { p.Close() }, 2, 204, ""},
		{"breaks the rules", func(p *h2Peer) { p.WriteData(1, false, nil) }, 1, 0, "head: broken HTTP/2, PROTOCOL_ERROR: DATA on stream 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := known()
				o.Tries, o.Dial = 3, h2Served(t, c.first, ok)
				r := askOne(t, t.Context(), o, "192.0.2.1")
				if r.Tries != c.tries || r.Head.Status != c.status || c.says != "" && r.Err.Error() != c.says {
					t.Errorf("%d tries, status %d, error %v; want %d, %d, %q", r.Tries, r.Head.Status, r.Err, c.tries, c.status, c.says)
				}
			})
		})
	}
}

// A GOAWAY is told even if it let the request be answered, which did not happen.
func TestHTTP2GoneAway(t *testing.T) {
	o := known()
	o.Dial = h2Served(t, func(p *h2Peer) {
		p.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, []byte("calm down"))
		p.Close()
	})
	const want = `read: closed without a reply, after GOAWAY ENHANCE_YOUR_CALM "calm down"`
	if r := askOne(t, t.Context(), o, "192.0.2.1"); r.Err == nil || r.Err.Kind != fetch.KindClosed || r.Err.Error() != want {
		t.Errorf("%v, want %s", r.Err, want)
	}
}

// Whatever a server sends, its time is over when it is over.
func TestHTTP2Timeout(t *testing.T) {
	const bound = 3 * time.Second
	every := func(send func(*h2Peer) error) func(*h2Peer) {
		return func(p *h2Peer) {
			for send(p) == nil {
				time.Sleep(time.Second / 10)
			}
		}
	}
	for _, c := range []struct {
		name  string
		serve func(*h2Peer)
		stage fetch.Stage
		lines []string
	}{
		{"silent", func(p *h2Peer) {}, fetch.StageRead, nil},
		{"pings", every(func(p *h2Peer) error { return p.WritePing(false, [8]byte{}) }), fetch.StageRead, nil},
		{"goes away some time", every(func(p *h2Peer) error { return p.WriteGoAway(1, 0, nil) }), fetch.StageRead, nil},
		{"hints", func(p *h2Peer) { p.reply(":status", "103") }, fetch.StageHead, nil},
		{
			"continues", func(p *h2Peer) {
				p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(":status", "200", "a", "b")})
				every(func(p *h2Peer) error { return p.WriteContinuation(1, false, nil) })(p)
			},
			fetch.StageHead,
			[]string{"HTTP/2 200", "a: b"},
		},
		{
			"stops inside a frame", func(p *h2Peer) {
				var b bytes.Buffer
				http2.NewFramer(&b, nil).WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(":status", "200", "a", "b", "c", "d")})
				p.Write(b.Bytes()[:b.Len()-1])
			},
			fetch.StageHead,
			[]string{"HTTP/2 200", "a: b"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := known()
				o.ReadTimeout, o.Dial = bound, h2Served(t, c.serve)
				r := askOne(t, t.Context(), o, "192.0.2.1")
				time.Sleep(time.Second) // for the server to find the client gone
				if r.Err == nil || r.Err.Stage != c.stage || r.Err.Kind != fetch.KindTimeout || r.Times.Total != bound {
					t.Errorf("%v after %v, want a timeout at %s after %v", r.Err, r.Times.Total, c.stage, bound)
				}
				if got := headLines(&r.Head); !cmp.Equal(got, c.lines) {
					t.Errorf("kept %q, want %q", got, c.lines)
				}
			})
		})
	}
}

func headLines(h *fetch.Head) (lines []string) {
	for line := range h.Lines() {
		lines = append(lines, string(line))
	}
	return lines
}

// Go's own server, over TLS and without, as a third opinion.
func TestHTTP2GoServer(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request", strings.Join([]string{r.Method, r.Proto, r.Host, r.RequestURI, r.UserAgent()}, " "))
		w.Header().Set("Trailer", "X-After")
		w.Write(make([]byte, 1<<20))
		w.Header().Set("X-After", "1")
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNotFound)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 100_000))
	})
	mux.HandleFunc("/aborted", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })

	leaf := testserver.Issue(&x509.Certificate{IsCA: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, nil, testserver.ECDSA)
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	for _, scheme := range []string{"http", "https"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: mux, Protocols: &protocols, TLSConfig: &tls.Config{Certificates: []tls.Certificate{leaf}}}
		served := make(chan error)
		go func() {
			if scheme == "https" {
				served <- server.ServeTLS(l, "", "")
			} else {
				served <- server.Serve(l)
			}
		}()
		site := scheme + "://" + l.Addr().String()
		o := known()
		o.UserAgent, o.TLS = "wget/test", &tls.Config{RootCAs: testserver.Pool(leaf)}
		for _, c := range []struct {
			path string
			want []string // lines, but Date
			kind fetch.Kind
		}{
			{"/page?a=%2F", []string{
				"HTTP/2 200", "trailer: X-After",
				"x-request: GET HTTP/2.0 " + l.Addr().String() + " /page?a=%2F wget/test", "content-type: application/octet-stream",
			}, ""},
			{"/hints", []string{"HTTP/2 103", "link: </a>", "HTTP/2 404", "link: </a>", "content-length: 0"}, ""},
			{"/long", []string{"HTTP/2 200", "x-long: " + strings.Repeat("x", 100_000), "content-length: 0"}, ""},
			{"/aborted", nil, fetch.KindReset},
		} {
			r := askOne(t, t.Context(), o, site+c.path)
			var got []string
			for _, h := range append(r.Interim, r.Head) {
				for _, line := range headLines(&h) {
					if !strings.HasPrefix(line, "date: ") {
						got = append(got, line)
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" || (r.Err == nil) != (c.kind == "") || r.Err != nil && r.Err.Kind != c.kind {
				t.Errorf("%s%s: %v (-want +got):\n%.2000s", site, c.path, r.Err, diff)
			}
			if scheme == "https" && r.Session.ALPN != "h2" {
				t.Errorf("%s: ALPN %q", site, r.Session.ALPN)
			}
			if r.Err == nil && (r.Times.FirstByte == 0 || r.Times.FirstByte > r.Times.Total) {
				t.Errorf("%s: %+v", site, r.Times)
			}
		}
		server.Close()
		<-served
	}
}

// Where HTTP/2 is not agreed on, or could not be, HTTP/1.1 is spoken on the same
// connection.
func TestHTTP2Fallback(t *testing.T) {
	leaf := testserver.Issue(&x509.Certificate{IsCA: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, nil, testserver.ECDSA)
	answer := func(conn net.Conn) {
		if request, _ := testserver.ReadRequest(conn); strings.HasPrefix(request, "GET / HTTP/1.1\r\n") {
			io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	}
	for _, c := range []struct {
		name   string
		scheme string
		alpn   []string
		known  bool
		agreed string
	}{
		{"the server knows HTTP/1.1 alone", "https", []string{"http/1.1"}, false, "http/1.1"},
		{"the server knows no ALPN", "https", nil, false, ""},
		{"the server knows no ALPN, whatever is known", "https", nil, true, ""},
		{"http", "http", nil, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			handle := answer
			if c.scheme == "https" {
				handle = testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: c.alpn}, answer)
			}
			s := testserver.Serve(l, handle)
			defer s.Close()
			o := fetch.Options{Protocol: "HTTP/2", PriorKnowledge: c.known, TLS: &tls.Config{RootCAs: testserver.Pool(leaf)}}
			r := askOne(t, t.Context(), o, c.scheme+"://"+s.Addr())
			if r.Err != nil || r.Head.Proto != "HTTP/1.1" || r.Session != nil && r.Session.ALPN != c.agreed {
				t.Errorf("%s, session %+v, error %v", r.Head.Proto, r.Session, r.Err)
			}
		})
	}
}

// A request that a proxy forwards is one of HTTP/1.1: what is known is about the
// target.
func TestHTTP2Forwarded(t *testing.T) {
	proxy, err := fetch.ParseProxy("http://192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	o := known()
	o.Proxies.HTTP, o.Dial = proxy, testserver.Pipe(testserver.Answer("HTTP/1.1 204 No Content\r\n\r\n"))
	if r := askOne(t, t.Context(), o, "192.0.2.2"); r.Err != nil || r.Head.Proto != "HTTP/1.1" {
		t.Errorf("%s, error %v", r.Head.Proto, r.Err)
	}
}
