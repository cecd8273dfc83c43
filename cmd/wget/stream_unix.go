//go:build unix

package wget

import (
	"os"

	"golang.org/x/sys/unix"
)

// What a file can be waited for.
const (
	readable = unix.POLLIN
	writable = unix.POLLOUT
)

// waitUntil waits until f is readable or writable, or has failed.
func waitUntil(f *os.File, event int16) (err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	fatal := raw.Control(func(fd uintptr) {
		for {
			_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: event}}, -1)
			if err != unix.EINTR {
				return
			}
		}
	})
	if fatal != nil {
		return fatal
	}
	return err
}
