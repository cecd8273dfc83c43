package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"
)

const (
	// maxQueries is how many questions a socket is used for. The next has another port, which keeps forged answers hard
	// to make (RFC 5452 section 9.2).
	maxQueries = 1 << 10
	// maxSockets is how many sockets to a silent server may be open before its questions stay at one port. Each keeps a
	// descriptor until the lookups of its questions have ended.
	maxSockets = 16
	// receiveBuffer holds the answers, in bytes, that arrive at once.
	receiveBuffer = 1 << 20
	// maxMessage is the room for an answer, in bytes, for servers that send more than was offered.
	maxMessage = 4 << 10
)

// socket is a UDP socket to one server, shared by many questions that differ in their ids.
type socket struct {
	server *server
	conn   net.Conn
	opened time.Time
	// The server's mutex guards what follows.
	flights map[uint16]flight // questions without an answer, by id
	left    int               // questions that it takes still; none are taken when it is 0
	err     error             // why it failed
}

// flight is one question that was sent once. Sent again it is another flight: an answer to any of them counts.
type flight struct {
	question *question
	server   *server
	sent     time.Time
	withEDNS bool
}

// ticket finds a flight again.
type ticket struct {
	socket *socket
	id     uint16
}

// send sends a question by UDP. The id is random, and unique on its socket. The query's first two bytes are written. With
// an error the ticket has the socket that has failed, if one has.
func (s *server) send(f flight, query []byte, lane int) (ticket, error) {
	t, err := s.register(f, lane)
	for ; err == nil; t, err = s.register(f, lane) {
		binary.BigEndian.PutUint16(query, t.id)
		_, err := t.socket.conn.Write(query)
		switch {
		case err == nil, errors.Is(err, syscall.ENOBUFS):
			return t, nil // a full queue loses a question as the network could
		case errors.Is(err, syscall.ECONNREFUSED):
			s.forget(t)
			t.socket.fail(err) // the news is of a question before this one
			return t, err
		case !errors.Is(err, net.ErrClosed):
			// This may be of this question, as a firewall of this system says it, or of one before; the network may
			// have changed. Those in flight can still be answered.
			s.forget(t)
			t.socket.retire()
			return ticket{}, err
		}
		s.forget(t) // the socket has failed in this moment
	}
	return ticket{}, err
}

// register puts a question among those in flight on a socket.
func (s *server) register(f flight, lane int) (ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.socketLocked(lane, f.sent)
	if err != nil {
		return ticket{}, err
	}
	id := newID()
	for {
		if _, taken := k.flights[id]; !taken {
			break
		}
		id++
	}
	k.flights[id] = f
	if k.left--; k.left == 0 {
		s.current[lane] = nil
	}
	return ticket{k, id}, nil
}

// newID is hard to guess (RFC 5452 section 9.2).
func newID() uint16 { return uint16(rand.Uint32()) }

// socketLocked returns the socket that takes questions, and opens one if there is none.
func (s *server) socketLocked(lane int, now time.Time) (*socket, error) {
	if k := s.current[lane]; k != nil {
		return k, nil
	}
	if s.closed {
		return nil, net.ErrClosed
	}
	conn, err := s.dial(context.Background(), "udp", s.addr) // which waits for nothing
	if err != nil {
		return nil, err
	}
	if udp, ok := conn.(*net.UDPConn); ok {
		_ = udp.SetReadBuffer(receiveBuffer) // less will do
	}
	k := &socket{server: s, conn: conn, opened: now, flights: make(map[uint16]flight), left: maxQueries}
	s.current[lane] = k
	s.sockets[k] = struct{}{}
	s.running.Go(k.read)
	return k, nil
}

// forget gives an id back, and closes a socket that has no more to do.
func (s *server) forget(t ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(t.socket.flights, t.id)
	if t.socket.left <= 0 && len(t.socket.flights) == 0 {
		t.socket.conn.Close()
	}
}

// fail has a socket take no more questions, and its reader end.
func (k *socket) fail(err error) {
	k.server.mu.Lock()
	defer k.server.mu.Unlock()
	if k.err == nil {
		k.err = err
	}
	k.retireLocked()
	k.conn.Close()
}

// retire has a socket take no more questions.
func (k *socket) retire() {
	k.server.mu.Lock()
	defer k.server.mu.Unlock()
	k.retireLocked()
}

// retireLocked is retire with the server's mutex held.
func (k *socket) retireLocked() {
	k.left = 0
	for lane, current := range k.server.current {
		if current == k {
			k.server.current[lane] = nil
		}
	}
	if len(k.flights) == 0 {
		k.conn.Close()
	}
}

// changePort has questions go out from another port if the server has said nothing since one was sent. Where a balancer
// leads each port to another machine, one of them may be dead.
func (s *server) changePort(sent time.Time, lane int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.current[lane]
	if k == nil || k.opened.After(sent) || !s.heard.Before(sent) || len(s.sockets) >= maxSockets {
		return
	}
	s.current[lane] = nil
	if _, err := s.socketLocked(lane, time.Now()); err != nil {
		s.current[lane] = k // there is no other port, or no descriptor for it
		return
	}
	k.retireLocked()
}

// read hands answers to the lookups that wait for them, until the socket fails or is closed. A server that is not
// there any more, and whose system says so, is heard of here.
func (k *socket) read() {
	s := k.server
	buf := make([]byte, maxMessage)
	for {
		n, err := k.conn.Read(buf)
		if err != nil {
			k.fail(err)
			break
		}
		if n < headerLen {
			continue
		}
		id := binary.BigEndian.Uint16(buf)
		s.mu.Lock()
		f, ok := k.flights[id]
		s.mu.Unlock()
		if !ok {
			continue // a forged or late answer
		}
		if r, ok := readReply(buf[:n], questionOf(f.question.query), f.question.name, f.withEDNS); ok {
			s.forget(ticket{k, id})
			f.question.lookup.receive(ticket{k, id}, f, r)
		}
	}
	s.mu.Lock()
	delete(s.sockets, k)
	lost, err := k.flights, k.err
	k.flights = nil
	s.mu.Unlock()
	for _, f := range lost {
		f.question.lookup.lose(k, f, err)
	}
}
