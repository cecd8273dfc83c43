package fetch

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

const (
	maxInterim   = 16 // 1xx sections before the final one
	firstBytes   = 64 // how much of a refused reply an error shows
	switching    = 101
	firstSuccess = 200
)

// headReader finds the end of the final header section in a stream. The finding
// depends on the bytes alone, not on how they were split: headReader waits for a
// whole status line, or as much as an error shows, before it refuses one.
type headReader struct {
	buf     []byte    // all that came, from the first byte of the stream
	first   time.Time // when that byte came
	section int       // start of the section being read
	line    int       // start of the line being read
	seen    int       // end of what has been looked at
	recheck int       // length of buf at which an unfinished status line is checked again
	begun   bool      // the section's status line has been read
	final   Head
	interim []Head
}

// read fills h from conn until the header section ends. The error is an *Error
// if the bytes are to blame, and conn's own if the stream is.
func (h *headReader) read(conn io.Reader, max int) error {
	for {
		if len(h.buf) == max {
			return h.tooLarge(max)
		}
		if len(h.buf) == cap(h.buf) {
			h.grow(max)
		}
		n, err := conn.Read(h.buf[len(h.buf):min(cap(h.buf), max)])
		if n > 0 && len(h.buf) == 0 {
			h.first = time.Now()
		}
		h.buf = h.buf[:len(h.buf)+n]
		if done, bad := h.next(); done || bad != nil {
			return bad
		}
		if err != nil {
			if bad := h.cut(); bad != nil {
				return bad
			}
			return err
		}
	}
}

func (h *headReader) tooLarge(max int) error {
	if err := h.cut(); err != nil {
		return err
	}
	return tooLarge(max)
}

func tooLarge(max int) error {
	return &Error{
		Stage: StageHead, Kind: KindTooLarge,
		Err:  fmt.Errorf("the header section is larger than %d bytes", max),
		Hint: "--max-header BYTES raises the bound",
	}
}

func (h *headReader) grow(max int) {
	h.buf = append(make([]byte, 0, min(4*cap(h.buf), max)), h.buf...)
}

// next looks at what came since it was last called. Once done, h.final.Raw
// ends the header section, and the bytes behind it in buf are body.
func (h *headReader) next() (done bool, err error) {
	for {
		i := bytes.IndexByte(h.buf[h.seen:], '\n')
		if i < 0 {
			h.seen = len(h.buf)
			return false, h.checkEarly()
		}
		end := h.seen + i + 1
		line := dropCR(h.buf[h.line : end-1])
		switch {
		case !h.begun && len(line) == 0:
			h.final.odd |= LeadingBlankLine
		case !h.begun:
			if err := h.begin(line); err != nil {
				return false, err
			}
		case len(line) == 0:
			if done, err := h.nextSection(end); done || err != nil {
				return done, err
			}
		}
		h.line, h.seen = end, end
	}
}

// nextSection ends a section, and begins another unless it was the final one.
func (h *headReader) nextSection(end int) (done bool, err error) {
	h.endSection(end)
	if !isInterim(h.final.Status) {
		return true, nil
	}
	h.interim = append(h.interim, h.final)
	h.final, h.section, h.begun = Head{}, end, false
	if len(h.interim) > maxInterim {
		h.buf = h.buf[:end]
		return false, tooManyInterim()
	}
	return false, nil
}

// isInterim reports whether another section follows one of some status (RFC 9110
// section 15.2).
func isInterim(status int) bool { return 100 <= status && status < firstSuccess && status != switching }

func tooManyInterim() error {
	return &Error{Stage: StageHead, Kind: KindLimit, Err: fmt.Errorf("more than %d interim replies (1xx)", maxInterim)}
}

// begin reads the status line of a section.
func (h *headReader) begin(line []byte) error {
	var s statusLine
	if s.parse(line) != good {
		return h.malformed()
	}
	h.begun = true
	h.final.Proto, h.final.Status = s.proto, s.status
	h.final.odd |= s.odd
	offset := h.line - h.section
	h.final.reason = [2]int{offset + s.reason[0], offset + s.reason[1]}
	return nil
}

func (h *headReader) endSection(end int) {
	h.final.Raw = h.buf[h.section:end]
	h.final.read = true
}

// cut ends the reading where the stream did. It reports whether what came
// could have become a reply.
func (h *headReader) cut() error {
	if err := h.checkStart(); err != nil {
		return err
	}
	h.endSection(len(h.buf))
	return nil
}

// checkEarly refuses an unfinished status line before it ends, once there is
// as much of it as an error shows. One that goes on, as spaces may, is looked
// at again when it has doubled: a server that sends byte by byte must not have
// the whole of it read for each. It refuses no line that cut would let pass.
func (h *headReader) checkEarly() error {
	size := len(h.buf) - h.line
	if h.begun || size < firstBytes || len(h.buf) < h.recheck {
		return nil
	}
	h.recheck = len(h.buf) + size
	return h.checkStart()
}

// checkStart refuses an unfinished status line that cannot become a good one.
func (h *headReader) checkStart() error {
	line := h.buf[h.line:]
	if h.begun || len(line) == 0 {
		return nil
	}
	// A CR at the end may be half of the line's end.
	var s statusLine
	if s.parse(bytes.TrimSuffix(line, []byte{'\r'})) == bad {
		return h.malformed()
	}
	return nil
}

// malformed refuses the stream and forgets what came behind the bytes it
// shows, of which there may be more or fewer.
func (h *headReader) malformed() error {
	shown := h.buf[h.line:]
	if i := bytes.IndexByte(shown, '\n'); i >= 0 {
		shown = shown[:i+1]
	}
	shown = shown[:min(len(shown), firstBytes)]
	h.buf = h.buf[:h.line+len(shown)]
	h.final = Head{}
	e := &Error{Stage: StageHead, Kind: KindMalformed, Err: fmt.Errorf("not an HTTP/1 reply: \"%s\"", shown)}
	switch {
	case isTLSRecord(shown):
		e.Hint = "the server speaks TLS on this port: try https://"
	case isHTTP2Frame(shown):
		e.Hint = "the server speaks HTTP/2 on this port: try --http2-prior-knowledge, or --http2 for https://"
	}
	return e
}
