package dns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"time"
)

// framed is a query with an id of its own, and with its length before it (RFC 1035
// section 4.2.2).
func framed(query []byte) []byte {
	message := append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	binary.BigEndian.PutUint16(message[2:], newID())
	return message
}

// exchange sends a framed query by TCP and reads the answer (RFC 7766).
func (r *Resolver) exchange(ctx context.Context, f flight, query []byte) (reply, error) {
	conn, err := r.dial(ctx, "tcp", f.server.addr)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(query); err != nil {
		return reply{}, err
	}
	message, err := readMessage(conn)
	if err != nil {
		return reply{}, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // all is read: a connection that waits for its end would keep a port from others for a minute
	}
	if answer, ok := readReply(message, questionOf(f.question.query), f.question.name, f.withEDNS); ok && answer.outcome != truncated && [2]byte(message) == [2]byte(query[2:]) {
		return answer, nil
	}
	return reply{outcome: failed, reason: "malformed answer"}, nil
}

// readMessage reads a message with its length before it (RFC 1035 section 4.2.2).
func readMessage(conn net.Conn) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(conn, message)
	return message, err
}
