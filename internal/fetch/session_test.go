package fetch_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

func TestSession(t *testing.T) {
	until := time.Now().AddDate(0, 0, 7).UTC().Truncate(time.Second)
	from := until.AddDate(-1, 0, 0)
	valid := func(c x509.Certificate) *x509.Certificate { c.NotBefore, c.NotAfter = from, until; return &c }
	ca := testserver.Issue(valid(x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Root", Organization: []string{"Sample, Inc."}}, SerialNumber: big.NewInt(1)}), nil, testserver.RSA)
	middle := testserver.Issue(valid(x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Middle"}, SerialNumber: big.NewInt(0xabc)}), &ca, testserver.Ed25519)
	leaf := testserver.Issue(valid(x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(0x0f), 120),
		DNSNames:     []string{"www.test", "*.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		EmailAddresses: []string{"a@b.test"}, URIs: []*url.URL{{Scheme: "spiffe", Host: "test", Path: "/x"}},
	}), &middle, testserver.ECDSA)
	leaf.OCSPStaple = []byte("stapled")
	described := func(der []byte, d fetch.Certificate) fetch.Certificate {
		sum := sha256.Sum256(der)
		d.SHA256, d.NotBefore, d.NotAfter = hex.EncodeToString(sum[:]), from, until
		return d
	}
	want := fetch.Session{
		Version: "TLS 1.3", Curve: "P-256", ALPN: "http/1.1", ServerName: "www.test", Verified: true, Stapled: true,
		Described: []fetch.Certificate{
			described(leaf.Certificate[0], fetch.Certificate{
				Issuer: "CN=Middle", Names: []string{"www.test", "*.test", "127.0.0.1", "::1", "a@b.test", "spiffe://test/x"},
				Serial: "0f" + fmt.Sprintf("%030d", 0), Key: "ECDSA P-256",
			}),
			described(leaf.Certificate[1], fetch.Certificate{Subject: "CN=Middle", Issuer: `CN=Root,O=Sample\, Inc.`, Serial: "0abc", Key: "Ed25519"}),
		},
	}
	handle := testserver.Secure(&tls.Config{
		Certificates: []tls.Certificate{leaf}, CurvePreferences: []tls.CurveID{tls.CurveP256}, NextProtos: []string{"http/1.1"},
	}, testserver.Answer(okReply))
	unverified := want
	unverified.Verified = false
	for _, c := range []struct {
		name   string
		config *tls.Config
		want   fetch.Session
		failed bool
	}{
		{"verified", &tls.Config{RootCAs: testserver.Pool(ca)}, want, false},
		{"not verified", &tls.Config{InsecureSkipVerify: true}, unverified, false},
		{"not accepted", &tls.Config{RootCAs: x509.NewCertPool()}, unverified, true},
	} {
		r := askNamed(t, fetch.Options{TLS: c.config}, "https://www.test", handle)
		if (r.Err != nil) != c.failed || r.Session == nil || r.Session.Cipher == "" {
			t.Fatalf("%s: error %v, session %+v", c.name, r.Err, r.Session)
		}
		c.want.Cipher = r.Session.Cipher // depends on the processor
		r.Session.Certificates()
		r.Session.Certificates() // says the same again
		if diff := cmp.Diff(c.want, *r.Session, cmpopts.IgnoreUnexported(fetch.Session{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A server that shows the certificate of another is not verified. One that has its key, and ends the handshake since the
// client has none, is.
func TestSessionOfFailedHandshake(t *testing.T) {
	ca, leaf := servedCertificate()
	other := leaf
	other.PrivateKey = ca.PrivateKey
	for _, c := range []struct {
		name     string
		server   tls.Certificate
		auth     tls.ClientAuthType
		verified bool
	}{
		{"without the key", other, tls.NoClientCert, false},
		{"without the key, of clients with certificates", other, tls.RequireAnyClientCert, false},
		{"for clients with certificates", leaf, tls.RequireAnyClientCert, true},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			server := &tls.Config{Certificates: []tls.Certificate{c.server}, ClientAuth: c.auth, MaxVersion: version}
			o := fetch.Options{TLS: &tls.Config{RootCAs: testserver.Pool(ca)}}
			r := askNamed(t, o, "https://www.test", testserver.Secure(server, testserver.Answer(okReply)))
			if r.Err == nil || r.Session == nil || r.Session.Version != tls.VersionName(version) || r.Session.Verified != c.verified {
				t.Errorf("%s over %s: error %v, session %+v", c.name, tls.VersionName(version), r.Err, r.Session)
			}
		}
	}
}

func BenchmarkCertificates(b *testing.B) {
	ca := testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Root"}}, nil, testserver.RSA)
	middle := testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Middle"}}, &ca, testserver.ECDSA)
	leaf := testserver.Issue(&x509.Certificate{DNSNames: []string{"www.test"}}, &middle, testserver.ECDSA)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := testserver.Serve(l, testserver.Secure(&tls.Config{Certificates: []tls.Certificate{leaf}}, testserver.Answer(okReply)))
	defer s.Close()
	spec, err := fetch.Parse("https://"+s.Addr(), fetch.Defaults{})
	if err != nil {
		b.Fatal(err)
	}
	var session fetch.Session
	for r := range fetch.All(b.Context(), spec.All(), insecure()) {
		session = *r.Session
	}
	b.ReportAllocs()
	for b.Loop() {
		s := session
		s.Certificates()
	}
}
