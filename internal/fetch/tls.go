package fetch

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
)

// secure speaks TLS on the connection of an https target, and settles which
// protocol is spoken on it.
func (t *trip) secure() *Error {
	if !t.target.TLS {
		t.protocol = t.v.f.plain
		if t.forwarded {
			t.protocol = choose(t.v.f.offers, "") // known of the target, not of the proxy
		}
		return nil
	}
	if err := t.step.set(t.conn); err != nil {
		return newError(StageTLS, err)
	}
	client := tls.Client(&lastWords{Conn: t.stream}, t.tlsConfig())
	err := client.Handshake()
	state := client.ConnectionState()
	t.reply.Session = t.newSession(state, err)
	if err != nil {
		return t.tlsError(StageTLS, t.step.reword(describeHandshakeEOF(err)))
	}
	t.stream = client
	t.protocol = choose(t.v.f.offers, state.NegotiatedProtocol)
	t.reply.Times.TLS = t.v.elapsed()
	return nil
}

// newTLSConfig is what the configurations of all hosts have in common.
func newTLSConfig(o *Options, offers []protocol) *tls.Config {
	c := o.TLS.Clone()
	if c == nil {
		c = new(tls.Config)
	}
	for _, p := range offers {
		c.NextProtos = append(c.NextProtos, p.alpn)
	}
	// Some servers want a certificate only for some paths, and ask for it when
	// they have read the request.
	c.Renegotiation = tls.RenegotiateOnceAsClient
	if c.InsecureSkipVerify {
		c.MinVersion = cmp.Or(c.MinVersion, tls.VersionTLS10)
		if c.CipherSuites == nil {
			for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
				c.CipherSuites = append(c.CipherSuites, suite.ID)
			}
		}
	}
	return c
}

// tlsConfig is the configuration for the trip's host.
func (t *trip) tlsConfig() *tls.Config {
	c := t.v.f.tls.Clone()
	name := t.serverName()
	switch {
	case !t.v.f.options.NoSNI:
		c.ServerName = name
	case !c.InsecureSkipVerify:
		// Without a name crypto/tls checks nothing; the trip does it instead.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, c.RootCAs, name) }
	}
	c.GetClientCertificate = t.clientCertificate
	if t.classical {
		c.CurvePreferences = withoutHybrids(c.CurvePreferences)
	}
	return c
}

// serverName is the name that the certificate must be for: in lower case, since
// some servers compare it byte by byte with names that they know.
func (t *trip) serverName() string {
	if o := &t.v.f.options; o.ServerName != "" && !t.v.strayed {
		return strings.ToLower(o.ServerName)
	}
	return nameOf(t.target.Host, t.target.Addr)
}

// verify checks the server's certificate as crypto/tls does.
func verify(s tls.ConnectionState, roots *x509.CertPool, name string) error {
	o := x509.VerifyOptions{Roots: roots, DNSName: name, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(o); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return nil
}

// clientCertificate chooses as crypto/tls does, and notes that the server asked:
// that explains much of what servers do to clients without a certificate.
func (t *trip) clientCertificate(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	t.certAsked = true
	certificates := t.v.f.tls.Certificates
	if t.v.strayed {
		certificates = nil
	}
	for i := range certificates {
		if request.SupportsCertificate(&certificates[i]) == nil {
			return &certificates[i], nil
		}
	}
	return new(tls.Certificate), nil
}

// withoutHybrids leaves the curves whose key share is small: with them a
// ClientHello fits in one TCP segment, which some servers and middleboxes take
// for granted. Nothing is left out of a list of hybrids alone.
func withoutHybrids(curves []tls.CurveID) []tls.CurveID {
	if len(curves) == 0 {
		return []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	}
	classical := slices.DeleteFunc(slices.Clone(curves), func(id tls.CurveID) bool {
		return id == tls.X25519MLKEM768 || id == tls.SecP256r1MLKEM768 || id == tls.SecP384r1MLKEM1024
	})
	if len(classical) == 0 {
		return curves
	}
	return classical
}
