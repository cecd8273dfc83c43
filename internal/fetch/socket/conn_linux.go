package socket

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is a TCP connection whose goroutine waits in wait alone.
type socket struct {
	epoll  *epoll
	fd     int
	addr   netip.AddrPort
	ctx    context.Context
	until  atomic.Int64  // deadline in nanoseconds after epoll.born
	ready  chan struct{} // holds one event, which may be stale
	events uint32        // what is registered; 0 means not yet
}

// wake makes the goroutine look at its socket, its deadline and its context.
func (s *socket) wake() {
	select {
	case s.ready <- struct{}{}:
	default: // it has not seen the last event yet
	}
}

func (e *epoll) Connect(ctx context.Context, addr netip.AddrPort, deadline time.Time) (Conn, error) {
	family := unix.AF_INET
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return nil, err
	}
	s := &socket{epoll: e, fd: fd, addr: addr, ctx: ctx, ready: make(chan struct{}, 1)}
	s.SetDeadline(deadline)
	if ctx != e.ctx {
		defer context.AfterFunc(ctx, s.wake)()
	}
	if err := s.open(); err != nil {
		s.Close()
		return nil, explainNoAddress(err, addr)
	}
	s.ctx = e.ctx // ctx is over when the race of a host's addresses is
	return s, nil
}

func (s *socket) open() error {
	if s.fd>>10 >= len(s.epoll.sockets) {
		return unix.EMFILE
	}
	setReceiveWindow(uintptr(s.fd), receiveWindow(s.addr.Addr()))
	if s.epoll.local.IsValid() {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		from, err := sockaddr(netip.AddrPortFrom(s.epoll.local, 0))
		if err == nil {
			err = unix.Bind(s.fd, from)
		}
		if err != nil {
			return err
		}
	}
	// A second call tells how the first one went: on loopback the connection
	// stands by then and nothing has to be waited for.
	to, err := sockaddr(s.addr)
	if err != nil {
		return err
	}
	err = unix.Connect(s.fd, to)
	if err == unix.EINPROGRESS {
		err = unix.Connect(s.fd, to)
	}
	for err == unix.EALREADY || err == unix.EINPROGRESS || err == unix.EINTR {
		if err := s.wait(unix.EPOLLOUT); err != nil {
			return err
		}
		err = unix.Connect(s.fd, to)
	}
	if err != nil && err != unix.EISCONN {
		return err
	}
	return s.checkSelf()
}

// checkSelf refuses the connection that a socket on loopback can make with
// itself, when nobody listens and the system happens to give it the very port
// it connects to.
func (s *socket) checkSelf() error {
	const ephemeral = 1 << 15
	if s.addr.Port() < ephemeral || !s.addr.Addr().IsLoopback() {
		return nil
	}
	var own [unix.SizeofSockaddrInet6]byte
	size := uint32(len(own))
	syscall.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(s.fd), uintptr(unsafe.Pointer(&own)), uintptr(unsafe.Pointer(&size)))
	host := own[4:8]
	if s.addr.Addr().Is6() {
		host = own[8:24]
	}
	if addr, _ := netip.AddrFromSlice(host); addr == s.addr.Addr().WithZone("") && binary.BigEndian.Uint16(own[2:]) == s.addr.Port() {
		return unix.ECONNREFUSED
	}
	return nil
}

func sockaddr(a netip.AddrPort) (unix.Sockaddr, error) {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, nil
	}
	zone, err := zoneID(a.Addr().Zone())
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zone}, err
}

// zoneID is the number of a zone, which is the name or the number of an interface
// (RFC 4007 section 11.2), or 0 for none.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index), nil
	}
	n, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("no network interface %s", zone)
	}
	return uint32(n), nil
}

// wait parks the goroutine until something may have happened to the socket.
func (s *socket) wait(events uint32) error {
	if err := s.register(events); err != nil {
		return err
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.until.Load() <= int64(time.Since(s.epoll.born)) {
		return os.ErrDeadlineExceeded
	}
	<-s.ready
	return nil
}

// register asks for events, unless they have been asked for last.
func (s *socket) register(events uint32) error {
	if s.events == events {
		return nil
	}
	return s.arm(events)
}

// arm asks for events. The system then tells at once of what is there already.
func (s *socket) arm(events uint32) error {
	op := unix.EPOLL_CTL_MOD
	if s.events == 0 {
		op = unix.EPOLL_CTL_ADD
		s.epoll.entry(s.fd).Store(s)
	}
	s.events = events
	return unix.EpollCtl(s.epoll.fd, op, s.fd, &unix.EpollEvent{
		Events: s.events | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s.fd),
	})
}

// WaitReadable asks for the event anew: a Read that left some of the data has used
// up the one that told of it.
func (s *socket) WaitReadable() error {
	if err := s.arm(unix.EPOLLIN); err != nil {
		return err
	}
	return s.wait(unix.EPOLLIN)
}

// Read reads what is there, or waits for it.
func (s *socket) Read(p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == unix.EAGAIN:
			if err := s.wait(unix.EPOLLIN); err != nil {
				return 0, err
			}
		case errno == unix.EINTR:
		case errno != 0:
			return 0, errno
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// Write writes all of p.
func (s *socket) Write(p []byte) (int, error) {
	for done := 0; ; {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p[done:]))), uintptr(len(p)-done), unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == unix.EAGAIN:
			if err := s.wait(unix.EPOLLOUT); err != nil {
				return done, err
			}
		case errno == unix.EINTR:
		case errno != 0:
			return done, errno
		default:
			if done += int(n); done == len(p) {
				return done, nil
			}
		}
	}
}

// Close gives the descriptor back. It does not wait for the peer.
func (s *socket) Close() error {
	if s.events != 0 {
		s.epoll.entry(s.fd).CompareAndSwap(s, nil)
	}
	return unix.Close(s.fd)
}

func (s *socket) ResetOnClose() {
	_ = unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func (s *socket) SetDeadline(t time.Time) error {
	until := int64(math.MaxInt64)
	if !t.IsZero() {
		until = int64(t.Sub(s.epoll.born))
	}
	s.until.Store(until)
	return nil
}

func (s *socket) SetReadDeadline(t time.Time) error  { return s.SetDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error { return s.SetDeadline(t) }
func (s *socket) RemoteAddr() net.Addr               { return net.TCPAddrFromAddrPort(s.addr) }

// LocalAddr is not known, since nobody asks.
func (s *socket) LocalAddr() net.Addr { return &net.TCPAddr{} }
