package testserver

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
)

// ReadRequest reads a request without a body and returns its bytes, up to and with the empty line. If the client leaves
// before that, ReadRequest returns an error and what has come.
func ReadRequest(r io.Reader) (string, error) {
	var request strings.Builder
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		request.WriteString(line)
		if err != nil || line == "\r\n" {
			return request.String(), err
		}
	}
}

// Answer returns a handler that reads a request and writes a reply.
func Answer(reply string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := ReadRequest(conn); err == nil {
			io.WriteString(conn, reply)
		}
	}
}

// Silent is a handler that reads and writes nothing until the client has gone.
func Silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// Secure returns a handler that makes a TLS handshake and, if that succeeds, gives the session to another handler.
// When the other handler returns, the session ends without a close_notify, unless the handler has closed it.
func Secure(config *tls.Config, handle func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		session := tls.Server(conn, config)
		if session.Handshake() == nil {
			handle(session)
		}
	}
}
