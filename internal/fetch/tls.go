package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// secure speaks TLS on the connection of an https target, and settles which
// protocol is spoken on it. Certificates are verified by crypto/tls for the name
// that was asked for.
func (t *trip) secure() *Error {
	if !t.target.TLS {
		t.protocol = choose(t.v.f.offers, "")
		return nil
	}
	if err := t.step.set(t.conn); err != nil {
		return newError(StageTLS, err)
	}
	client := tls.Client(t.stream, t.tlsConfig())
	if err := client.Handshake(); err != nil {
		return newError(StageTLS, explainTLS(t.step.reword(err)))
	}
	state := client.ConnectionState()
	t.stream = client
	t.protocol = choose(t.v.f.offers, state.NegotiatedProtocol)
	t.reply.Session = newSession(state)
	t.reply.Times.TLS = t.v.elapsed()
	return nil
}

func (t *trip) tlsConfig() *tls.Config {
	o := &t.v.f.options
	config := o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName = o.ServerName; config.ServerName == "" {
		config.ServerName = t.target.Host
		if t.target.Addr.IsValid() {
			config.ServerName = t.target.Addr.WithZone("").String()
		}
	}
	for _, p := range t.v.f.offers {
		config.NextProtos = append(config.NextProtos, p.alpn)
	}
	return config
}

// explainTLS says what to do about the failures that people meet.
func explainTLS(err error) error {
	var (
		record tls.RecordHeaderError
		cert   *tls.CertificateVerificationError
		roots  x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &record):
		return &Error{
			Stage: StageTLS, Kind: KindHandshake,
			Err:  fmt.Errorf("the server does not speak TLS on this port: it sent \"%s\"", record.RecordHeader[:]),
			Hint: "try http://",
		}
	case errors.As(err, &roots):
		known := newError(StageTLS, err)
		known.Hint = "trust its issuer with --ca-certificate FILE, or skip the check with -k"
		return known
	case errors.As(err, &cert):
		known := newError(StageTLS, err)
		known.Hint = "skip the check with -k"
		return known
	}
	return err
}

func newSession(state tls.ConnectionState) *Session {
	s := &Session{
		Version:    tls.VersionName(state.Version),
		Cipher:     tls.CipherSuiteName(state.CipherSuite),
		ALPN:       state.NegotiatedProtocol,
		ServerName: state.ServerName,
	}
	if len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		s.Subject, s.Issuer, s.NotAfter = leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter
	}
	return s
}
