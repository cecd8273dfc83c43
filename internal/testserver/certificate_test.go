package testserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"wget/internal/testserver"
)

// handshake is what a client and a server with these settings say of each other.
func handshake(t *testing.T, client, server *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	s := testserver.Serve(listen(t), testserver.Secure(server, testserver.Answer("HTTP/1.1 200 OK\r\n\r\n")))
	defer s.Close()
	session := tls.Client(dial(t, s.Addr()), client)
	if err := session.Handshake(); err != nil {
		return session.ConnectionState(), err
	}
	// Only what the server says afterwards shows that it has taken the client's certificate.
	session.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	_, err := session.Read(make([]byte, 100))
	return session.ConnectionState(), err
}

func TestIssue(t *testing.T) {
	www := &x509.Certificate{DNSNames: []string{"www.test"}}
	ca := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
	intermediate := testserver.Issue(&x509.Certificate{IsCA: true}, &ca, testserver.RSA)
	lower := testserver.Issue(&x509.Certificate{IsCA: true}, &intermediate, testserver.Ed25519)
	alone := testserver.Issue(&x509.Certificate{DNSNames: []string{"www.test"}, IsCA: true}, nil, testserver.RSA)
	long := time.Now().AddDate(-1, 0, 0)
	expired := testserver.Issue(&x509.Certificate{DNSNames: []string{"www.test"}, NotAfter: long}, &ca, testserver.ECDSA)
	for _, c := range []struct {
		name    string
		server  tls.Certificate
		trusted tls.Certificate
		chain   int // certificates that the server sends
		ok      func(error) bool
	}{
		{"from a CA", testserver.Issue(www, &ca, testserver.ECDSA), ca, 1, none},
		{"RSA", testserver.Issue(www, &ca, testserver.RSA), ca, 1, none},
		{"Ed25519", testserver.Issue(www, &ca, testserver.Ed25519), ca, 1, none},
		{"from an intermediate", testserver.Issue(www, &intermediate, testserver.ECDSA), ca, 2, none},
		{"from a second intermediate", testserver.Issue(www, &lower, testserver.ECDSA), ca, 3, none},
		{"from itself", alone, alone, 1, none},
		{"from nobody that is trusted", alone, ca, 1, as[x509.UnknownAuthorityError]},
		{"for another name", testserver.Issue(&x509.Certificate{DNSNames: []string{"other.test"}}, &ca, testserver.ECDSA), ca, 1, as[x509.HostnameError]},
		{"expired", expired, ca, 1, as[x509.CertificateInvalidError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := handshake(t,
				&tls.Config{ServerName: "www.test", RootCAs: testserver.Pool(c.trusted)},
				&tls.Config{Certificates: []tls.Certificate{c.server}})
			if !c.ok(err) {
				t.Errorf("error %v", err)
			}
			if n := len(c.server.Certificate); n != c.chain {
				t.Errorf("%d certificates, want %d", n, c.chain)
			}
		})
	}
}

func none(err error) bool { return err == nil }

func as[E error](err error) bool { return errors.As(err, new(E)) }

func TestIssueToClient(t *testing.T) {
	ca := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
	server := &tls.Config{
		Certificates: []tls.Certificate{testserver.Issue(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &ca, testserver.ECDSA)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: testserver.Pool(ca),
	}
	for usage, ok := range map[x509.ExtKeyUsage]bool{x509.ExtKeyUsageClientAuth: true, x509.ExtKeyUsageServerAuth: false} {
		user := testserver.Issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{usage}}, &ca, testserver.ECDSA)
		client := &tls.Config{ServerName: "127.0.0.1", RootCAs: testserver.Pool(ca), Certificates: []tls.Certificate{user}}
		if _, err := handshake(t, client, server); (err == nil) != ok {
			t.Errorf("usage %v: error %v", usage, err)
		}
	}
}

// What goes into files can be read back.
func TestPEM(t *testing.T) {
	ca := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
	intermediate := testserver.Issue(&x509.Certificate{IsCA: true}, &ca, testserver.ECDSA)
	for _, keyType := range []testserver.KeyType{testserver.ECDSA, testserver.RSA, testserver.Ed25519} {
		leaf := testserver.Issue(&x509.Certificate{}, &intermediate, keyType)
		back, err := tls.X509KeyPair(testserver.PEM(leaf))
		if err != nil || len(back.Certificate) != 2 {
			t.Errorf("key type %d: %d certificates, error %v", keyType, len(back.Certificate), err)
		}
	}
}

func TestIssuePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a certificate with a key of no type")
		}
	}()
	testserver.Issue(&x509.Certificate{}, nil, -1)
}
