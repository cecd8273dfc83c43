package fetch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// askAgain is when a question is sent once more, since datagrams get lost, or
	// up to a quarter of it later, so that not all are sent at once.
	askAgain = 400 * time.Millisecond
	// askNoMore is when a server counts as deaf, and another is asked. The five
	// seconds of resolv.conf are all the time that a host has.
	askNoMore = 3 * askAgain
	// deafFor is how long such a server is left alone.
	deafFor = 10 * time.Second
	// perLine is how many questions a socket is used for. A new one has another
	// port, which keeps forged answers hard to make (RFC 5452 section 9.2).
	perLine = 1 << 10
	// maxAnswers is how many datagrams may wait to be looked at: the right one
	// and some forged ones before it.
	maxAnswers = 4
	// answersWaiting is the room, in bytes, for answers that arrive at once.
	answersWaiting = 1 << 20
)

// nameservers connects the resolver to its servers. Questions to the same
// server share a socket and differ in their numbers; package net would open a
// socket for each, at ten system calls instead of two.
type nameservers struct {
	servers []netip.AddrPort // asked in turn; empty means those that the resolver names
	running sync.WaitGroup

	mu    sync.Mutex // guards what follows, and all lines
	turn  int
	lines map[string]*line // that take questions, by server
	open  map[*line]bool
	asked []string             // servers
	last  string               // the server that got the last question
	deaf  map[string]time.Time // until when servers are passed over
	ended bool
}

// line is a socket on the way to a server.
type line struct {
	*net.UDPConn
	server    string
	questions map[uint16]*question // that wait, by number
	left      int                  // to take; none are taken when it is 0
	down      chan struct{}        // closed when no more answers will come
	err       error                // why, after that
}

func newNameservers(servers []netip.AddrPort) *nameservers {
	return &nameservers{
		servers: servers, lines: make(map[string]*line), open: make(map[*line]bool), deaf: make(map[string]time.Time),
	}
}

// dial connects to one of the servers, or to the given one if there are none.
func (s *nameservers) dial(ctx context.Context, network, address string) (net.Conn, error) {
	address = s.next(address)
	if strings.HasPrefix(network, "udp") {
		return s.question(address, make(chan []byte, maxAnswers))
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// next is the server whose turn it is.
func (s *nameservers) next(named string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.servers {
		named = s.servers[s.turn%len(s.servers)].String()
		s.turn++
		if time.Now().After(s.deaf[named]) {
			break
		}
	}
	if !slices.Contains(s.asked, named) {
		s.asked = append(s.asked, named)
	}
	return named
}

// recent is a server that the resolver would ask, or "" if none is known to
// take datagrams.
func (s *nameservers) recent() string {
	if len(s.servers) > 0 {
		return s.next("")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// String names the servers that have been asked.
func (s *nameservers) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, ", ")
}

// passOver has other servers asked for a while, if there are any.
func (s *nameservers) passOver(server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf[server] = time.Now().Add(deafFor)
}

// question gets a number on a line to the server. What comes with that number
// goes to answers.
func (s *nameservers) question(server string, answers chan []byte) (*question, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = server
	l := s.lines[server]
	if l == nil {
		var err error
		if l, err = s.connect(server); err != nil {
			return nil, err
		}
	}
	q := &question{line: l, of: s, number: uint16(rand.Uint32()), answers: answers}
	for l.questions[q.number] != nil {
		q.number++
	}
	l.questions[q.number] = q
	if l.left--; l.left == 0 {
		delete(s.lines, server)
	}
	return q, nil
}

// connect opens a line. s.mu is held.
func (s *nameservers) connect(server string) (*line, error) {
	if s.ended {
		return nil, net.ErrClosed
	}
	conn, err := net.Dial("udp", server)
	if err != nil {
		return nil, err
	}
	l := &line{UDPConn: conn.(*net.UDPConn), server: server, questions: make(map[uint16]*question), left: perLine, down: make(chan struct{})}
	_ = l.SetReadBuffer(answersWaiting) // less will do
	s.lines[server] = l
	s.open[l] = true
	s.running.Go(func() {
		err := s.listen(l)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, l)
		if s.lines[server] == l {
			delete(s.lines, server)
		}
		l.hangUp(err)
		close(l.down)
	})
	return l, nil
}

// hangUp makes err the reason why no more answers come, if there is none yet.
func (l *line) hangUp(err error) {
	if l.err == nil {
		l.err = rootCause(err)
	}
	l.UDPConn.Close()
}

// listen hands out answers until none can come any more. A server that has
// gone away, and says so, is heard here.
func (s *nameservers) listen(l *line) error {
	datagram := make([]byte, maxAnswer+1)
	for {
		n, err := l.UDPConn.Read(datagram)
		if err != nil {
			return err
		}
		if n < 2 {
			continue
		}
		s.mu.Lock()
		q := l.questions[binary.BigEndian.Uint16(datagram)]
		s.mu.Unlock()
		if q == nil {
			continue
		}
		select {
		case q.answers <- bytes.Clone(datagram[:n]):
		default: // it has enough to look at
		}
	}
}

// close fails the questions that still wait.
func (s *nameservers) close() {
	s.mu.Lock()
	s.ended = true
	for l := range s.open {
		l.UDPConn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// question is what the resolver takes for a connection: it writes one question
// and reads answers to it.
type question struct {
	*line
	of       *nameservers
	number   uint16  // on the line
	own      [2]byte // the number that the resolver gave it
	message  []byte  // as it is sent
	deadline time.Time
	answers  chan []byte
}

func (q *question) Write(p []byte) (int, error) {
	copy(q.own[:], p)
	q.message = append(binary.BigEndian.AppendUint16(make([]byte, 0, len(p)), q.number), p[2:]...)
	return len(p), q.send()
}

func (q *question) send() error {
	_, err := q.UDPConn.Write(q.message)
	if err == nil || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EPERM) {
		return nil // what the system dropped is lost as it could be further on
	}
	// What went wrong may be the news of a question before this one.
	q.of.mu.Lock()
	defer q.of.mu.Unlock()
	q.hangUp(err)
	return q.err
}

// Read returns a message with the number of q. The resolver makes sure that it
// is an answer to it.
func (q *question) Read(p []byte) (int, error) {
	timer := time.NewTimer(pauseToAsk(q.deadline))
	defer timer.Stop()
	for {
		select {
		case message := <-q.answers:
			copy(message, q.own[:])
			return copy(p, message), nil
		case <-q.down:
			return 0, q.err
		case now := <-timer.C:
			if !now.Before(q.deadline) {
				q.of.passOver(q.server)
				return 0, os.ErrDeadlineExceeded
			}
			if err := q.send(); err != nil {
				return 0, err
			}
			timer.Reset(pauseToAsk(q.deadline))
		}
	}
}

// pauseToAsk is the time until a question is sent again, or its deadline.
func pauseToAsk(deadline time.Time) time.Duration {
	return min(askAgain+rand.N(askAgain/4), time.Until(deadline))
}

// SetDeadline has the resolver turn to another server sooner than it would.
func (q *question) SetDeadline(t time.Time) error {
	if q.deadline = time.Now().Add(askNoMore); !t.IsZero() && t.Before(q.deadline) {
		q.deadline = t
	}
	return nil
}

// Close gives the number back, and the line if it was the last on it.
func (q *question) Close() error {
	q.of.mu.Lock()
	defer q.of.mu.Unlock()
	delete(q.questions, q.number)
	if q.left == 0 && len(q.questions) == 0 {
		q.UDPConn.Close()
	}
	return nil
}
