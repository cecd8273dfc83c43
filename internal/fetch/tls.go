package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// secure speaks TLS on the connection of an https target. Certificates are
// verified by crypto/tls for the name that was asked for.
func (v *visit) secure() *Error {
	if !v.Target.TLS {
		return nil
	}
	if err := v.step.set(v.conn); err != nil {
		return fail(StageTLS, err)
	}
	client := tls.Client(v.conn, v.tlsConfig())
	if err := client.Handshake(); err != nil {
		return fail(StageTLS, explainTLS(v.step.explain(err)))
	}
	v.stream = client
	v.Session = newSession(client.ConnectionState())
	v.Times.TLS = v.elapsed()
	return nil
}

func (v *visit) tlsConfig() *tls.Config {
	config := v.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName = v.ServerName; config.ServerName == "" {
		config.ServerName = v.Target.Host
		if v.Target.Addr.IsValid() {
			config.ServerName = v.Target.Addr.WithZone("").String()
		}
	}
	config.NextProtos = []string{v.protocol.alpn}
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
		known := fail(StageTLS, err)
		known.Hint = "trust its issuer with --ca-certificate FILE, or skip the check with -k"
		return known
	case errors.As(err, &cert):
		known := fail(StageTLS, err)
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
