package fetch

import (
	"crypto/x509"
	"net"
	"testing"
)

// Connections that are shown the same certificate share one in memory.
func TestExplainHostnameWritesNothing(t *testing.T) {
	room := []string{"a.test", ""}
	c := &x509.Certificate{DNSNames: room[:1], IPAddresses: []net.IP{net.IPv6loopback}}
	err := explainHostname(x509.HostnameError{Certificate: c, Host: "b.test"})
	if want := "the certificate is for a.test, ::1, not for b.test"; err.Error() != want || room[1] != "" {
		t.Errorf("%q, and %q was written behind the names", err, room[1])
	}
}
