package fetch

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The hints that several failures share.
const (
	hintSkip  = "skip the check with -k"
	hintTrust = "trust its issuer with --ca-certificate FILE, or skip the check with -k"
)

// tlsError explains an error of a TLS stream, in the handshake or after it. A
// failure that neither the network nor the clock is to blame for is TLS's own,
// whatever the stage: trying again would not help.
func (t *trip) tlsError(stage Stage, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var (
		op         *net.OpError
		record     tls.RecordHeaderError
		unverified *tls.CertificateVerificationError
	)
	e := &Error{Stage: stage, Kind: kindOf(StageTLS, err), Err: rootCause(err)}
	isProxy := stage == StageProxy || !t.target.TLS
	switch {
	case e.Kind == KindClosed || e.Kind == KindReset:
		e.Hint = t.hintAtCertificate()
	case errors.As(err, &unverified):
		e.Hint, e.Err = explainCertificate(unverified, !isProxy && !t.v.strayed)
	case e.Kind != KindHandshake:
	case errors.As(err, &record):
		e.Hint, e.Err = explainRecord(record)
		if isProxy && e.Hint != "" {
			e.Hint = "a proxy without TLS is given as -x http://HOST:PORT"
		}
	case errors.As(err, &op):
		e.Hint, e.Err = t.explainAlert(op, isProxy)
	default:
		t.explainRefusal(e)
	}
	return e
}

// streamError explains an error of the stream, which may be that of TLS.
func (t *trip) streamError(stage Stage, err error) *Error {
	err = t.step.reword(err)
	if _, secure := t.stream.(*tls.Conn); secure {
		return t.tlsError(stage, err)
	}
	return newError(stage, err)
}

// isTLSFault reports whether an error says what the server did wrong, or what it
// thinks of us, and not just that it has gone.
func (t *trip) isTLSFault(err error) bool {
	_, secure := t.stream.(*tls.Conn)
	return secure && kindOf(StageTLS, err) == KindHandshake
}

// alertOf is the alert in an error of crypto/tls, which has a type of its own for
// alerts and does not export it.
func alertOf(op *net.OpError) (alert tls.AlertError, isAlert bool) {
	v := reflect.ValueOf(op.Err)
	if v.Kind() != reflect.Uint8 {
		return 0, false
	}
	return tls.AlertError(v.Uint()), true
}

// The alerts that have a hint (RFC 8446 section 6, RFC 6066, RFC 7301).
const (
	alertHandshakeFailure      tls.AlertError = 40
	alertBadCertificate        tls.AlertError = 42
	alertAccessDenied          tls.AlertError = 49
	alertProtocolVersion       tls.AlertError = 70
	alertInsufficientSecurity  tls.AlertError = 71
	alertNoRenegotiation       tls.AlertError = 100
	alertUnrecognizedName      tls.AlertError = 112
	alertCertificateRequired   tls.AlertError = 116
	alertNoApplicationProtocol tls.AlertError = 120
)

// explainAlert words an alert: the server's, or the one that crypto/tls answered
// the server with.
func (t *trip) explainAlert(op *net.OpError, isProxy bool) (hint string, cause error) {
	alert, isAlert := alertOf(op)
	if !isAlert {
		return "", op
	}
	text := strings.TrimPrefix(alert.Error(), "tls: ")
	switch {
	case op.Op == "local error" && alert == alertNoRenegotiation:
		return "", fmt.Errorf("%s: the server asked for more than one", text)
	case op.Op == "local error":
		return "", fmt.Errorf("not valid TLS: %s", text)
	}
	return t.hintAtAlert(alert, isProxy), fmt.Errorf("alert from the server: %s", text)
}

// hintAtAlert is the hint at an alert of the server's. Client certificates, --sni and
// the list of protocols are for targets only, and --sni is for the first origin only.
func (t *trip) hintAtAlert(alert tls.AlertError, isProxy bool) string {
	switch {
	case !isProxy && (alert == alertCertificateRequired ||
		t.certAsked && (alert == alertHandshakeFailure || alertBadCertificate <= alert && alert <= alertAccessDenied)):
		t.certAsked = true
		return t.hintAtCertificate()
	case alert == alertHandshakeFailure, alert == alertProtocolVersion, alert == alertInsufficientSecurity:
		return t.hintAtAnything()
	case isProxy:
	case alert == alertUnrecognizedName && !t.v.strayed:
		return "the server knows no such name: --sni NAME sends another, --sni '' none"
	case alert == alertNoApplicationProtocol:
		return fmt.Sprintf("the server speaks no %s over TLS", strings.Join(t.v.f.tls.NextProtos, ", "))
	}
	return ""
}

// hintAtCertificate is for the failures that servers answer a missing or a wrong
// client certificate with.
func (t *trip) hintAtCertificate() string {
	switch {
	case !t.certAsked:
		return ""
	case t.v.strayed:
		return "the server asked for a client certificate: --certificate FILE presents one to the first origin only, so ask for this URL itself"
	case len(t.v.f.tls.Certificates) == 0:
		return "the server asked for a client certificate: --certificate FILE presents one"
	}
	return "the server asked for a client certificate: it may not trust the one of --certificate"
}

func (t *trip) hintAtAnything() string {
	if t.v.f.options.looksAtAnything() {
		return ""
	}
	return "-k looks at servers with old versions and cipher suites, too"
}

