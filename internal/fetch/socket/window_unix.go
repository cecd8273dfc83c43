//go:build unix

package socket

import "syscall"

// setReceiveWindow ignores errors: without it the body travels in vain, but
// the headers are right.
func setReceiveWindow(fd uintptr, bytes int) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes)
}
