package fetch

import (
	"errors"
	"fmt"
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

func renderHTTP2(t *trip, b []byte) []byte { return t.v.request.appendFrames(b, t.target) }

// receiveHTTP2 reads the reply. writeErr is why the request could not be sent,
// which counts if there is no reply.
func receiveHTTP2(t *trip, writeErr error) *Error {
	f := t.v.f
	in := f.buffers.Get().(*[]byte)
	r := newHTTP2Reader(t, (*in)[:0], f.buffers, f.options.MaxHeader)
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
