package fetch_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

const okReply = "HTTP/1.1 200 OK\r\n\r\n"

// servedCertificate is a certificate of a CA for www.test and 127.0.0.1.
func servedCertificate() (ca, leaf tls.Certificate) {
	ca = testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Sample CA"}}, nil, testserver.ECDSA)
	leaf = testserver.Issue(&x509.Certificate{DNSNames: []string{"www.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &ca, testserver.ECDSA)
	return ca, leaf
}

// askHTTPS asks a server on loopback.
func askHTTPS(t *testing.T, o fetch.Options, handle func(net.Conn)) *fetch.Result {
	t.Helper()
	return askNamed(t, o, "", handle)
}

// askNamed asks a server on loopback for a target that is elsewhere, if it is
// named.
func askNamed(t *testing.T, o fetch.Options, target string, handle func(net.Conn)) *fetch.Result {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := testserver.Serve(l, handle)
	defer s.Close()
	if target == "" {
		return askOne(t, t.Context(), o, "https://"+s.Addr())
	}
	there := netip.MustParseAddrPort(s.Addr())
	o.Routes = []fetch.Route{{Addrs: []netip.Addr{there.Addr()}, ToPort: there.Port()}}
	return askOne(t, t.Context(), o, target)
}

// insecure is what -k comes to.
func insecure() fetch.Options {
	return fetch.Options{TLS: &tls.Config{InsecureSkipVerify: true}}
}

// wantTLSError checks a failure: its message and its hint must hold these words.
func wantTLSError(t *testing.T, r *fetch.Result, stage fetch.Stage, kind fetch.Kind, message, hint string) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("status %d, want an error", r.Head.Status)
	}
	if r.Err.Stage != stage || r.Err.Kind != kind {
		t.Errorf("%s at %s (%v), want %s at %s", r.Err.Kind, r.Err.Stage, r.Err, kind, stage)
	}
	if text := r.Err.Err.Error(); !strings.Contains(text, message) || strings.Contains(text, "tls: ") || len(text) > 500 {
		t.Errorf("message %q, want %q in it", text, message)
	}
	if !strings.Contains(r.Err.Hint, hint) || (hint == "") != (r.Err.Hint == "") {
		t.Errorf("hint %q, want %q in it", r.Err.Hint, hint)
	}
}

// needKeptInput skips a test where the system drops what came before a reset.
func needKeptInput(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux is known to keep it")
	}
}

// Under TLS 1.3 a client has sent its request by the time that the server tells it
// that a certificate is missing. The server resets the connection, since it never
// reads the request: the alert must be told all the same, every time.
func TestCertificateWanted(t *testing.T) {
	needKeptInput(t)
	_, leaf := servedCertificate()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: version}
		stage := fetch.StageTLS
		if version == tls.VersionTLS13 {
			stage = fetch.StageRead
		}
		for range 20 {
			o := insecure()
			o.Tries = 3
			r := askHTTPS(t, o, func(conn net.Conn) {
				tls.Server(conn, config).Handshake()
				conn.(*net.TCPConn).SetLinger(0)
			})
			wantTLSError(t, r, stage, fetch.KindHandshake, "alert from the server: ", "--certificate FILE")
			if r.Tries != 1 || r.Session == nil {
				t.Errorf("%d tries, session %v", r.Tries, r.Session)
			}
		}
	}
}

// A server that is too busy says so and resets the connection before it has read
// anything: the client may be writing by then.
func TestAlertBeforeHello(t *testing.T) {
	needKeptInput(t)
	for range 50 {
		r := askHTTPS(t, insecure(), func(conn net.Conn) {
			io.WriteString(conn, "\x15\x03\x03\x00\x02\x02\x50")
			conn.(*net.TCPConn).SetLinger(0)
		})
		if r.Err != nil && r.Err.Stage == fetch.StageConnect {
			continue // reset before the connection was seen to stand
		}
		wantTLSError(t, r, fetch.StageTLS, fetch.KindHandshake, "alert from the server: internal error", "")
	}
}

