package testserver

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
)

// A Server gives each connection of a listener to a handler.
type Server struct {
	listener  net.Listener
	accepting sync.WaitGroup
	handling  sync.WaitGroup

	mu      sync.Mutex
	open    map[net.Conn]bool
	changed sync.Cond // of open
}

// Serve starts a server behind a listener, which the server owns from now on. Each connection has a goroutine of its
// own and is closed when the handler returns. The caller must call Close.
func Serve(l net.Listener, handle func(net.Conn)) *Server {
	s := &Server{listener: l, open: make(map[net.Conn]bool)}
	s.changed.L = &s.mu
	s.accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[conn] = true
			s.changed.Broadcast()
			s.mu.Unlock()
			s.handling.Go(func() {
				defer s.end(conn)
				handle(conn)
			})
		}
	})
	return s
}

func (s *Server) end(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	s.changed.Broadcast()
}

// Settle waits until all connections that have been made by now have been handled, those too that are still to be
// accepted. No handler may wait for anything but its connection.
func (s *Server) Settle() error {
	last, err := net.Dial(s.listener.Addr().Network(), s.Addr())
	if err != nil {
		return err
	}
	defer last.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	isLast := func(conn net.Conn) bool { return conn.RemoteAddr().String() == last.LocalAddr().String() }
	for !slices.ContainsFunc(slices.Collect(maps.Keys(s.open)), isLast) { // connections are accepted in their order
		s.changed.Wait()
	}
	for conn := range maps.Clone(s.open) {
		for s.open[conn] && !isLast(conn) {
			s.changed.Wait()
		}
	}
	return nil
}

// Addr returns the address that the server listens at, as host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close closes the listener and all connections and waits for the handlers to return. A handler that waits for anything
// but its connection must be released before.
func (s *Server) Close() {
	s.listener.Close()
	s.accepting.Wait() // from here on no connection is added
	s.mu.Lock()
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.handling.Wait()
}

// Pipe returns a dialer for tests without a network: each call connects to a handler in this process, whatever the
// address. The connection has no buffer: when both sides write at once, as they may after a TLS handshake, each waits
// for the other.
func Pipe(handle func(net.Conn)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() { // ends with the connection
			defer server.Close()
			handle(server)
		}()
		return client, nil
	}
}
