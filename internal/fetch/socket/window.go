package socket

import "net/netip"

// The sizes of a socket's receive buffer, in bytes (docs/window.md has the
// measurements).
const (
	// A body comes in the same flight as the head, as far as the window lets
	// it. The window is set before the connection is opened, so that the server
	// learns it with the first segment: the rest of the body stays there.
	// Two full segments fit, which is a long head.
	wireWindow = 3 << 10
	// Loopback has no wire to keep a body off, and segments of 64 KiB, for
	// which a small window costs CPU time.
	loopbackWindow = 16 << 10
)

func receiveWindow(addr netip.Addr) int {
	if addr.IsLoopback() {
		return loopbackWindow
	}
	return wireWindow
}
