//go:build !windows

package fetch

import "syscall"

func refusals() []syscall.Errno { return []syscall.Errno{syscall.ECONNREFUSED} }

func resets() []syscall.Errno {
	return []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}
}

func shortages() []syscall.Errno {
	return []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.EAGAIN, // of connections that a Unix socket can hold, or of ports for datagrams
	}
}
