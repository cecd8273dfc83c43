package fetch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// requestStream is the first stream of a client, and our only one.
	requestStream = 1
	// maxOverhead bounds the bytes of frames that come before the reply or
	// around it and are no part of it. A frame has nine at least, so that this
	// bounds the number of frames too.
	maxOverhead = 64 << 10
	// maxWindow is the largest flow-control window, and firstWindow the first
	// (RFC 9113 section 6.9).
	maxWindow   = 1<<31 - 1
	firstWindow = 1<<16 - 1
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
	discard  bool   // block is of a stream that was pushed
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

func renderHTTP2(t *trip, b []byte) []byte { return t.v.request.appendFrames(b, t.target) }

// receiveHTTP2 reads the reply. writeErr is why the request could not be sent,
// which counts if there is no reply.
func receiveHTTP2(t *trip, writeErr error) *Error {
	f := t.v.f
	in := f.buffers.Get().(*[]byte)
	r := newHTTP2Reader(t.stream, (*in)[:0], f.buffers, f.options.MaxHeader)
	err := r.read()
	if writeErr == nil {
		r.flush()
	}
	sections := &r.fields.sections
	if !sections.first.IsZero() {
		t.reply.Times.FirstByte = sections.first.Sub(t.v.start)
	}
	t.reply.copyFrom(sections)
	f.buffers.Put(in)
	r.fields.close()
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	e := t.readError(err, writeErr, !sections.first.IsZero())
	if e.Kind == KindClosed && r.goAway != nil {
		e.Err = fmt.Errorf("%w, after %w", e.Err, r.goAway)
	}
	return e
}

// read reads until the header section ends, and leaves the farewell in out. The
// error is an *Error if the bytes are to blame, and the connection's own if that
// is.
func (r *http2Reader) read() error {
	err := r.readFrames()
	var (
		broken *violation
		refuse *resetError
		known  *Error
	)
	switch {
	case err == nil && !r.ended:
		r.out = appendRSTStream(r.out, requestStream, codeCancel)
	case errors.As(err, &broken):
		r.fields.drop()
		r.out = appendGoAway(r.out, broken.code)
		return &Error{Stage: StageHead, Kind: KindMalformed, Err: broken}
	case errors.As(err, &refuse):
		return r.refused(refuse)
	case errors.As(err, &known) && known.Kind != KindMalformed:
		r.keepPart()
		r.out = appendGoAway(r.out, codeEnhanceYourCalm)
	}
	return err
}

// refused is the error of a request that was turned down.
func (r *http2Reader) refused(why *resetError) *Error {
	e := &Error{Stage: StageRead, Kind: KindReset, Err: why}
	if !r.fields.sections.first.IsZero() {
		e.Stage = StageHead
	}
	if why.code == codeHTTP11Required {
		e.Hint = "try --http1.1"
	}
	return e
}

