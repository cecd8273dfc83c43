package fetch

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// http2Reader reads the frames of a connection up to the end of the final header
// section (RFC 9113). The reading depends on the bytes alone, not on how they
// were split.
type http2Reader struct {
	conn io.ReadWriter
	in   []byte // what has come
	used int    // how much of in has been looked at
	out  []byte // is sent before more is waited for

	fields   fieldBlocks
	block    []byte // of the frames before a CONTINUATION
	blockOf  uint32 // the stream that a CONTINUATION must come on; 0 if none must
	discard  bool   // the block under way, or the last one, is of a stream that was pushed
	promised uint32 // the last of these streams
	ended    bool   // the server has closed the request's stream

	greeted  bool // the server's SETTINGS have come
	acked    bool // the server has acknowledged ours
	goAway   *resetError
	overhead int
	initial  int64    // the window of a new stream
	windows  [2]int64 // of the connection and of the request's stream: what we might send
}

func newHTTP2Reader(conn io.ReadWriter, in []byte, buffers *sync.Pool, max int) *http2Reader {
	return &http2Reader{
		conn: conn, in: in, fields: fieldBlocks{buffers: buffers, max: max},
		initial: firstWindow, windows: [2]int64{firstWindow, firstWindow},
	}
}

// next reads a frame. The payload is valid until the next call.
func (r *http2Reader) next() (f frameHeader, payload []byte, err error) {
	if err := r.fill(frameHeaderSize); err != nil {
		return f, nil, err
	}
	f = readFrameHeader(r.in[r.used:])
	if err := r.admit(f); err != nil {
		return f, nil, err
	}
	if err := r.fill(frameHeaderSize + f.length); err != nil {
		return f, nil, err
	}
	payload = r.in[r.used+frameHeaderSize:][:f.length]
	r.used += frameHeaderSize + f.length
	return f, payload, nil
}

// fill waits until there are n bytes to look at. A server that waits for what is
// in out gets it first.
func (r *http2Reader) fill(n int) error {
	for len(r.in)-r.used < n {
		r.flush()
		r.makeRoom(n)
		read, err := r.conn.Read(r.in[len(r.in):cap(r.in)])
		r.in = r.in[:len(r.in)+read]
		if err != nil && len(r.in)-r.used < n {
			return r.cut(err)
		}
	}
	return nil
}

// makeRoom lets n bytes stand behind what has been looked at.
func (r *http2Reader) makeRoom(n int) {
	rest := r.in[r.used:]
	switch {
	case len(rest) == 0, cap(r.in) >= n && cap(r.in)-r.used < n:
		r.in = append(r.in[:0], rest...)
	case cap(r.in) < n:
		r.in = append(make([]byte, 0, n), rest...)
	default:
		return
	}
	r.used = 0
}

// flush sends what is to be sent. If it cannot be sent, the next read fails too
// and tells more.
func (r *http2Reader) flush() {
	if len(r.out) > 0 {
		_, _ = r.conn.Write(r.out)
		r.out = r.out[:0]
	}
}

// cut ends the reading where the connection did, and keeps what came of a
// section. It returns err unless the bytes that came tell more.
func (r *http2Reader) cut(err error) error {
	rest := r.in[r.used:]
	if r.isFirst() && len(rest) > 0 && rest[0] != 0 {
		return notHTTP2(rest)
	}
	if len(rest) >= frameHeaderSize {
		f := readFrameHeader(rest)
		if begins := f.frameType == frameHeaders; f.isPartOf(requestStream) && begins == (r.blockOf == 0) {
			fragment, _ := f.fragment(rest[frameHeaderSize:])
			r.block, r.blockOf = append(r.block, fragment...), requestStream
			r.discard = r.discard && !begins
		}
	}
	r.keepPart()
	return err
}

// keepPart ends the section under way where the reading does.
func (r *http2Reader) keepPart() {
	if r.blockOf == requestStream && !r.discard {
		r.fields.decodePart(r.block)
	}
	r.fields.sections.endSection(len(r.fields.sections.buf))
}

// isFirst reports whether no frame has come.
func (r *http2Reader) isFirst() bool { return !r.greeted && r.goAway == nil }

// admit looks at a frame before its payload has come.
func (r *http2Reader) admit(f frameHeader) error {
	switch {
	case r.isFirst() && r.in[0] != 0:
		return r.stranger()
	case r.isFirst() && f.frameType != frameGoAway && (f.frameType != frameSettings || f.has(flagAck)):
		return violates(codeProtocol, "%v where SETTINGS come first", f.frameType)
	case f.length > maxFrameSize:
		return violates(codeFrameSize, "%v of %d bytes", f.frameType, f.length)
	}
	r.overhead += frameHeaderSize
	pushed := r.blockOf != 0 && r.discard // PUSH_PROMISE and what continues it come on the request's stream
	if pushed || !f.isPartOf(requestStream) {
		r.overhead += f.length
	} else if s := &r.fields.sections; s.first.IsZero() {
		s.first = time.Now()
	}
	return r.checkOverhead()
}

func (r *http2Reader) checkOverhead() error {
	if r.overhead <= maxOverhead {
		return nil
	}
	return &Error{
		Stage: StageHead, Kind: KindLimit,
		Err: fmt.Errorf("more than %d bytes of HTTP/2 frames beside the header section", maxOverhead),
	}
}

// stranger explains a reply that is not HTTP/2. It waits for a line, or as much as
// an error shows.
func (r *http2Reader) stranger() error {
	for bytes.IndexByte(r.in, '\n') < 0 && len(r.in) < firstBytes {
		if err := r.fill(len(r.in) + 1); err != nil {
			return err
		}
	}
	return notHTTP2(r.in)
}

func notHTTP2(b []byte) error {
	shown, _ := cutLine(b)
	shown = shown[:min(len(shown), firstBytes)]
	e := &Error{Stage: StageHead, Kind: KindMalformed, Err: fmt.Errorf("not an HTTP/2 reply: \"%s\"", shown)}
	switch {
	case bytes.HasPrefix(shown, []byte("HTTP/1.")):
		e.Err = fmt.Errorf("the server speaks HTTP/1 where HTTP/2 was to be spoken: \"%s\"", shown)
		e.Hint = "try --http1.1"
	case isTLSRecord(shown):
		e.Hint = "the server speaks TLS on this port: try https://"
	case greeter(shown) != "":
		e.Hint = "the server speaks " + greeter(shown) + " on this port"
	}
	return e
}
