package fetch

import (
	"errors"
	"io"
	"net"
	"sync"
)

// newBuffers pools the buffers that requests are built in and replies are read
// into; almost every head fits.
func newBuffers(max int) *sync.Pool {
	return &sync.Pool{New: func() any {
		b := make([]byte, 0, min(max, 4<<10))
		return &b
	}}
}

// exchangeHTTP1 sends the request and reads up to the empty line.
func exchangeHTTP1(t *trip) *Error {
	t.step = t.v.whole.step(t.v.start.Add(max(t.reply.Times.Connect, t.reply.Times.TLS)), t.v.f.options.ReadTimeout)
	if err := t.step.set(t.stream); err != nil {
		return newError(StageWrite, err)
	}
	writeErr := t.send()
	if writeErr != nil {
		// A server may answer and close before it has been asked; its answer
		// tells more than the failure to ask does.
		t.conn.ResetOnClose()
		return t.receive(writeErr)
	}
	if err := t.waitForReply(); err != nil {
		return newError(StageRead, t.step.reword(err))
	}
	return t.receive(nil)
}

// send writes the request for the target.
func (t *trip) send() error {
	f := t.v.f
	buf := f.buffers.Get().(*[]byte)
	defer f.buffers.Put(buf)
	_, err := t.stream.Write(t.v.request.appendTo((*buf)[:0], t.protocol.version, t.target, t.forwarder()))
	return err
}

// forwarder is the proxy that gets the request itself, or nil.
func (t *trip) forwarder() *Proxy {
	if t.forwarded {
		return t.proxy
	}
	return nil
}

// waitForReply waits without a buffer: most of a host's time passes here. TLS
// may hold bytes of the reply already, so it cannot be waited for.
func (t *trip) waitForReply() error {
	if t.stream != net.Conn(t.conn) {
		return nil
	}
	return t.conn.WaitReadable()
}

// receive reads the reply. writeErr is why the request could not be sent, which
// counts if there is no reply.
func (t *trip) receive(writeErr error) *Error {
	f := t.v.f
	buf := f.buffers.Get().(*[]byte)
	h := headReader{buf: (*buf)[:0]}
	err := h.read(t.stream, f.options.MaxHeader)
	if !h.first.IsZero() {
		t.reply.Times.FirstByte = h.first.Sub(t.v.start)
	}
	t.reply.copyFrom(&h)
	f.buffers.Put(buf)
	if err == nil {
		return t.checkForwarded()
	}
	return t.readError(err, writeErr, len(h.buf) > 0)
}

// readError explains a section that did not come whole, or not at all.
func (t *trip) readError(err, writeErr error, begun bool) *Error {
	switch {
	case writeErr != nil && !begun:
		return newError(StageWrite, t.step.reword(writeErr))
	case !begun:
		return newError(StageRead, t.step.reword(describeEOF(err, errors.New("closed without a reply"))))
	}
	return newError(StageHead, t.step.reword(describeEOF(err, errors.New("closed before the header section ended"))))
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
	r.Raw = make([]byte, end)
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

// describeEOF puts words in place of the end of the stream, which says nothing to
// a person.
func describeEOF(err, words error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &streamEnd{words, err}
	}
	return err
}

// streamEnd reads as its words and is its cause.
type streamEnd struct{ words, cause error }

func (e *streamEnd) Error() string { return e.words.Error() }
func (e *streamEnd) Unwrap() error { return e.cause }