// explainRecord words what is no TLS record, of which the first bytes are known.
func explainRecord(record tls.RecordHeaderError) (hint string, cause error) {
	sent := record.RecordHeader[:]
	if record.Conn == nil { // some other record has come before it
		return "", fmt.Errorf("not valid TLS: %s", record.Msg)
	}
	cause = fmt.Errorf("the server does not speak TLS on this port: it sent \"%s\"", sent)
	if other := greeter(sent); other != "" {
		return "the server speaks " + other + " on this port", cause
	}
	return "try http://", cause
}

// explainRefusal words what crypto/tls says without a type. Its texts can change
// with a release of Go; tests hold them.
func (t *trip) explainRefusal(e *Error) {
	text := strings.TrimPrefix(e.Err.Error(), "tls: ")
	starts := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	switch {
	case starts("failed to parse certificate from server: "):
		text = "the server's certificate cannot be read: " + text[len("failed to parse certificate from server: "):]
		e.Kind, e.Hint = KindCertificate, t.hintAtUnreadable()
	case starts("server sent certificate containing RSA key larger than"), starts("server's certificate contains an unsupported type of public key"):
		e.Kind, e.Hint = KindCertificate, t.hintAtUnreadable()
	case starts("server selected unsupported protocol version "):
		if version, err := strconv.ParseUint(text[len("server selected unsupported protocol version "):], 16, 16); err == nil {
			text = "the server insists on " + tls.VersionName(uint16(version))
		}
		e.Hint = t.hintAtAnything()
	case starts("server chose an unconfigured cipher suite"), starts("certificate used with invalid signature algorithm"), strings.Contains(text, "keys are insecure"):
		e.Hint = t.hintAtAnything()
	}
	e.Err = &reworded{errors.New(text), e.Err}
}

func (t *trip) hintAtUnreadable() string {
	if t.v.f.options.looksAtAnything() {
		return "openssl s_client -showcerts may show it"
	}
	return "-k reads some certificates that break the rules; openssl s_client -showcerts may show the others"
}

// explainCertificate says which certificate was not accepted, and why. takesSNI is
// whether --sni holds for the server.
func explainCertificate(unverified *tls.CertificateVerificationError, takesSNI bool) (hint string, cause error) {
	var (
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		unknown  x509.UnknownAuthorityError
	)
	chain := unverified.UnverifiedCertificates
	switch err := unverified.Err; {
	case errors.As(err, &hostname):
		if takesSNI {
			hint = "--sni NAME asks for another name, or "
		}
		return hint + hintSkip, explainHostname(hostname)
	case errors.As(err, &unknown):
		return explainUnknown(unknown, chain)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return hintSkip, explainDates(invalid.Cert, chain)
	}
	return hintSkip, errors.New(strings.TrimPrefix(unverified.Err.Error(), "x509: "))
}

// explainHostname names few of the names that the certificate is good for.
func explainHostname(e x509.HostnameError) error {
	const most = 3
	c := e.Certificate
	names := slices.Clip(c.DNSNames) // crypto/tls hands the certificate to all who are shown it
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	var shown []string
	for _, name := range names {
		shown = append(shown, shorten(name))
	}
	switch {
	case len(shown) > 0:
		return fmt.Errorf("the certificate is for %s%s, not for %s", strings.Join(shown, ", "), more, e.Host)
	case c.Subject.CommonName != "":
		return fmt.Errorf("the certificate names no host but in its subject (%s), which does not count", shorten(distinguishedName(c.RawSubject)))
	}
	return fmt.Errorf("the certificate names no host, and so not %s", e.Host)
}

// explainUnknown follows the certificates that the server sent from its own up,
// to where the next one is missing.
func explainUnknown(e x509.UnknownAuthorityError, chain []*x509.Certificate) (hint string, cause error) {
	top := chain[0]
	for range chain {
		for _, c := range chain[1:] {
			if bytes.Equal(c.RawSubject, top.RawIssuer) {
				top = c
				break
			}
		}
	}
	issuer := shorten(distinguishedName(top.RawIssuer))
	switch {
	case isSelfIssued(chain[0]):
		return "trust it with --ca-certificate FILE, or skip the check with -k", errors.New("the certificate is self-signed")
	case top != chain[0]:
		cause = fmt.Errorf("unknown issuer %s", issuer)
		hint = hintTrust
	default:
		cause = fmt.Errorf("unknown issuer %s, of which the server sent no certificate", issuer)
		hint = "if it is an intermediate, the server should send it; " + hintTrust
	}
	// A trusted certificate of the same name did not fit. Only the text has it.
	if _, why, found := strings.Cut(e.Error(), " (possibly because of "); found {
		cause = fmt.Errorf("%w (possibly because of %s", cause, why)
	}
	return hint, cause
}

func isSelfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// explainDates tells a certificate that is over from one that has not begun.
func explainDates(c *x509.Certificate, chain []*x509.Certificate) error {
	whose := ""
	if c != chain[0] {
		whose = " of " + shorten(distinguishedName(c.RawSubject))
	}
	if now := time.Now(); now.Before(c.NotBefore) {
		return fmt.Errorf("the certificate%s is not valid before %s", whose, c.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("the certificate%s expired at %s", whose, c.NotAfter.UTC().Format(time.RFC3339))
}

// shorten keeps a name that a server chose from filling the screen.
func shorten(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}
