package wget

import (
	"os"
	"syscall"
)

const (
	readable = iota
	writable
)

// waitUntil is not needed: nobody can make a file non-blocking.
func waitUntil(*os.File, int) error { return syscall.EAGAIN }

// isWritable cannot be told.
func isWritable(*os.File) bool { return false }
