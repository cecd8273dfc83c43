package fetch

import (
	"bytes"
	"encoding/binary"
)

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
