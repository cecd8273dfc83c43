package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

// secure makes a TLS client connection of conn. Certificates are verified by
// crypto/tls for the name that was asked for.
func (f *fetcher) secure(conn net.Conn, r *Result, l limit) (net.Conn, error) {
	if err := l.set(conn); err != nil {
		return nil, err
	}
	config := f.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName = f.ServerName; config.ServerName == "" {
		config.ServerName = r.Target.Host
		if r.Target.Addr.IsValid() {
			config.ServerName = r.Target.Addr.WithZone("").String()
		}
	}
	config.NextProtos = []string{f.protocol.alpn}
	client := tls.Client(conn, config)
	if err := client.Handshake(); err != nil {
		return nil, explainTLS(l.explain(err))
	}
	r.Session = newSession(client.ConnectionState())
	return client, nil
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