// A certificate of another CA is presented, and not taken.
func TestCertificateRefused(t *testing.T) {
	ca, leaf := servedCertificate()
	config := &tls.Config{Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: testserver.Pool(ca)}
	client := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	for _, c := range []struct {
		issuer *tls.Certificate
		taken  bool
	}{{&ca, true}, {nil, false}} {
		o := fetch.Options{TLS: &tls.Config{
			RootCAs: testserver.Pool(ca), Certificates: []tls.Certificate{testserver.Issue(client, c.issuer, testserver.ECDSA)},
		}}
		r := askHTTPS(t, o, testserver.Secure(config, testserver.Answer(okReply)))
		if c.taken {
			if r.Err != nil {
				t.Error(r.Err)
			}
			continue
		}
		// The server says which CAs it trusts, and a certificate of none of them is not sent.
		wantTLSError(t, r, fetch.StageRead, fetch.KindHandshake, "alert from the server: certificate required", "the one of --certificate")
	}
}

// What breaks TLS after the handshake is no passing failure of the network.
func TestBrokenSession(t *testing.T) {
	_, leaf := servedCertificate()
	for _, c := range []struct{ name, sent, message string }{
		{"bad record MAC", "\x17\x03\x03\x00\x20" + strings.Repeat("x", 32), "not valid TLS: bad record MAC"},
		{"no TLS any more", okReply, "not valid TLS: received record with version"},
		{"oversized record", "\x17\x03\x03\xff\xff", "not valid TLS: oversized record"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := insecure()
			o.Tries = 3
			r := askHTTPS(t, o, testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, func(session net.Conn) {
				testserver.ReadRequest(session)
				raw := session.(*tls.Conn).NetConn()
				io.WriteString(raw, c.sent)
				testserver.Silent(raw)
			}))
			wantTLSError(t, r, fetch.StageRead, fetch.KindHandshake, c.message, "")
			if r.Tries != 1 {
				t.Errorf("%d tries", r.Tries)
			}
		})
	}
}

// A head that ends early over TLS is still the stream's fault.
func TestCutOverTLS(t *testing.T) {
	_, leaf := servedCertificate()
	r := askHTTPS(t, insecure(), testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, testserver.Answer("HTTP/1.1 200 OK\r\nServer: x\r\n")))
	wantTLSError(t, r, fetch.StageHead, fetch.KindClosed, "closed before the header section ended", "")
}

func TestServerName(t *testing.T) {
	ca, leaf := servedCertificate()
	anywhere := func(o fetch.Options) fetch.Options {
		o.TLS = &tls.Config{RootCAs: testserver.Pool(ca)}
		return o
	}
	for _, c := range []struct {
		target  string
		options fetch.Options
		sni     string
		fails   bool
	}{
		{"https://www.test", anywhere(fetch.Options{}), "www.test", false},
		{"https://WWW.Test.", anywhere(fetch.Options{}), "www.test", false},
		{"https://other.test", anywhere(fetch.Options{ServerName: "WWW.test"}), "www.test", false},
		{"https://other.test", anywhere(fetch.Options{}), "other.test", true},
		{"https://127.0.0.1", anywhere(fetch.Options{}), "", false},
		{"https://127.0.0.2", anywhere(fetch.Options{}), "", true},
		{"https://www.test", anywhere(fetch.Options{NoSNI: true}), "", false},
		{"https://other.test", anywhere(fetch.Options{NoSNI: true}), "", true},
		{"https://127.0.0.1", anywhere(fetch.Options{NoSNI: true}), "", false},
		{"https://www.test", fetch.Options{NoSNI: true}, "", true},
		{"https://www.test", fetch.Options{NoSNI: true, TLS: insecure().TLS}, "", false},
	} {
		asked := make(chan string, 1)
		config := &tls.Config{
			Certificates: []tls.Certificate{leaf},
			GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				asked <- hello.ServerName
				return nil, nil
			},
		}
		r := askNamed(t, c.options, c.target, testserver.Secure(config, testserver.Answer(okReply)))
		if sni := <-asked; sni != c.sni {
			t.Errorf("%s: SNI %q, want %q", c.target, sni, c.sni)
		}
		if failed := r.Err != nil; failed != c.fails || failed && r.Err.Kind != fetch.KindCertificate {
			t.Errorf("%s: error %v", c.target, r.Err)
		}
		if r.Session == nil || r.Session.ServerName != c.sni || r.Session.Verified != (!c.fails && c.options.TLS != nil && !c.options.TLS.InsecureSkipVerify) {
			t.Errorf("%s: session %+v", c.target, r.Session)
		}
	}
}

