package fetch

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Session describes a TLS session, also one that was given up when the server
// had shown its certificate.
type Session struct {
	Version    string // "TLS 1.3"
	Cipher     string
	Curve      string // or group of the key exchange; "" if the exchange was RSA's
	ALPN       string // "" if none was agreed on
	ServerName string // as sent; "" if none was
	Verified   bool   // the certificate is good for the target, and the server has its key; false too if nobody checked
	Stapled    bool   // the server sent an OCSP response

	// Described are the certificates, if they are known in words and not from a
	// handshake. Read them with Certificates.
	Described []Certificate

	sent [][]byte // the certificates in DER
}

// Certificate describes an X.509 certificate (RFC 5280).
type Certificate struct {
	Subject   string   // as RFC 4514 writes it
	Issuer    string   // in the same form
	Names     []string // subject alternative names: of hosts, addresses, mailboxes, URIs
	Serial    string   // in hexadecimal
	SHA256    string   // of the DER encoding, in hexadecimal
	NotBefore time.Time
	NotAfter  time.Time
	Key       string // kind and size of the public key, "ECDSA P-256"
}

// newSession keeps what a handshake came to, or nil if it ended before the
// server had shown a certificate. err is the handshake's.
func (t *trip) newSession(state tls.ConnectionState, err error) *Session {
	certificates := state.PeerCertificates
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		certificates = unverified.UnverifiedCertificates
	}
	if len(certificates) == 0 {
		return nil
	}
	// crypto/tls looks for a client certificate only when the server has shown that it has the key of its own, in
	// every key exchange that is not RSA's.
	s := &Session{
		Version:    tls.VersionName(state.Version),
		Cipher:     tls.CipherSuiteName(state.CipherSuite),
		Curve:      curveName(state.CurveID),
		ALPN:       state.NegotiatedProtocol,
		ServerName: state.ServerName,
		Verified:   (err == nil || t.certAsked) && !t.v.f.options.looksAtAnything(),
		Stapled:    len(state.OCSPResponse) > 0,
		sent:       make([][]byte, len(certificates)),
	}
	for i, c := range certificates {
		s.sent[i] = c.Raw
	}
	return s
}

// curveName is the name that the curve has in FIPS 186-5, or else in its RFC.
func curveName(id tls.CurveID) string {
	if id == 0 {
		return ""
	}
	name := id.String()
	if number, nist := strings.CutPrefix(name, "CurveP"); nist {
		return "P-" + number
	}
	return name
}

// Certificates describes the certificates that the server sent, its own first.
// The work is done at the first call, which must not run beside another.
func (s *Session) Certificates() []Certificate {
	if s.Described == nil && s.sent != nil {
		s.Described = make([]Certificate, len(s.sent))
		for i, der := range s.sent {
			s.Described[i] = describeCertificate(der)
		}
	}
	return s.Described
}

func describeCertificate(der []byte) (d Certificate) {
	sum := sha256.Sum256(der)
	d.SHA256 = hex.EncodeToString(sum[:])
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return d // crypto/tls has parsed it before: the settings of the runtime have changed since
	}
	d.Subject, d.Issuer = distinguishedName(c.RawSubject), distinguishedName(c.RawIssuer)
	d.NotBefore, d.NotAfter = c.NotBefore, c.NotAfter
	d.Names = append(d.Names, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		d.Names = append(d.Names, ip.String())
	}
	d.Names = append(d.Names, c.EmailAddresses...)
	for _, uri := range c.URIs {
		d.Names = append(d.Names, uri.String())
	}
	d.Serial = fmt.Sprintf("%02x", c.SerialNumber.Bytes())
	if c.SerialNumber.Sign() < 0 {
		d.Serial = "-" + d.Serial
	}
	d.Key = describeKey(c)
	return d
}

func describeKey(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Params().Name
	}
	if c.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return ""
	}
	return c.PublicKeyAlgorithm.String()
}
