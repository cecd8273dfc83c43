package fetch

import (
	"encoding/binary"
	"strings"
)

// appendFrames renders the request for a target as the first frames of a
// connection: our preface, and HEADERS that end the stream (RFC 9113 sections
// 3.4 and 8.3.1).
func (q *request) appendFrames(b []byte, t *Target) []byte {
	b = append(b, clientPreface...)
	b = appendSettings(b)
	start := len(b) + frameHeaderSize
	b = appendFrameHeader(b, frameHeader{}) // once its length is known
	b = q.appendBlock(b, t)
	return splitBlock(b, start)
}

// appendSettings asks for no pushed streams, and for a byte of a body at most.
// With a window of none, mod_http2 of Apache 2.4 takes the stream for blocked and
// may not send the header section either.
func appendSettings(b []byte) []byte {
	b = appendFrameHeader(b, frameHeader{12, frameSettings, 0, 0})
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, settingEnablePush), 0)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, settingInitialWindow), 1)
}

// splitBlock puts the field block from start on into frames: one, unless it is
// longer than any server must take.
func splitBlock(b []byte, start int) []byte {
	block := b[start:]
	b = b[:start-frameHeaderSize]
	if len(block) > maxFrameSize {
		block = append([]byte(nil), block...)
	}
	f := frameHeader{frameType: frameHeaders, flags: flagEndStream, stream: requestStream}
	for {
		f.length = min(len(block), maxFrameSize)
		if f.length == len(block) {
			f.flags |= flagEndHeaders
		}
		b = append(appendFrameHeader(b, f), block[:f.length]...)
		if block = block[f.length:]; len(block) == 0 {
			return b
		}
		f.frameType, f.flags = frameContinuation, 0
	}
}

// Indexes of names, and of whole fields, in the static table (RFC 7541 appendix
// A).
const (
	indexAuthority = 1
	indexGET       = 2
	indexMethod    = 2
	indexRoot      = 4
	indexPath      = 4
	indexHTTP      = 6
	indexHTTPS     = 7
)

// appendBlock renders the fields of the request for a target.
func (q *request) appendBlock(b []byte, t *Target) []byte {
	if q.method == "GET" {
		b = appendIndexed(b, indexGET)
	} else {
		b = appendPseudo(b, indexMethod, q.method)
	}
	if t.TLS {
		b = appendIndexed(b, indexHTTPS)
	} else {
		b = appendIndexed(b, indexHTTP)
	}
	if authority, ok := q.authority(t); ok {
		b = appendPseudo(b, indexAuthority, authority)
	}
	if t.Path == "/" {
		b = appendIndexed(b, indexRoot)
	} else {
		b = appendPseudo(b, indexPath, t.Path)
	}
	for i := range q.fields {
		if f := &q.fields[i]; f.Name != ownHost && !q.isBound(f) && isHTTP2Field(f.Name, f.Value) {
			b = appendLiteral(b, f.Name, f.Value)
		}
	}
	if t.Auth != "" && q.auth {
		b = appendLiteral(b, "authorization", t.Auth)
	}
	return b
}

// authority is the value of Host, unless the user has taken the field away.
func (q *request) authority(t *Target) (authority string, ok bool) {
	for i := range q.fields {
		switch f := &q.fields[i]; {
		case f.Name == ownHost:
			return t.Authority(), true
		case strings.EqualFold(f.Name, "Host"):
			return f.Value, true
		}
	}
	return "", false
}

// isHTTP2Field reports whether a field goes into a request. Host does not, nor do
// the fields about an HTTP/1 connection (RFC 9113 sections 8.2.2 and 8.3.1).
func isHTTP2Field(name, value string) bool {
	if strings.EqualFold(name, "TE") {
		return strings.EqualFold(value, "trailers")
	}
	return !strings.EqualFold(name, "Host") && !isConnectionField(name)
}

// appendIndexed renders a field of the static table (RFC 7541 section 6.1).
func appendIndexed(b []byte, index byte) []byte { return append(b, 0x80|index) }

// appendPseudo renders a field whose name is in the static table, and
// appendLiteral any other. The server is to keep neither in its own table (RFC
// 7541 section 6.2.2), or not to let others do so either if the value is a secret (6.2.3).
func appendPseudo(b []byte, index byte, value string) []byte {
	return appendString(append(b, index), value)
}

func appendLiteral(b []byte, name, value string) []byte {
	kind := byte(0)
	if strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Cookie") {
		kind = 0x10
	}
	b = appendString(append(b, kind), name)
	for i := len(b) - len(name); i < len(b); i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return appendString(b, value)
}

// appendString renders a string as it is (RFC 7541 section 5.2).
func appendString(b []byte, s string) []byte {
	const most = 1<<7 - 1 // in the first byte
	n := len(s)
	if n < most {
		return append(append(b, byte(n)), s...)
	}
	b = append(b, most)
	for n -= most; n >= 1<<7; n >>= 7 {
		b = append(b, byte(n)|1<<7)
	}
	return append(append(b, byte(n)), s...)
}