// With InsecureSkipVerify everything is looked at; without it old versions and
// suites are refused, and the hint tells how to look.
func TestOldServers(t *testing.T) {
	ca, _ := servedCertificate()
	www := &x509.Certificate{DNSNames: []string{"www.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}
	leaf := testserver.Issue(www, &ca, testserver.RSA)
	for _, c := range []struct {
		name    string
		version uint16
		suite   uint16
		curve   string
	}{
		{"TLS 1.0", tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "X25519"},
		{"TLS 1.1", tls.VersionTLS11, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "X25519"},
		{"RSA key exchange", tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, ""},
		{"3DES", tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, "X25519"},
		{"RC4", tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, "X25519"},
		{"RSA, RC4 and TLS 1.0", tls.VersionTLS10, tls.TLS_RSA_WITH_RC4_128_SHA, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			handle := testserver.Secure(&tls.Config{
				Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS10, MaxVersion: c.version, CipherSuites: []uint16{c.suite},
			}, testserver.Answer(okReply))
			r := askHTTPS(t, insecure(), handle)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if s := r.Session; s.Version != tls.VersionName(c.version) || s.Cipher != tls.CipherSuiteName(c.suite) || s.Curve != c.curve || s.Verified {
				t.Errorf("session %+v", s)
			}
			r = askHTTPS(t, fetch.Options{TLS: &tls.Config{RootCAs: testserver.Pool(ca)}}, handle)
			wantTLSError(t, r, fetch.StageTLS, fetch.KindHandshake, "", "-k looks at")
			bounded := insecure()
			bounded.TLS.MinVersion, bounded.TLS.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
			r = askHTTPS(t, bounded, handle)
			wantTLSError(t, r, fetch.StageTLS, fetch.KindHandshake, "", "")
		})
	}
}

// A server that answers in a version that was not offered sends no alert.
func TestInsistsOnVersion(t *testing.T) {
	hello := "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 32) + "\x00\x00\x2f\x00"
	r := askHTTPS(t, fetch.Options{}, greet(hello))
	wantTLSError(t, r, fetch.StageTLS, fetch.KindHandshake, "the server insists on TLS 1.0", "-k looks at")
}

// greet reads a first flight, sends bytes and waits for the client to go.
func greet(sent string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 4<<10))
		io.WriteString(conn, sent)
		testserver.Silent(conn)
	}
}

// A certificate that crypto/tls does not take is to blame, and not the handshake.
func TestUnreadableCertificate(t *testing.T) {
	ca, leaf := servedCertificate()
	huge, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 8999))
	if err != nil {
		t.Fatal(err)
	}
	huge.SetBit(huge.SetBit(huge, 8999, 1), 0, 1)
	hugeDER, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{}, ca.Leaf, &rsa.PublicKey{N: huge, E: 65537}, ca.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	der := leaf.Certificate[0]
	serial := leaf.Leaf.SerialNumber.Bytes()
	at := bytes.Index(der, serial)
	negative := bytes.Clone(der)
	negative[at] = 0x81 // and not 0xff, which must not stand before another negative byte
	for _, c := range []struct {
		name    string
		der     []byte
		message string
	}{
		{"no certificate at all", []byte("certificate"), "cannot be read: x509: malformed certificate"},
		{"cut short", der[:len(der)-10], "cannot be read: x509: "},
		{"a negative serial number", negative, "cannot be read: x509: negative serial number"},
		{"a huge key", hugeDER, "RSA key larger than 8192 bits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			handle := testserver.Secure(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.der}, PrivateKey: leaf.PrivateKey}}}, testserver.Silent)
			wantTLSError(t, askHTTPS(t, fetch.Options{}, handle), fetch.StageTLS, fetch.KindCertificate, c.message, "-k reads some")
			wantTLSError(t, askHTTPS(t, insecure(), handle), fetch.StageTLS, fetch.KindCertificate, c.message, "openssl s_client")
		})
	}
}

