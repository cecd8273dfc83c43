package report

import (
	"fmt"
	"strings"
	"time"

	"wget/internal/fetch"
)

// sessionLines tells a session of r in up to three lines: what was agreed on, whose
// the certificate is, and who says so until when.
func sessionLines(s *fetch.Session, r *fetch.Result) []string {
	agreed := []string{s.Version, s.Cipher}
	for _, part := range []struct{ prefix, value string }{{"", s.Curve}, {"ALPN ", s.ALPN}, {"SNI ", s.ServerName}} {
		if part.value != "" {
			agreed = append(agreed, part.prefix+part.value)
		}
	}
	if s.Stapled {
		agreed = append(agreed, "OCSP response stapled")
	}
	lines := []string{strings.Join(agreed, ", ")}
	certificates := s.Certificates()
	if len(certificates) == 0 {
		return lines
	}
	c := &certificates[0]
	return append(lines, describeOwner(c), describeIssuer(c, s.Verified, len(certificates)-1, r))
}

// describeOwner names the certificate's subject, hosts and key.
func describeOwner(c *fetch.Certificate) string {
	const most = 5
	parts := []string{"certificate of " + c.Subject}
	if c.Subject == "" {
		parts[0] = "certificate without a subject"
	}
	if names := c.Names; len(names) > most {
		parts = append(parts, fmt.Sprintf("for %s and %d more", strings.Join(names[:most], ", "), len(names)-most))
	} else if len(names) > 0 {
		parts = append(parts, "for "+strings.Join(names, ", "))
	}
	if c.Key != "" {
		parts = append(parts, c.Key)
	}
	return strings.Join(parts, "; ")
}

// describeIssuer names the issuer, and says until when the certificate holds.
func describeIssuer(c *fetch.Certificate, verified bool, others int, r *fetch.Result) string {
	left := daysLeft(c, r)
	var when string
	switch date := c.NotAfter.UTC().Format(time.DateOnly); {
	case askedAt(r).Before(c.NotBefore):
		when = "valid from " + c.NotBefore.UTC().Format(time.DateOnly) + " to " + date
	case left < 0:
		when = "expired on " + date
	default:
		when = fmt.Sprintf("valid until %s (%s left)", date, inDays(left))
	}
	word := "not verified"
	if verified {
		word = "verified"
	}
	sent := ""
	if others > 0 {
		sent = fmt.Sprintf("; sent with %s", counted(others, "other certificate", "other certificates"))
	}
	issuer := c.Issuer
	if issuer == "" {
		issuer = "an issuer without a name"
	}
	return fmt.Sprintf("issued by %s; %s; %s%s", issuer, when, word, sent)
}

// daysLeft is how many whole days a certificate is valid from the time that the
// host was asked. It is less than 0 for one that has expired.
func daysLeft(c *fetch.Certificate, r *fetch.Result) int {
	const day = 24 * 60 * 60
	asked := askedAt(r)
	left := c.NotAfter.Unix() - asked.Unix() // a Duration ends after 292 years
	if c.NotAfter.Nanosecond() < asked.Nanosecond() {
		left--
	}
	days := left / day
	if left < 0 && left%day != 0 {
		days--
	}
	return int(days)
}

// askedAt is when a host was asked: now, if it comes from a record without a time.
func askedAt(r *fetch.Result) time.Time {
	if r.Begun.IsZero() {
		return time.Now()
	}
	return r.Begun
}
