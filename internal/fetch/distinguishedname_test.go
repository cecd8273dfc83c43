package fetch

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"unicode/utf8"
)

// part is one RDN: types and values in turn.
func part(pairs ...any) pkix.RelativeDistinguishedNameSET {
	var set pkix.RelativeDistinguishedNameSET
	for i := 0; i < len(pairs); i += 2 {
		set = append(set, pkix.AttributeTypeAndValue{Type: pairs[i].(asn1.ObjectIdentifier), Value: pairs[i+1]})
	}
	return set
}

func TestDistinguishedName(t *testing.T) {
	var (
		cn   = asn1.ObjectIdentifier{2, 5, 4, 3}
		sn   = asn1.ObjectIdentifier{2, 5, 4, 5}
		c    = asn1.ObjectIdentifier{2, 5, 4, 6}
		l    = asn1.ObjectIdentifier{2, 5, 4, 7}
		o    = asn1.ObjectIdentifier{2, 5, 4, 10}
		ou   = asn1.ObjectIdentifier{2, 5, 4, 11}
		kind = asn1.ObjectIdentifier{2, 5, 4, 15}
		dc   = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
		jurC = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3}
		mail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
		odd  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1466, 0}
	)
	str := func(tag int, bytes string) asn1.RawValue { return asn1.RawValue{Tag: tag, Bytes: []byte(bytes)} }
	many := pkix.RDNSequence{}
	for range 50 {
		many = append(many, part(cn, "x"))
	}
	for _, tc := range []struct {
		name pkix.RDNSequence
		want string
	}{
		{nil, ""},
		{pkix.RDNSequence{part(c, "US"), part(o, "Sample"), part(cn, "www.test")}, "CN=www.test,O=Sample,C=US"},
		// RFC 4514 section 4.
		{pkix.RDNSequence{part(dc, "net"), part(dc, "example"), part(ou, "Sales", cn, "J.  Smith")}, "OU=Sales+CN=J.  Smith,DC=example,DC=net"},
		{pkix.RDNSequence{part(cn, `James "Jim" Smith, III`)}, `CN=James \"Jim\" Smith\, III`},
		{pkix.RDNSequence{part(cn, "Before\rAfter")}, "CN=Before\rAfter"},
		{pkix.RDNSequence{part(odd, asn1.RawValue{Tag: asn1.TagOctetString, Bytes: []byte("Hi")})}, "1.3.6.1.4.1.1466.0=#04024869"},
		{pkix.RDNSequence{part(cn, "Lučić")}, "CN=Lučić"},
		// Characters at the ends, and those that mean something.
		{pkix.RDNSequence{part(cn, "  a  ")}, `CN=\  a \ `},
		{pkix.RDNSequence{part(cn, " ")}, `CN=\ `},
		{pkix.RDNSequence{part(cn, "#a#")}, `CN=\#a#`},
		{pkix.RDNSequence{part(cn, "a+b;c<d>e\\f=g\x00")}, `CN=a\+b\;c\<d\>e\\f=g\00`},
		{pkix.RDNSequence{part(cn, "")}, "CN="},
		// Every value is there, and extended validation has names.
		{many, strings.Repeat("CN=x,", 49) + "CN=x"},
		{
			pkix.RDNSequence{part(jurC, "DE"), part(kind, "Private Organization"), part(sn, "HRB 1"), part(l, "Köln"), part(mail, "a@b.test")},
			"emailAddress=a@b.test,L=Köln,serialNumber=HRB 1,businessCategory=Private Organization,jurisdictionC=DE",
		},
		// Kinds of strings.
		{pkix.RDNSequence{part(cn, str(asn1.TagBMPString, "\x00B\x00\xfc\xd8\x3d\xde\x00"))}, "CN=Bü😀"},
		{pkix.RDNSequence{part(cn, str(tagUniversalString, "\x00\x00\x00B\x00\x01\xf6\x00"))}, "CN=B😀"},
		{pkix.RDNSequence{part(cn, str(asn1.TagT61String, "B\xfccher"))}, "CN=Bücher"},
		{pkix.RDNSequence{part(cn, str(asn1.TagBMPString, "odd"))}, "CN=#1e036f6464"},
		{pkix.RDNSequence{part(cn, 5)}, "CN=#020105"},
	} {
		der, err := asn1.Marshal(tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := distinguishedName(der); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := distinguishedName([]byte{0x30, 0x05}); got != "#3005" {
		t.Errorf("a broken name is shown as %q", got)
	}
}

// A name that somebody else has encoded is always text.
func FuzzDistinguishedName(f *testing.F) {
	f.Add([]byte{0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'x'})
	f.Fuzz(func(t *testing.T, der []byte) {
		if name := distinguishedName(der); !utf8.ValidString(name) || len(name) > 5+4*len(der)+64*len(der) {
			t.Errorf("%x: %q", der, name)
		}
	})
}
