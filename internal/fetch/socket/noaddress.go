package socket

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// explainNoAddress returns ENETUNREACH where err means that this system has no
// address to connect from. For IPv6 Linux has the same error for that and for a
// shortage of ports. A UDP socket tells them apart: it needs no port of TCP's, and
// sends nothing.
func explainNoAddress(err error, to netip.AddrPort) error {
	if !to.Addr().Is6() || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return err
	}
	conn, errUDP := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if errUDP == nil {
		conn.Close()
	}
	if errors.Is(errUDP, syscall.EADDRNOTAVAIL) {
		return syscall.ENETUNREACH
	}
	return err
}
