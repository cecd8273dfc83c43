package fetch

import (
	"encoding/binary"
	"fmt"
)

// The sizes of HTTP/2 frames, in bytes (RFC 9113 section 4).
const (
	frameHeaderSize = 9
	maxFrameSize    = 1 << 14 // of a payload, since we ask for no more
)

// clientPreface is what a client says first (RFC 9113 section 3.4).
const clientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// frameType says what a frame is about (RFC 9113 section 6).
type frameType byte

const (
	frameData frameType = iota
	frameHeaders
	framePriority
	frameRSTStream
	frameSettings
	framePushPromise
	framePing
	frameGoAway
	frameWindowUpdate
	frameContinuation
)

func (t frameType) String() string {
	names := [...]string{
		"DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS",
		"PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION",
	}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("frame of type 0x%x", byte(t))
}

const (
	flagEndStream  = 0x1 // of DATA and HEADERS
	flagAck        = 0x1 // of SETTINGS and PING
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

// The settings that matter here (RFC 9113 section 6.5.2).
const (
	settingEnablePush    = 2
	settingInitialWindow = 4
	settingMaxFrameSize  = 5
)

// frameHeader stands before the payload of each frame (RFC 9113 section 4.1).
type frameHeader struct {
	length int // of the payload
	frameType
	flags  byte
	stream uint32 // 0 is the connection itself
}

func (f *frameHeader) has(flag byte) bool { return f.flags&flag != 0 }

// isPartOf reports whether a frame carries a part of the stream's header section.
func (f *frameHeader) isPartOf(stream uint32) bool {
	return f.stream == stream && (f.frameType == frameHeaders || f.frameType == frameContinuation)
}

// readFrameHeader reads the first frameHeaderSize bytes of b.
func readFrameHeader(b []byte) frameHeader {
	return frameHeader{
		length:    int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		frameType: frameType(b[3]),
		flags:     b[4],
		stream:    binary.BigEndian.Uint32(b[5:]) &^ (1 << 31), // the first bit is reserved
	}
}

func appendFrameHeader(b []byte, f frameHeader) []byte {
	b = append(b, byte(f.length>>16), byte(f.length>>8), byte(f.length), byte(f.frameType), f.flags)
	return binary.BigEndian.AppendUint32(b, f.stream)
}

func appendFrame(b []byte, t frameType, flags byte, stream uint32, payload []byte) []byte {
	return append(appendFrameHeader(b, frameHeader{len(payload), t, flags, stream}), payload...)
}

func appendRSTStream(b []byte, stream uint32, code errorCode) []byte {
	b = appendFrameHeader(b, frameHeader{4, frameRSTStream, 0, stream})
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// appendGoAway closes the connection, on which the server may open no streams.
func appendGoAway(b []byte, code errorCode) []byte {
	b = appendFrameHeader(b, frameHeader{8, frameGoAway, 0, 0})
	b = binary.BigEndian.AppendUint32(b, 0)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// fragment is the part of a field block that a frame carries, without what stands
// before it and the padding behind it, as far as the payload has come; ok is
// whether they fit in (RFC 9113 sections 6.2, 6.6 and 6.10).
func (f *frameHeader) fragment(payload []byte) (fragment []byte, ok bool) {
	start, end := 0, f.length
	if f.frameType != frameContinuation && f.has(flagPadded) {
		start = 1
		if len(payload) > 0 {
			end -= int(payload[0])
		}
	}
	switch {
	case f.frameType == framePushPromise:
		start += 4
	case f.frameType == frameHeaders && f.has(flagPriority):
		start += 5
	}
	if start > end {
		return nil, false
	}
	return payload[min(start, len(payload)):min(end, len(payload))], true
}

// errorCode is the reason that RST_STREAM and GOAWAY give (RFC 9113 section 7).
type errorCode uint32

const (
	codeNone errorCode = iota
	codeProtocol
	codeInternal
	codeFlowControl
	codeSettingsTimeout
	codeStreamClosed
	codeFrameSize
	codeRefusedStream
	codeCancel
	codeCompression
	codeConnect
	codeEnhanceYourCalm
	codeInadequateSecurity
	codeHTTP11Required
)

func (c errorCode) String() string {
	names := [...]string{
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
		"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
		"CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
	}
	if int64(c) < int64(len(names)) {
		return names[c]
	}
	return fmt.Sprintf("error code 0x%x", uint32(c))
}

// violation is what a server does that HTTP/2 does not allow, and the code to
// close the connection with (RFC 9113 section 5.4.1).
type violation struct {
	code errorCode
	text string
}

func violates(code errorCode, format string, args ...any) error {
	return &violation{code, fmt.Sprintf(format, args...)}
}

func (v *violation) Error() string { return fmt.Sprintf("broken HTTP/2, %v: %s", v.code, v.text) }

// resetError is an RST_STREAM or a GOAWAY that ends a request without a reply.
type resetError struct {
	frameType
	code        errorCode
	debug       []byte // the server's words, of a GOAWAY
	unprocessed bool   // the server has done nothing about the request (RFC 9113 section 8.7)
}

func (r *resetError) Error() string {
	text := r.frameType.String() + " " + r.code.String()
	if len(r.debug) > 0 {
		text += fmt.Sprintf(" \"%s\"", r.debug)
	}
	return text
}