func (r *http2Reader) readFrames() error {
	for {
		f, payload, err := r.next()
		if err != nil {
			return err
		}
		if done, err := r.handle(f, payload); done || err != nil {
			return err
		}
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
	if !f.isPartOf(requestStream) {
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

// handle takes a frame in. Once done, the final section has come.
func (r *http2Reader) handle(f frameHeader, payload []byte) (done bool, err error) {
	if err := r.checkStream(f); err != nil {
		return false, err
	}
	switch f.frameType {
	case frameHeaders, frameContinuation:
		return r.handleBlock(f, payload)
	case framePushPromise:
		if err := r.refusePush(f, payload); err != nil {
			return false, err
		}
		return r.handleBlock(f, payload)
	case frameRSTStream:
		return false, r.handleReset(f, payload)
	case frameSettings:
		return false, r.handleSettings(f, payload)
	case framePing:
		return false, r.handlePing(f, payload)
	case frameGoAway:
		return false, r.handleGoAway(f, payload)
	case frameWindowUpdate:
		return false, r.handleWindowUpdate(f, payload)
	case framePriority:
		return false, checkSize(f, 5)
	}
	return false, nil // RFC 9113 section 5.5: a frame of another type is ignored
}

// checkStream refuses frames on streams that they have no place on (RFC 9113
// sections 5.1 and 6).
func (r *http2Reader) checkStream(f frameHeader) error {
	if r.blockOf != 0 && (f.frameType != frameContinuation || f.stream != r.blockOf) {
		return violates(codeProtocol, "%v on stream %d inside a header section", f.frameType, f.stream)
	}
	ours := f.stream == requestStream
	pushed := f.stream != 0 && f.stream%2 == 0 && f.stream <= r.promised
	var fits bool
	switch f.frameType {
	case frameSettings, framePing, frameGoAway:
		fits = f.stream == 0
	case framePriority:
		fits = f.stream != 0
	case frameWindowUpdate:
		fits = f.stream == 0 || ours || pushed
	case frameHeaders, frameRSTStream:
		fits = ours || pushed
	case frameData:
		fits = pushed // on ours, the header section comes first
	case framePushPromise:
		fits = ours
	case frameContinuation:
		fits = r.blockOf != 0
	default:
		fits = true
	}
	if !fits {
		return violates(codeProtocol, "%v on stream %d", f.frameType, f.stream)
	}
	return nil
}

func checkSize(f frameHeader, want int) error {
	if f.length != want {
		return violates(codeFrameSize, "%v of %d bytes", f.frameType, f.length)
	}
	return nil
}

// handleBlock takes in what a frame has of a field block.
func (r *http2Reader) handleBlock(f frameHeader, payload []byte) (done bool, err error) {
	fragment, ok := f.fragment(payload)
	if !ok {
		return false, violates(codeProtocol, "%v with less in it than it says", f.frameType)
	}
	r.overhead += len(payload) - len(fragment)
	if err := r.checkOverhead(); err != nil {
		return false, err
	}
	if f.frameType != frameContinuation {
		r.discard = !f.isPartOf(requestStream)
		r.ended = r.ended || !r.discard && f.has(flagEndStream)
	}
	block := fragment
	if r.blockOf != 0 || !f.has(flagEndHeaders) {
		r.block = append(r.block, fragment...)
		block, r.blockOf = r.block, f.stream
	}
	switch {
	case len(block) > r.fields.max && !r.discard:
		r.block, r.blockOf = block, f.stream
		return false, tooLarge(r.fields.max)
	case !f.has(flagEndHeaders):
		return false, nil
	}
	err = r.fields.decode(block, r.discard, true)
	r.block, r.blockOf = r.block[:0], 0
	if err != nil || r.discard {
		return false, err
	}
	if done, err = r.fields.end(); err == nil && !done && r.ended {
		err = violates(codeProtocol, "an interim reply ends the stream")
	}
	return done, err
}

// refusePush turns a stream down that the server opens, as it may not once it
// has our SETTINGS (RFC 9113 section 6.6).
func (r *http2Reader) refusePush(f frameHeader, payload []byte) error {
	if r.acked {
		return violates(codeProtocol, "PUSH_PROMISE where pushing is disabled")
	}
	if f.has(flagPadded) && len(payload) > 0 {
		payload = payload[1:]
	}
	if len(payload) < 4 {
		return violates(codeFrameSize, "PUSH_PROMISE of %d bytes", f.length)
	}
	stream := binary.BigEndian.Uint32(payload) &^ (1 << 31)
	if stream == 0 || stream%2 != 0 || stream <= r.promised {
		return violates(codeProtocol, "PUSH_PROMISE of stream %d", stream)
	}
	r.promised = stream
	r.out = appendRSTStream(r.out, stream, codeRefusedStream)
	return nil
}

func (r *http2Reader) handleReset(f frameHeader, payload []byte) error {
	if err := checkSize(f, 4); err != nil || f.stream != requestStream {
		return err
	}
	code := errorCode(binary.BigEndian.Uint32(payload))
	return &resetError{frameType: f.frameType, code: code, unprocessed: code == codeRefusedStream}
}

func (r *http2Reader) handleSettings(f frameHeader, payload []byte) error {
	r.greeted = true
	switch {
	case f.has(flagAck):
		r.acked = true
		return checkSize(f, 0)
	case len(payload)%6 != 0:
		return violates(codeFrameSize, "SETTINGS of %d bytes", len(payload))
	}
	for ; len(payload) > 0; payload = payload[6:] {
		if err := r.handleSetting(binary.BigEndian.Uint16(payload), binary.BigEndian.Uint32(payload[2:])); err != nil {
			return err
		}
	}
	r.out = appendFrame(r.out, frameSettings, flagAck, 0, nil)
	return nil
}

// handleSetting checks a setting (RFC 9113 section 6.5.2). None of them matters
// for a request without a body.
func (r *http2Reader) handleSetting(id uint16, value uint32) error {
	switch {
	case id == settingEnablePush && value != 0:
		return violates(codeProtocol, "SETTINGS_ENABLE_PUSH of a server is %d", value)
	case id == settingMaxFrameSize && (value < maxFrameSize || value >= 1<<24):
		return violates(codeProtocol, "SETTINGS_MAX_FRAME_SIZE is %d", value)
	case id == settingInitialWindow && value > maxWindow:
		return violates(codeFlowControl, "SETTINGS_INITIAL_WINDOW_SIZE is %d", value)
	case id == settingInitialWindow:
		change := int64(value) - r.initial
		r.initial = int64(value)
		return r.widen(1, change)
	}
	return nil
}

// widen changes a window (RFC 9113 section 6.9.2).
func (r *http2Reader) widen(window int, by int64) error {
	if r.windows[window] += by; r.windows[window] > maxWindow {
		return violates(codeFlowControl, "a window of %d bytes", r.windows[window])
	}
	return nil
}

func (r *http2Reader) handleWindowUpdate(f frameHeader, payload []byte) error {
	if err := checkSize(f, 4); err != nil {
		return err
	}
	by := binary.BigEndian.Uint32(payload) &^ (1 << 31)
	switch {
	case by == 0:
		return violates(codeProtocol, "WINDOW_UPDATE by 0")
	case f.stream > requestStream:
		return nil // it was pushed
	}
	return r.widen(int(f.stream), int64(by))
}

func (r *http2Reader) handlePing(f frameHeader, payload []byte) error {
	if err := checkSize(f, 8); err != nil || f.has(flagAck) {
		return err
	}
	r.out = appendFrame(r.out, framePing, flagAck, 0, payload)
	return nil
}

// handleGoAway fails if the server will not see to the request. A server that is
// about to close says so more than once, with a number that gets smaller (RFC
// 9113 section 6.8).
func (r *http2Reader) handleGoAway(f frameHeader, payload []byte) error {
	if len(payload) < 8 {
		return violates(codeFrameSize, "GOAWAY of %d bytes", len(payload))
	}
	last := binary.BigEndian.Uint32(payload) &^ (1 << 31)
	r.goAway = &resetError{
		frameType: f.frameType, code: errorCode(binary.BigEndian.Uint32(payload[4:])),
		debug: bytes.Clone(payload[8:min(len(payload), 8+firstBytes)]), unprocessed: last < requestStream,
	}
	if r.goAway.unprocessed {
		return r.goAway
	}
	return nil
}
