package fetch_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

func TestAlerts(t *testing.T) {
	for _, c := range []struct {
		code              byte
		message, hint     string
		hintOfLookingAtIt string
	}{
		{40, "handshake failure", "-k looks at", ""},
		{70, "protocol version not supported", "-k looks at", ""},
		{71, "insufficient security level", "-k looks at", ""},
		{80, "internal error", "", ""},
		{112, "unrecognized name", "--sni ''", "--sni ''"},
		{116, "certificate required", "--certificate FILE", "--certificate FILE"},
		{120, "no application protocol", "speaks no http/1.1", "speaks no http/1.1"},
		{200, "alert(200)", "", ""},
	} {
		handle := greet("\x15\x03\x03\x00\x02\x02" + string([]byte{c.code}))
		message := "alert from the server: " + c.message
		wantTLSError(t, askHTTPS(t, fetch.Options{}, handle), fetch.StageTLS, fetch.KindHandshake, message, c.hint)
		wantTLSError(t, askHTTPS(t, insecure(), handle), fetch.StageTLS, fetch.KindHandshake, message, c.hintOfLookingAtIt)
	}
}

func TestStrangersToTLS(t *testing.T) {
	for _, c := range []struct{ sent, hint string }{
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "try http://"},
		{"<html>", "try http://"},
		{"SSH-2.0-OpenSSH_9.9\r\n", "speaks SSH on this port"},
		{"220 mail.test ESMTP\r\n", "speaks SMTP or FTP on this port"},
		{"220-mail.test ESMTP\r\n", "speaks SMTP or FTP on this port"},
		{"* OK IMAP4rev1\r\n", "speaks IMAP on this port"},
		{"+OK POP3\r\n", "speaks POP3 on this port"},
		{"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x01\x00\x00\x00\x05\x00\xff\xff\xff", "speaks HTTP/2 on this port"},
		{"\x00\x00\x00\x04\x00\x00\x00\x00\x00", "speaks HTTP/2 on this port"},
	} {
		r := askHTTPS(t, insecure(), greet(c.sent))
		wantTLSError(t, r, fetch.StageTLS, fetch.KindHandshake, "the server does not speak TLS on this port", c.hint)
		if !strings.HasPrefix(c.hint, "try") && strings.Contains(r.Err.Hint, "http://") {
			t.Errorf("%q: hint %q", c.sent, r.Err.Hint)
		}
	}
}

func TestWordsForCertificates(t *testing.T) {
	var (
		now    = time.Now()
		www    = x509.Certificate{DNSNames: []string{"www.test"}}
		ca     = testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Root", Organization: []string{"Sample"}}}, nil, testserver.ECDSA)
		twin   = testserver.Issue(&x509.Certificate{IsCA: true, Subject: ca.Leaf.Subject}, nil, testserver.ECDSA)
		middle = testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Middle"}}, &ca, testserver.ECDSA)
		trust  = testserver.Pool(ca)
		nobody = x509.NewCertPool()
	)
	with := func(change func(*x509.Certificate)) *x509.Certificate {
		c := www
		change(&c)
		return &c
	}
	alone := func(c tls.Certificate) tls.Certificate { c.Certificate = c.Certificate[:1]; return c }
	many := with(func(c *x509.Certificate) {
		c.DNSNames = nil
		for i := range 99 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("%s%d.test", strings.Repeat("n", 60), i))
		}
	})
	past, future := now.AddDate(0, 0, -3).Truncate(time.Second), now.AddDate(0, 0, 3).Truncate(time.Second)
	expiredMiddle := testserver.Issue(&x509.Certificate{IsCA: true, Subject: pkix.Name{CommonName: "Old"}, NotAfter: past}, &ca, testserver.ECDSA)

	for _, c := range []struct {
		name          string
		server        tls.Certificate
		roots         *x509.CertPool
		message, hint string
	}{
		{"self-signed", testserver.Issue(&www, nil, testserver.ECDSA), trust, "the certificate is self-signed", "trust it with --ca-certificate FILE"},
		{"issuer not known", testserver.Issue(&www, &middle, testserver.ECDSA), nobody, "unknown issuer CN=Root,O=Sample", "trust its issuer with --ca-certificate FILE"},
		{"issuer not sent", testserver.Issue(&www, &ca, testserver.ECDSA), nobody, "unknown issuer CN=Root,O=Sample, of which the server sent no certificate", "--ca-certificate FILE"},
		{"intermediate not sent", alone(testserver.Issue(&www, &middle, testserver.ECDSA)), trust, "unknown issuer CN=Middle, of which the server sent no certificate", "if it is an intermediate, the server should send it"},
		{"issuer of the same name", testserver.Issue(&www, &twin, testserver.ECDSA), trust, "unknown issuer CN=Root,O=Sample, of which the server sent no certificate (possibly because of \"x509: ECDSA verification failure\"", "--ca-certificate"},
		{"another name", testserver.Issue(with(func(c *x509.Certificate) { c.DNSNames = []string{"a.test", "b.test"} }), &ca, testserver.ECDSA), trust, "the certificate is for a.test, b.test, not for www.test", "--sni NAME"},
		{"many other names", testserver.Issue(many, &ca, testserver.ECDSA), trust, "and 96 more, not for www.test", "-k"},
		{"an address", testserver.Issue(with(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv6loopback} }), &ca, testserver.ECDSA), trust, "the certificate is for ::1, not for www.test", "-k"},
		{"a name in the subject", testserver.Issue(with(func(c *x509.Certificate) { c.DNSNames, c.Subject.CommonName = nil, "www.test" }), &ca, testserver.ECDSA), trust, "names no host but in its subject (CN=www.test)", "-k"},
		{"no name", testserver.Issue(with(func(c *x509.Certificate) { c.DNSNames = nil }), &ca, testserver.ECDSA), trust, "names no host, and so not www.test", "-k"},
		{"expired", testserver.Issue(with(func(c *x509.Certificate) { c.NotAfter = past }), &ca, testserver.ECDSA), trust, "the certificate expired at " + past.UTC().Format(time.RFC3339), "skip the check with -k"},
		{"not yet", testserver.Issue(with(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = future, future.AddDate(1, 0, 0) }), &ca, testserver.ECDSA), trust, "the certificate is not valid before " + future.UTC().Format(time.RFC3339), "skip the check with -k"},
		{"expired intermediate", testserver.Issue(&www, &expiredMiddle, testserver.ECDSA), trust, "the certificate of CN=Old expired at", "skip the check with -k"},
		{"for clients", testserver.Issue(with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), &ca, testserver.ECDSA), trust, "certificate specifies an incompatible key usage", "skip the check with -k"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := fetch.Options{TLS: &tls.Config{RootCAs: c.roots}}
			server := &tls.Config{Certificates: []tls.Certificate{c.server}}
			r := askNamed(t, o, "https://www.test", testserver.Secure(server, testserver.Answer(okReply)))
			wantTLSError(t, r, fetch.StageTLS, fetch.KindCertificate, c.message, c.hint)
			if r.Session == nil || r.Session.Verified || len(r.Session.Certificates()) != len(c.server.Certificate) {
				t.Errorf("session %+v", r.Session)
			}
		})
	}
}
