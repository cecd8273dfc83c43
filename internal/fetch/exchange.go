package fetch

import (
	"errors"
	"net"
)

// exchange sends the request and reads the header sections of the reply.
func (t *trip) exchange() *Error {
	t.step = t.v.whole.step(t.v.start.Add(max(t.reply.Times.Connect, t.reply.Times.TLS)), t.v.f.options.ReadTimeout)
	if err := t.step.set(t.stream); err != nil {
		return newError(StageWrite, err)
	}
	writeErr := t.send()
	if writeErr != nil {
		// A server may answer and close before it has been asked; its answer
		// tells more than the failure to ask does.
		t.conn.ResetOnClose()
		return t.protocol.receive(t, writeErr)
	}
	if err := t.waitForReply(); err != nil {
		return t.readError(err, nil, false)
	}
	return t.protocol.receive(t, nil)
}

// send writes the request for the target.
func (t *trip) send() error {
	t.noteRequest()
	buf := t.v.f.buffers.Get().(*[]byte)
	_, err := t.stream.Write(t.protocol.render(t, (*buf)[:0]))
	t.v.f.buffers.Put(buf)
	if err != nil {
		return err
	}
	return hiddenWriteError(t.stream)
}

// waitForReply waits without a buffer: most of a host's time passes here. TLS
// may hold bytes of the reply already, so that its connection cannot be waited
// for, and a byte is read.
func (t *trip) waitForReply() error {
	if t.stream == net.Conn(t.conn) {
		return t.conn.WaitReadable()
	}
	n, err := t.stream.Read(t.firstByte[:])
	if t.ahead = n > 0; t.ahead {
		return nil
	}
	return err
}

// Read reads of the reply, from its first byte.
func (t *trip) Read(p []byte) (int, error) {
	if t.ahead {
		n := copy(p, t.firstByte[:])
		t.ahead = n == 0
		return n, nil
	}
	return t.stream.Read(p)
}

func (t *trip) Write(p []byte) (int, error) { return t.stream.Write(p) }

// readError explains a section that did not come whole, or not at all.
func (t *trip) readError(err, writeErr error, begun bool) *Error {
	switch {
	case writeErr != nil && !begun && !t.isTLSFault(err):
		return t.streamError(StageWrite, writeErr)
	case !begun:
		return t.streamError(StageRead, describeEOF(err, errors.New("closed without a reply")))
	}
	return t.streamError(StageHead, describeEOF(err, errors.New("closed before the header section ended")))
}

// copyFrom gives the reply the bytes that came, in memory of their own size: the
// buffer goes back to the pool.
func (r *Reply) copyFrom(h *headReader) {
	end := len(h.buf)
	if h.final.Raw != nil {
		end = h.section + len(h.final.Raw)
	}
	if end == 0 {
		return
	}
	r.Raw, r.Size = make([]byte, end), end
	copy(r.Raw, h.buf)
	at := 0
	for _, head := range h.interim {
		head.Raw = r.Raw[at : at+len(head.Raw)]
		at += len(head.Raw)
		r.Interim = append(r.Interim, head)
	}
	r.Head = h.final
	r.Head.Raw = r.Raw[at:]
}
