package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// protocol is a way to ask for a header section over an open connection.
type protocol struct {
	name     string // as on the request line
	alpn     string // RFC 7301 identifier, offered over TLS
	exchange func(*visit) *Error
}

// protocols lists what can be spoken; the first is the default.
func protocols() []protocol {
	return []protocol{
		{"HTTP/1.1", "http/1.1", exchangeHTTP1},
		{"HTTP/1.0", "http/1.1", exchangeHTTP1},
	}
}

func protocolNamed(name string) protocol {
	for _, p := range protocols() {
		if p.name == name {
			return p
		}
	}
	return protocols()[0]
}

// request is the part of the request that all targets share.
type request struct {
	method string
	before string // from the version to the value of Host
	host   bool   // the target's own Host value comes here
	after  string // what follows that value
	auth   bool   // a target's own credentials are sent
}

// newRequest renders the fields in the order of DESIGN: Host, User-Agent,
// Accept, Connection, then those of the user. HTTP/1.0 has Host alone.
func newRequest(version string, o Options) request {
	fields := []Field{{Name: "Host"}}
	if version != "HTTP/1.0" {
		if o.UserAgent != "" {
			fields = append(fields, Field{Name: "User-Agent", Value: o.UserAgent})
		}
		fields = append(fields, Field{Name: "Accept", Value: "*/*"}, Field{Name: "Connection", Value: "close"})
	}
	fields = override(fields, o.Header)
	ownHost, ownAuth := has(o.Header, "Host"), has(o.Header, "Authorization")

	r := request{method: cmp.Or(o.Method, "GET"), before: " " + version + "\r\n", auth: !ownAuth}
	part := &r.before
	for _, field := range fields {
		if field.Name == "Host" && !ownHost {
			r.before += "Host: "
			r.host, part = true, &r.after
			*part = "\r\n"
			continue
		}
		*part += field.Name + ": " + field.Value + "\r\n"
	}
	return r
}

// override applies the user's fields: the first of a name replaces the default
// in its place, further ones follow at the end.
func override(defaults, user []Field) (fields []Field) {
	for _, d := range defaults {
		kept := true
		for i, u := range user {
			if !strings.EqualFold(u.Name, d.Name) {
				continue
			}
			kept = false
			if !u.Remove {
				fields = append(fields, u)
				user = append(user[:i:i], user[i+1:]...)
				break
			}
		}
		if kept {
			fields = append(fields, d)
		}
	}
	for _, u := range user {
		if !u.Remove {
			fields = append(fields, u)
		}
	}
	return fields
}

func has(fields []Field, name string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// appendTo renders the request for a target (RFC 9112 section 3).
func (q *request) appendTo(b []byte, t *Target) []byte {
	b = append(b, q.method...)
	b = append(b, ' ')
	b = append(b, t.Path...)
	b = append(b, q.before...)
	if q.host {
		b = append(b, t.Authority()...)
		b = append(b, q.after...)
	}
	if t.Auth != "" && q.auth {
		b = append(b, "Authorization: "...)
		b = append(b, t.Auth...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// newBuffers pools the buffers that requests are built in and replies are read
// into; almost every head fits.
func newBuffers(max int) *sync.Pool {
	return &sync.Pool{New: func() any {
		b := make([]byte, 0, min(max, 4<<10))
		return &b
	}}
}

// exchangeHTTP1 sends the request and reads up to the empty line.
func exchangeHTTP1(v *visit) *Error {
	v.step = v.whole.within(v.ReadTimeout)
	if err := v.step.set(v.stream); err != nil {
		return fail(StageWrite, err)
	}
	writeErr := v.send()
	if writeErr != nil {
		// A server may answer and close before it has been asked; what it said
		// tells more than that it did not listen.
		abandon(v.conn)
		return v.receive(writeErr)
	}
	if err := waitReadable(v.stream); err != nil {
		return fail(StageRead, v.step.explain(err))
	}
	return v.receive(nil)
}

// abandon lets Close give up what could not be sent. A server that does not
// read would have the system keep it for minutes.
func abandon(conn net.Conn) {
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0)
	}
}

// send writes the request for the target.
func (v *visit) send() error {
	buf := v.buffers.Get().(*[]byte)
	defer v.buffers.Put(buf)
	_, err := v.stream.Write(v.request.appendTo((*buf)[:0], &v.Target))
	return err
}

// receive reads the reply. writeErr is what kept the request from being sent,
// which counts if there is no reply.
func (v *visit) receive(writeErr error) *Error {
	buf := v.buffers.Get().(*[]byte)
	h := headReader{buf: (*buf)[:0]}
	err := h.read(v.stream, v.MaxHeader)
	if !h.first.IsZero() {
		v.Times.FirstByte = h.first.Sub(v.start)
	}
	v.keep(&h)
	v.buffers.Put(buf)
	if err == nil {
		return nil
	}
	return v.broken(err, writeErr, &h)
}

// broken explains a section that did not come whole.
func (v *visit) broken(err, writeErr error, h *headReader) *Error {
	switch {
	case writeErr != nil && len(h.buf) == 0:
		return fail(StageWrite, v.step.explain(writeErr))
	case len(h.buf) == 0:
		return fail(StageRead, v.step.explain(named(err, errors.New("closed without a reply"))))
	}
	return fail(StageHead, v.step.explain(named(err, errors.New("closed before the header section ended"))))
}

// waitReadable waits for the reply, where conn can do that without a buffer:
// most of a host's time passes here.
func waitReadable(conn net.Conn) error {
	if w, ok := conn.(interface{ WaitReadable() error }); ok {
		return w.WaitReadable()
	}
	return nil
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
	return &Error{
		Stage: StageHead, Kind: KindTooLarge,
		Err:  fmt.Errorf("the header section is larger than %d bytes", max),
		Hint: "--max-header BYTES raises the bound",
	}
}

func (h *headReader) grow(max int) {
	h.buf = append(make([]byte, 0, min(4*cap(h.buf), max)), h.buf...)
}

// keep gives the result what came, in memory of its own size: the buffer goes
// back to the pool.
func (r *Result) keep(h *headReader) {
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

// named puts words in place of the end of the stream, which says nothing to a
// person.
func named(err, words error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &streamEnd{words, err}
	}
	return err
}

// streamEnd reads as its words and is its cause.
type streamEnd struct{ words, cause error }

func (e *streamEnd) Error() string { return e.words.Error() }
func (e *streamEnd) Unwrap() error { return e.cause }
