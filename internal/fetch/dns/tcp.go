package dns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"time"
)

// askByTCP asks one server by TCP (RFC 7766), for an answer that a datagram does not hold. l.mu is held.
func (l *lookup) askByTCP(q *question, a *attempt) {
	a.busy = true
	ctx, cancel := context.WithCancel(l.r.ctx) // the lookup's own end
	l.stop = append(l.stop, cancel)
	f := flight{question: q, server: a.server, sent: time.Now(), withEDNS: !a.server.isPlain()}
	query := q.query
	if !f.withEDNS {
		query = withoutEDNS(query)
	}
	query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	binary.BigEndian.PutUint16(query[2:], newID())
	l.r.running.Go(func() {
		defer cancel()
		r, err := l.r.exchange(ctx, f, query)
		l.handle(func(now time.Time) {
			if !q.isPending() {
				return
			}
			a := q.attempt(f.server)
			a.busy = false
			switch {
			case err != nil:
				q.due = now.Add(minRetransmit)
				q.refuse(a, err, now)
			case r.outcome == oldServer:
				f.server.hear(f, now, r.outcome)
				l.askByTCP(q, a)
			default:
				f.server.hear(f, now, r.outcome)
				q.take(f.server, r, now)
			}
		})
	})
}

// exchange sends a query, with its length before it, and reads the answer.
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
	if answer, ok := readReply(message, f.question.wire(), f.question.name, f.withEDNS); ok && answer.outcome != truncated && [2]byte(message) == [2]byte(query[2:]) {
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
