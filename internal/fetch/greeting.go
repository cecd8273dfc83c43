package fetch

import "bytes"

// greeter names the protocol of a server that does not speak TLS, and HTTP/1
// neither, from the first bytes that it sent, or returns "".
func greeter(sent []byte) string {
	for _, p := range []struct{ start, protocol string }{
		{"SSH-", "SSH"},
		{"220 ", "SMTP or FTP"},
		{"220-", "SMTP or FTP"},
		{"* OK", "IMAP"},
		{"+OK", "POP3"},
		{"RFB ", "VNC"},
	} {
		if bytes.HasPrefix(sent, []byte(p.start)) {
			return p.protocol
		}
	}
	if isHTTP2Frame(sent) {
		return "HTTP/2"
	}
	return ""
}

// isHTTP2Frame reports whether a server began with a frame of HTTP/2: a SETTINGS frame
// of some parameters on stream 0, or a GOAWAY (RFC 9113 sections 3.4, 4.1, 6.8).
func isHTTP2Frame(b []byte) bool {
	const settings, goAway = 4, 7
	return len(b) >= 5 && b[0] == 0 && b[1] == 0 && (b[3] == settings && b[4] == 0 && b[2]%6 == 0 || b[3] == goAway)
}

// isTLSRecord reports whether a reply is a TLS alert or handshake record (RFC
// 8446 section 5.1).
func isTLSRecord(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3
}
