package fetch

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// The system's errors are those of Winsock. The names that package syscall has in common with Unix stand for numbers
// of its own here, which only a dialer in place of the network returns.

func refusals() []syscall.Errno {
	return []syscall.Errno{windows.WSAECONNREFUSED, syscall.ECONNREFUSED}
}

func resets() []syscall.Errno {
	return []syscall.Errno{
		windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAENETRESET, windows.WSAESHUTDOWN,
		syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED,
	}
}

// shortages has WSAEADDRINUSE, which says that no port is free to connect from, and not WSAEADDRNOTAVAIL: Winsock has
// that for an address that nothing can be sent to.
func shortages() []syscall.Errno {
	return []syscall.Errno{
		windows.WSAEMFILE, windows.WSAENOBUFS, windows.WSAEADDRINUSE,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EAGAIN,
	}
}
