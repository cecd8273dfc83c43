package fetch

import (
	"cmp"
	"crypto/tls"
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
		return t.streamError(StageRead, err)
	}
	return t.protocol.receive(t, nil)
}

// send writes the request for the target.
func (t *trip) send() error {
	f := t.v.f
	buf := f.buffers.Get().(*[]byte)
	defer f.buffers.Put(buf)
	_, err := t.stream.Write(t.protocol.render(t, (*buf)[:0]))
	return cmp.Or(err, hiddenWriteError(t.stream))
}

func renderHTTP1(t *trip, b []byte) []byte {
	return t.v.request.appendTo(b, t.protocol.version, t.target, t.forwarder())
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

// receiveHTTP1 reads the reply up to the empty line. writeErr is why the request
// could not be sent, which counts if there is no reply.
func receiveHTTP1(t *trip, writeErr error) *Error {
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
	case writeErr != nil && !begun && !t.isTLSFault(err):
		return t.streamError(StageWrite, writeErr)
	case !begun:
		return t.streamError(StageRead, describeEOF(err, errors.New("closed without a reply")))
	}
	return t.streamError(StageHead, describeEOF(err, errors.New("closed before the header section ended")))
}

// streamError explains an error of the stream, which may be that of TLS.
func (t *trip) streamError(stage Stage, err error) *Error {
	err = t.step.reword(err)
	if _, secure := t.stream.(*tls.Conn); secure {
		return t.tlsError(stage, err)
	}
	return newError(stage, err)
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

// describeEOF puts words in place of the end of the stream, which says nothing to
// a person.
func describeEOF(err, words error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &reworded{words, err}
	}
	return err
}
