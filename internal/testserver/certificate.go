package testserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

// A KeyType is the kind of key that a certificate is for.
type KeyType int

const (
	ECDSA   KeyType = iota // on P-256
	RSA                    // of 2048 bits
	Ed25519                // RFC 8410
)

func (t KeyType) generate() (crypto.Signer, error) {
	switch t {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("testserver: no key type %d", t)
}

// Issue makes a key and a certificate for it, signed by issuer, or by itself if issuer is nil. Its shape is that of the
// template: DNSNames and IPAddresses for a server, IsCA for a CA or an intermediate, ExtKeyUsage for a client, a NotAfter
// that has passed for one that has expired. Where the template is silent, the certificate is valid until tomorrow, for two
// days in all, and its key may sign, a CA's also certificates. The result holds the intermediates that lead to a root,
// without the root, as a server should send them.
//
// A template of which no certificate can be made is a mistake in the test, and Issue panics.
func Issue(template *x509.Certificate, issuer *tls.Certificate, keyType KeyType) tls.Certificate {
	certificate, err := issue(*template, issuer, keyType)
	if err != nil {
		panic(err)
	}
	return certificate
}

func issue(template x509.Certificate, issuer *tls.Certificate, keyType KeyType) (made tls.Certificate, err error) {
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().AddDate(0, 0, 1)
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = template.NotAfter.AddDate(0, 0, -2)
	}
	if template.KeyUsage == 0 {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		if template.IsCA {
			template.KeyUsage |= x509.KeyUsageCertSign
		}
	}
	template.BasicConstraintsValid = true

	key, err := keyType.generate()
	if err != nil {
		return made, err
	}
	parent, signer := &template, key
	var chain [][]byte
	if issuer != nil {
		parent, signer = issuer.Leaf, issuer.PrivateKey.(crypto.Signer)
		if !selfSigned(parent) {
			chain = issuer.Certificate
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		return made, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: append([][]byte{der}, chain...), PrivateKey: key, Leaf: leaf}, err
}

// selfSigned does not look at the names, since a certificate in a test may have none.
func selfSigned(c *x509.Certificate) bool {
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// Pool returns a pool that trusts these certificates, for a client's RootCAs or a server's ClientCAs.
func Pool(trusted ...tls.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range trusted {
		pool.AddCert(c.Leaf)
	}
	return pool
}

// PEM returns the certificates and the key (PKCS #8) as they stand in files.
func PEM(c tls.Certificate) (certificates, key []byte) {
	for _, der := range c.Certificate {
		certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		panic(err) // Issue makes no key that has no such form
	}
	return certificates, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
