package fetch

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/windows"
)

// The errors of Winsock have the kinds that those of Unix have.
func TestKindsOfWinsock(t *testing.T) {
	for errno, want := range map[windows.Errno]Kind{
		windows.WSAECONNREFUSED: KindRefused,
		windows.WSAECONNRESET:   KindReset,
		windows.WSAECONNABORTED: KindReset,
		windows.WSAENETRESET:    KindReset,
		windows.WSAESHUTDOWN:    KindReset,
		windows.WSAEMFILE:       KindLimit,
		windows.WSAENOBUFS:      KindLimit,
		windows.WSAEADDRINUSE:   KindLimit,
		windows.WSAEHOSTUNREACH: KindUnreachable,
	} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connectex", errno)}
		if got := kindOf(StageConnect, err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
