package wget

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
)

// A stream is shared with other programs: one that reads it may have stopped, and
// one that writes to it too may have made it non-blocking for both.

// grace is how long a write may be blocked, and records may be counted, once the run
// has been told to end.
const grace = time.Second

// withGrace is a context that ends a grace after ctx does.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, end) })
	return later, end
}

// errStuck is the error of a write that nobody waits for any more.
var errStuck = errors.New("nobody reads")

// untilStuck is a writer to w that waits as long as it takes, but no more than
// grace once ctx has ended. From then on it writes nothing.
func untilStuck(ctx context.Context, w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && canBlock(f) {
		return &stream{file: f, ctx: ctx, pipe: hasMode(f, os.ModeNamedPipe)}
	}
	return w
}

// canBlock reports whether a write to f can wait for another program.
func canBlock(f *os.File) bool { return isPipe(f) || isTerminal(f) }

// stream is a file whose writes can be given up.
type stream struct {
	file  *os.File
	ctx   context.Context // Write has no parameter for it
	pipe  bool
	text  []byte // being written; it stays so when the write is given up
	stuck bool
}

// pipeAtom is how many bytes a pipe takes at once if it takes any (PIPE_BUF): 4096 on Linux
// (pipe(7)), and no fewer than 512 anywhere (POSIX), which is all on macOS and the BSDs.
func pipeAtom() int {
	if runtime.GOOS == "linux" {
		return 4096
	}
	return 512
}

// Write writes in a goroutine of its own, unless it need not wait: a call that is
// blocked cannot be interrupted. One that is given up lasts until the process ends.
func (s *stream) Write(p []byte) (n int, err error) {
	if s.stuck {
		return 0, errStuck
	}
	if s.pipe && len(p) <= pipeAtom() && isWritable(s.file) {
		return writeAll(s.file, p)
	}
	s.text = append(s.text[:0], p...)
	done := make(chan struct{})
	var written int
	var failed error
	go func() {
		defer close(done)
		written, failed = writeAll(s.file, s.text)
	}()
	select {
	case <-done:
		return written, failed
	case <-s.ctx.Done():
	}
	select {
	case <-done:
		return written, failed
	case <-time.After(grace):
		s.stuck = true
		return 0, errStuck
	}
}

func (s *stream) Fd() uintptr                { return s.file.Fd() }
func (s *stream) Stat() (os.FileInfo, error) { return s.file.Stat() }

// writeAll writes all of p, also to a file that is non-blocking.
func writeAll(f *os.File, p []byte) (n int, err error) {
	for {
		m, err := f.Write(p[n:])
		n += m
		if !errors.Is(err, syscall.EAGAIN) {
			return n, err
		}
		if err := waitUntil(f, writable); err != nil {
			return n, err
		}
	}
}

// patient is a reader of r that waits for data also if r is non-blocking.
func patient(r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok {
		return patientReader{f}
	}
	return r
}

type patientReader struct{ file *os.File }

func (r patientReader) Read(p []byte) (int, error) {
	for {
		n, err := r.file.Read(p)
		if !errors.Is(err, syscall.EAGAIN) {
			return n, err
		}
		if err := waitUntil(r.file, readable); err != nil {
			return 0, err
		}
	}
}
