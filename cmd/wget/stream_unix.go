//go:build unix

package wget

import (
	"os"

	"golang.org/x/sys/unix"
)

// The events that a file can be waited for.
const (
	readable = unix.POLLIN
	writable = unix.POLLOUT
)

// waitUntil waits until f is readable or writable, or has failed.
func waitUntil(f *os.File, event int16) error {
	_, err := poll(f, event, -1)
	return err
}

// isWritable reports whether f, a pipe, takes pipeAtom bytes at once.
func isWritable(f *os.File) bool {
	ready, err := poll(f, writable, 0)
	return ready && err == nil
}

func poll(f *os.File, event int16, timeout int) (ready bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	fatal := raw.Control(func(fd uintptr) {
		n := 0
		for {
			n, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: event}}, timeout)
			if err != unix.EINTR {
				break
			}
		}
		ready = n > 0
	})
	if fatal != nil {
		return false, fatal
	}
	return ready, err
}
