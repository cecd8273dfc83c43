package fetch

func renderHTTP1(t *trip, b []byte) []byte {
	return t.v.request.appendTo(b, t.protocol.version, t.target, t.forwarder())
}

// receiveHTTP1 reads the reply up to the empty line. writeErr is why the request
// could not be sent, which counts if there is no reply.
func receiveHTTP1(t *trip, writeErr error) *Error {
	f := t.v.f
	buf := f.buffers.Get().(*[]byte)
	h := headReader{buf: (*buf)[:0]}
	err := h.read(t, f.options.MaxHeader)
	if !h.first.IsZero() {
		t.reply.Times.FirstByte = h.first.Sub(t.v.start)
	}
	t.reply.copyFrom(&h)
	f.buffers.Put(buf)
	if err == nil {
		return t.checkForwarded()
	}
	if t.forwarded {
		err = explainProxyReply(err, h.buf[h.line:])
	}
	return t.readError(err, writeErr, len(h.buf) > 0)
}
