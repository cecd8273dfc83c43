package fetch

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller wakes goroutines that wait for their sockets. It has an epoll
// descriptor of its own, where a socket is registered once and never touched
// again, and which is itself watched by the runtime's poller, so that no
// thread blocks in it. Package net costs six more system calls per host.
//
// House rules: sockets are edge-triggered and every call is tried before it is
// waited for, so that a wake-up too many does no harm and none is missed.
type poller struct {
	file    *os.File // the epoll descriptor
	fd      int
	local   netip.Addr
	sockets [1 << 10]atomic.Pointer[sockets] // by descriptor, in rows
	done    chan struct{}
}

// sockets is a row of the table, made when it is needed.
type sockets [1 << 10]atomic.Pointer[socket]

func newPoller(local netip.Addr) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd, local: local, done: make(chan struct{})}
	raw, err := p.file.SyscallConn()
	if err != nil {
		p.file.Close()
		return nil, err
	}
	go p.run(raw)
	return p, nil
}

// run hands out events until the descriptor is closed.
func (p *poller) run(raw syscall.RawConn) {
	defer close(p.done)
	events := make([]unix.EpollEvent, 256)
	raw.Read(func(fd uintptr) bool {
		for {
			n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
			if errno != 0 || n == 0 {
				return false // wait for more
			}
			for i := range events[:n] {
				if s := p.slot(int(events[i].Fd)).Load(); s != nil {
					select {
					case s.ready <- struct{}{}:
					default: // it has not seen the last one yet
					}
				}
			}
		}
	})
}

func (p *poller) close() {
	p.file.Close()
	<-p.done
}

// slot is where the socket with a descriptor stands.
func (p *poller) slot(fd int) *atomic.Pointer[socket] {
	row := &p.sockets[fd>>10]
	if row.Load() == nil {
		row.CompareAndSwap(nil, new(sockets))
	}
	return &row.Load()[fd&1023]
}

// socket is a TCP connection whose goroutine waits in wait alone.
type socket struct {
	poller *poller
	fd     int
	addr   netip.AddrPort
	ctx    context.Context
	until  time.Time     // zero means no deadline
	ready  chan struct{} // holds one event, which may be stale
	events uint32        // what is registered; 0 means not yet
}

func (p *poller) connect(ctx context.Context, addr netip.AddrPort, l limit) (net.Conn, error) {
	family := unix.AF_INET
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return nil, err
	}
	s := &socket{poller: p, fd: fd, addr: addr, ctx: ctx, until: l.at}
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) open() error {
	if s.fd>>10 >= len(s.poller.sockets) {
		return unix.EMFILE
	}
	// Without it the body travels in vain, but the headers are right.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveWindow)
	if s.poller.local.IsValid() {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(s.fd, sockaddr(netip.AddrPortFrom(s.poller.local, 0))); err != nil {
			return err
		}
	}
	// A second call tells how the first one went: on loopback the connection
	// stands by then and nothing has to be waited for.
	to := sockaddr(s.addr)
	err := unix.Connect(s.fd, to)
	if err == unix.EINPROGRESS {
		err = unix.Connect(s.fd, to)
	}
	for err == unix.EALREADY || err == unix.EINPROGRESS || err == unix.EINTR {
		if err := s.wait(unix.EPOLLIN | unix.EPOLLOUT); err != nil {
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
	switch own, _ := unix.Getsockname(s.fd); own := own.(type) {
	case *unix.SockaddrInet4:
		if own.Port == int(s.addr.Port()) && own.Addr == s.addr.Addr().As4() {
			return unix.ECONNREFUSED
		}
	case *unix.SockaddrInet6:
		if own.Port == int(s.addr.Port()) && own.Addr == s.addr.Addr().As16() {
			return unix.ECONNREFUSED
		}
	}
	return nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	to := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if zone := a.Addr().Zone(); zone != "" {
		if i, err := net.InterfaceByName(zone); err == nil {
			to.ZoneId = uint32(i.Index)
		}
	}
	return to
}

// wait parks the goroutine until something may have happened to the socket.
func (s *socket) wait(events uint32) error {
	if err := s.register(events); err != nil {
		return err
	}
	var late <-chan time.Time
	if !s.until.IsZero() {
		left := time.Until(s.until)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-s.ready:
		return nil
	case <-late:
		return os.ErrDeadlineExceeded
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// register asks for events once, unless others are needed later.
func (s *socket) register(events uint32) error {
	if s.events&events == events {
		return nil
	}
	op := unix.EPOLL_CTL_MOD
	if s.events == 0 {
		op = unix.EPOLL_CTL_ADD
		s.ready = make(chan struct{}, 1) // an event that comes before the wait is kept
		s.poller.slot(s.fd).Store(s)
	}
	s.events |= events
	return unix.EpollCtl(s.poller.fd, op, s.fd, &unix.EpollEvent{
		Events: s.events | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s.fd),
	})
}

// WaitReadable returns when a Read may find something.
func (s *socket) WaitReadable() error { return s.wait(unix.EPOLLIN) }

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
			if err := s.wait(unix.EPOLLIN | unix.EPOLLOUT); err != nil {
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
		s.poller.slot(s.fd).CompareAndSwap(s, nil)
	}
	return unix.Close(s.fd)
}

func (s *socket) bind(ctx context.Context) { s.ctx = ctx }

func (s *socket) SetDeadline(t time.Time) error {
	s.until = t
	return nil
}

func (s *socket) SetReadDeadline(t time.Time) error  { return s.SetDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error { return s.SetDeadline(t) }
func (s *socket) RemoteAddr() net.Addr               { return net.TCPAddrFromAddrPort(s.addr) }

// LocalAddr is not known, since nobody asks.
func (s *socket) LocalAddr() net.Addr { return &net.TCPAddr{} }
