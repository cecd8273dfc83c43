package wget

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// maxLine is the longest line of an input that can be a target, in bytes.
const maxLine = 64 << 10

// input is a file of targets, or stdin.
type input struct {
	name  string    // for messages
	path  string    // "" for stdin
	stdin io.Reader // if path is ""
}

// newInput checks that a file of targets can be read. The file is opened when its
// turn comes, so that any number of them takes one descriptor.
func newInput(name string, stdin io.Reader) (input, error) {
	if isStdin(name) {
		return input{name: "stdin", stdin: stdin}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return input{}, err
	case info.IsDir():
		return input{}, fmt.Errorf("%s is a directory", name)
	case info.Mode().IsRegular(): // a pipe cannot be opened twice
		f, err := os.Open(name)
		if err != nil {
			return input{}, err
		}
		f.Close()
	}
	return input{name: name, path: name}, nil
}

// inputNames lists inputs for a message.
func inputNames(inputs []input) string {
	var names []string
	for _, in := range inputs {
		names = append(names, in.name)
	}
	return strings.Join(names, ", ")
}

// isStdin reports whether --input-file stands for stdin, which is not opened
// again: a socket cannot be.
func isStdin(name string) bool {
	return slices.Contains([]string{"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}, name)
}

// open may wait, as for the writer of a pipe. Closing the input leaves stdin open.
func (in input) open() (io.ReadCloser, error) {
	if in.path == "" {
		return io.NopCloser(patient(in.stdin)), nil
	}
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// size is the size of a regular file as it is now, in bytes; -1 of anything else.
func (in input) size() int64 {
	info, err := in.stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

func (in input) stat() (os.FileInfo, error) {
	if in.path == "" {
		return statOf(in.stdin)
	}
	return os.Stat(in.path)
}

// readLines calls yield for each line of what open opens, with its end, until that
// or ctx ends or yield returns false. Of a line of more than maxLine bytes yield
// gets the start, and long is true. The error is that of open or of reading: what
// has come of the line before is not yielded.
func readLines(ctx context.Context, open func() (io.ReadCloser, error), yield func(line []byte, long bool) bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := bufio.NewReaderSize(untilDone(ctx, open), maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull && ctx.Err() == nil {
			return err
		}
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

// untilDone is a reader of what open opens. It ends when ctx does. A call that is
// blocked at that time, as in a pipe that nobody writes to, cannot be interrupted:
// its goroutine lasts until the call returns or the process ends.
func untilDone(ctx context.Context, open func() (io.ReadCloser, error)) io.Reader {
	d := &doneReader{ctx: ctx, chunks: make(chan chunk)}
	go func() {
		defer close(d.chunks)
		r, err := open()
		if err != nil {
			select {
			case d.chunks <- chunk{err: err}:
			case <-ctx.Done():
			}
			return
		}
		defer r.Close()
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