// helloOf reads a ClientHello and says how long its record is and whether it
// offers X25519MLKEM768.
func helloOf(conn net.Conn) (length int, hybrid bool) {
	record := make([]byte, 4<<10)
	n, err := io.ReadAtLeast(conn, record, 5)
	for err == nil && n < 5+int(record[3])<<8+int(record[4]) {
		var more int
		more, err = conn.Read(record[n:])
		n += more
	}
	return n, bytes.Contains(record[:n], []byte{0x11, 0xec})
}

// When a try failed in TLS, the next one offers what fits in a segment, and so do
// those after it.
func TestSmallerHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type hello struct {
			small, hybrid bool
		}
		var hellos []hello
		o := insecure()
		o.Tries = 3
		o.Dial = testserver.Pipe(func(conn net.Conn) {
			length, hybrid := helloOf(conn)
			hellos = append(hellos, hello{length < 1400, hybrid})
		})
		o.Routes = []fetch.Route{{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}
		r := askOne(t, t.Context(), o, "https://"+strings.Repeat("a234567.", 30)+"test")
		wantTLSError(t, r, fetch.StageTLS, fetch.KindClosed, "closed during the handshake", "")
		want := []hello{{false, true}, {true, false}, {true, false}}
		if len(hellos) != len(want) || hellos[0] != want[0] || hellos[1] != want[1] || hellos[2] != want[2] {
			t.Errorf("hellos %v, want %v", hellos, want)
		}
	})
}

// The curves that are asked for stay those that are offered.
func TestCurves(t *testing.T) {
	_, leaf := servedCertificate()
	for _, c := range []struct {
		curves []tls.CurveID
		tries  int
		want   string
	}{
		{nil, 1, "X25519MLKEM768"},
		{nil, 2, "X25519"},
		{[]tls.CurveID{tls.CurveP384}, 1, "P-384"},
		{[]tls.CurveID{tls.CurveP384}, 2, "P-384"},
		{[]tls.CurveID{tls.SecP256r1MLKEM768, tls.CurveP521}, 2, "P-521"},
		{[]tls.CurveID{tls.SecP256r1MLKEM768}, 2, "SecP256r1MLKEM768"},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			o := insecure()
			o.TLS.CurvePreferences = c.curves
			o.Tries = c.tries
			serve := testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, testserver.Answer(okReply))
			o.Dial = testserver.Pipe(func(conn net.Conn) {
				if asked++; asked == c.tries {
					serve(conn)
				} else {
					helloOf(conn)
				}
			})
			r := askOne(t, t.Context(), o, "https://192.0.2.1")
			if r.Err != nil || r.Session.Curve != c.want {
				t.Errorf("curves %v, try %d: %+v, error %v; want %s", c.curves, c.tries, r.Session, r.Err, c.want)
			}
		})
	}
}

// A handshake that takes too long says how long it took.
func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := insecure()
		o.Dial, o.ConnectTimeout = testserver.Pipe(testserver.Silent), 3*time.Second
		wantTLSError(t, askOne(t, t.Context(), o, "https://192.0.2.1"), fetch.StageTLS, fetch.KindTimeout, "timed out after 3s", "")
	})
}
