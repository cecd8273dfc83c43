package wget

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
)

// maxLine is the longest line of an input that can be a target, in bytes.
const maxLine = 64 << 10

// input is a file of targets, or stdin.
type input struct {
	name string
	r    io.ReadCloser
	size int64 // in bytes; -1 if it is no regular file
}

// openInput opens a file of targets; "-" is stdin. Closing the input leaves stdin
// open.
func openInput(name string, stdin io.Reader) (input, error) {
	if name == "-" {
		return input{"stdin", io.NopCloser(stdin), sizeOf(stdin)}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return input{}, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return input{}, fmt.Errorf("%s is a directory", name)
	}
	return input{name, f, sizeOf(f)}, nil
}

// sizeOf is the size of a regular file, and -1 of anything else.
func sizeOf(r io.Reader) int64 {
	f, ok := r.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return -1
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

// readLines calls yield for each line of r, with its end, until r or ctx ends or
// yield returns false. Of a line of more than maxLine bytes yield gets the start,
// and long is true. The error is r's.
func readLines(ctx context.Context, r io.Reader, yield func(line []byte, long bool) bool) error {
	lines := bufio.NewReaderSize(untilDone(ctx, r), maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if !yield(line, err == bufio.ErrBufferFull) {
			return nil
		}
		for err == bufio.ErrBufferFull {
			_, err = lines.ReadSlice('\n')
		}
		switch {
		case ctx.Err() != nil, err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// untilDone is a reader of r that ends when ctx does. A read that is blocked at
// that time, as in a pipe that nobody writes to, cannot be interrupted: its
// goroutine lasts until the read returns or the process ends.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	d := &doneReader{ctx: ctx, chunks: make(chan chunk)}
	go func() {
		defer close(d.chunks)
		// One buffer is filled while the other is being used. The channel has no
		// buffer, so a send that is over says that the other is free.
		var buffers [2][maxLine]byte
		for i := 0; ; i = 1 - i {
			n, err := r.Read(buffers[i][:])
			select {
			case d.chunks <- chunk{buffers[i][:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return d
}

// chunk is what one Read returned.
type chunk struct {
	bytes []byte
	err   error
}

type doneReader struct {
	ctx     context.Context // Read has no parameter for it
	chunks  chan chunk
	current chunk
}

func (d *doneReader) Read(p []byte) (int, error) {
	for len(d.current.bytes) == 0 {
		if d.current.err != nil {
			return 0, d.current.err
		}
		select {
		case d.current = <-d.chunks:
		case <-d.ctx.Done():
			return 0, io.EOF
		}
	}
	n := copy(p, d.current.bytes)
	d.current.bytes = d.current.bytes[n:]
	return n, nil
}
