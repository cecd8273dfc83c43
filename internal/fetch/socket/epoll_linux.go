package socket

import (
	"context"
	"math"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is the Connector that wakes goroutines which wait for their sockets. A
// socket is registered once at its epoll descriptor, or twice if the socket had
// to wait for its connection. The runtime's poller watches that descriptor, so
// that no thread blocks in it. Package net costs six more system calls per host.
//
// House rules: sockets are edge-triggered and every call is tried before it is
// waited for, so that a wake-up too many does no harm and none is missed.
//
// A goroutine waits on one channel and nothing else, which keeps its stack at
// the smallest size: deadlines and cancellation wake the goroutine like an event,
// and the goroutine finds out for itself what has happened.
type epoll struct {
	ctx     context.Context // of all connections
	born    time.Time       // deadlines count from here, since wall clocks jump
	file    *os.File        // the epoll descriptor
	fd      int
	local   netip.Addr
	sockets [1 << 10]atomic.Pointer[sockets] // by descriptor, in rows
	closing chan struct{}
	running sync.WaitGroup
}

// sweepEvery is how late a deadline may be noticed.
const sweepEvery = 20 * time.Millisecond

// sockets is a row of the table, made when it is needed.
type sockets [1 << 10]atomic.Pointer[socket]

func newEpoll(ctx context.Context, local netip.Addr) (Connector, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	e := &epoll{ctx: ctx, born: time.Now(), file: os.NewFile(uintptr(fd), "epoll"), fd: fd, local: local, closing: make(chan struct{})}
	raw, err := e.file.SyscallConn()
	if err != nil {
		e.file.Close()
		return nil, err
	}
	e.running.Go(func() { e.run(raw) })
	e.running.Go(e.sweep)
	return e, nil
}

// run hands out events until the descriptor is closed.
func (e *epoll) run(raw syscall.RawConn) {
	events := make([]unix.EpollEvent, 256)
	raw.Read(func(fd uintptr) bool {
		for {
			n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
			if errno != 0 || n == 0 {
				return false // wait for more
			}
			for i := range events[:n] {
				if s := e.entry(int(events[i].Fd)).Load(); s != nil {
					s.wake()
				}
			}
			if int(n) < len(events) {
				return false // a later event is told anew
			}
		}
	})
}

// sweep wakes the sockets whose deadline has passed, and all when ctx ends.
func (e *epoll) sweep() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	canceled := e.ctx.Done()
	for {
		select {
		case <-e.closing:
			return
		case <-canceled:
			canceled = nil
			e.wakeBefore(math.MaxInt64)
		case now := <-ticker.C:
			e.wakeBefore(now.Sub(e.born))
		}
	}
}

func (e *epoll) wakeBefore(moment time.Duration) {
	for i := range e.sockets {
		row := e.sockets[i].Load()
		if row == nil {
			continue
		}
		for k := range row {
			if s := row[k].Load(); s != nil && s.until.Load() <= int64(moment) {
				s.wake()
			}
		}
	}
}

// Close ends the goroutines of e and waits for them.
func (e *epoll) Close() {
	close(e.closing)
	e.file.Close()
	e.running.Wait()
}

// entry is where the socket with a descriptor stands.
func (e *epoll) entry(fd int) *atomic.Pointer[socket] {
	row := &e.sockets[fd>>10]
	if row.Load() == nil {
		row.CompareAndSwap(nil, new(sockets))
	}
	return &row.Load()[fd&1023]
}
