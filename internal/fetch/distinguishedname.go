package fetch

import (
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A distinguished name in a certificate (RFC 5280 section 4.1.2.4).
type (
	rdnSequence  []attributeSET
	attributeSET []attribute // package asn1 takes a slice for a SET by this ending
	attribute    struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
)

// distinguishedName writes a DER-encoded name as RFC 4514 has it: the last part
// first, every value, several values of a part joined with +. A name that is
// none is shown in hexadecimal.
func distinguishedName(der []byte) string {
	var (
		name rdnSequence
		b    strings.Builder
	)
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return "#" + hex.EncodeToString(der)
	}
	for i := len(name) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		for k, a := range name[i] {
			if k > 0 {
				b.WriteByte('+')
			}
			a.write(&b)
		}
	}
	return b.String()
}

// write writes TYPE=VALUE. Where the type has no name, or the value is no
// string, the value is its BER encoding (RFC 4514 section 2.4).
func (a *attribute) write(b *strings.Builder) {
	name := attributeName(a.Type.String())
	text, isText := directoryString(a.Value)
	if name == "" {
		name, isText = a.Type.String(), false
	}
	b.WriteString(name)
	b.WriteByte('=')
	if isText {
		writeEscapedValue(b, text)
	} else {
		b.WriteByte('#')
		b.WriteString(hex.EncodeToString(a.Value.FullBytes))
	}
}

// attributeName is the short name of a type, from RFC 4514 section 3, RFC 4519,
// RFC 2985, X.520 and, for extended validation, the CA/Browser Forum's guidelines.
func attributeName(oid string) string {
	switch oid {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.4":
		return "SN"
	case "2.5.4.5":
		return "serialNumber"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "STREET"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.12":
		return "title"
	case "2.5.4.13":
		return "description"
	case "2.5.4.15":
		return "businessCategory"
	case "2.5.4.16":
		return "postalAddress"
	case "2.5.4.17":
		return "postalCode"
	case "2.5.4.18":
		return "postOfficeBox"
	case "2.5.4.20":
		return "telephoneNumber"
	case "2.5.4.41":
		return "name"
	case "2.5.4.42":
		return "givenName"
	case "2.5.4.43":
		return "initials"
	case "2.5.4.44":
		return "generationQualifier"
	case "2.5.4.45":
		return "x500UniqueIdentifier"
	case "2.5.4.46":
		return "dnQualifier"
	case "2.5.4.65":
		return "pseudonym"
	case "2.5.4.97":
		return "organizationIdentifier"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "emailAddress"
	case "1.2.840.113549.1.9.2":
		return "unstructuredName"
	case "1.2.840.113549.1.9.8":
		return "unstructuredAddress"
	case "1.3.6.1.4.1.311.60.2.1.1":
		return "jurisdictionL"
	case "1.3.6.1.4.1.311.60.2.1.2":
		return "jurisdictionST"
	case "1.3.6.1.4.1.311.60.2.1.3":
		return "jurisdictionC"
	}
	return ""
}

// ASN.1 string types that package asn1 does not name.
const (
	tagVisibleString   = 26
	tagUniversalString = 28
)

// directoryString reads a value of one of the string types as UTF-8. Old
// certificates have Latin-1 where T.61 or ASCII should be.
func directoryString(v asn1.RawValue) (text string, isText bool) {
	if v.Class != asn1.ClassUniversal || v.IsCompound {
		return "", false
	}
	switch v.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString, asn1.TagT61String, tagVisibleString:
		if utf8.Valid(v.Bytes) {
			return string(v.Bytes), true
		}
		runes := make([]rune, len(v.Bytes))
		for i, c := range v.Bytes {
			runes[i] = rune(c)
		}
		return string(runes), true
	case asn1.TagBMPString:
		if len(v.Bytes)%2 != 0 {
			return "", false
		}
		units := make([]uint16, len(v.Bytes)/2)
		for i := range units {
			units[i] = uint16(v.Bytes[2*i])<<8 | uint16(v.Bytes[2*i+1])
		}
		return string(utf16.Decode(units)), true
	case tagUniversalString:
		if len(v.Bytes)%4 != 0 {
			return "", false
		}
		runes := make([]rune, len(v.Bytes)/4)
		for i := range runes {
			b := v.Bytes[4*i:]
			runes[i] = rune(b[0])<<24 | rune(b[1])<<16 | rune(b[2])<<8 | rune(b[3])
		}
		return string(runes), true
	}
	return "", false
}

// writeEscapedValue puts a backslash before what would end or bend the value
// (RFC 4514 section 2.4).
func writeEscapedValue(b *strings.Builder, text string) {
	for i, r := range text {
		first, last := i == 0, i+utf8.RuneLen(r) == len(text)
		switch {
		case r == 0:
			b.WriteString(`\00`)
			continue
		case strings.ContainsRune(`"+,;<>\`, r), first && (r == ' ' || r == '#'), last && r == ' ':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}
