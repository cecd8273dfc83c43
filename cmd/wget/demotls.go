package wget

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// demoCA vouches for the sample servers, in this run alone.
type demoCA struct {
	key         *ecdsa.PrivateKey // of every certificate
	certificate *x509.Certificate
}

func newDemoCA() (*demoCA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &demoCA{key: key}
	template := demoTemplate("a CA made up for --demo")
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	ca.certificate, err = x509.ParseCertificate(der)
	return ca, err
}

func demoTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 1), BasicConstraintsValid: true,
	}
}

// issue makes a certificate for the host that a client asks for.
func (ca *demoCA) issue(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	template := demoTemplate("a host made up for --demo")
	template.DNSNames, template.KeyUsage = []string{hello.ServerName}, x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, ca.key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: ca.key}, nil
}

// trusted is a client's configuration that trusts this CA and no other.
func (ca *demoCA) trusted(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AddCert(ca.certificate)
	return c
}

// accept speaks TLS on a connection whose client does, and plain text on others.
func (ca *demoCA) accept(conn net.Conn) (net.Conn, *bufio.Reader) {
	const handshake = 22 // content type of TLS records (RFC 8446 section 5.1)
	plain := bufio.NewReader(conn)
	if first, err := plain.Peek(1); err != nil || first[0] != handshake {
		return conn, plain
	}
	secure := tls.Server(&readConn{conn, plain}, &tls.Config{GetCertificate: ca.issue, NextProtos: []string{"http/1.1"}})
	return secure, bufio.NewReader(secure)
}

// readConn is a connection that is read through a buffer.
type readConn struct {
	net.Conn
	buffer *bufio.Reader
}

func (c *readConn) Read(p []byte) (int, error) { return c.buffer.Read(p) }
