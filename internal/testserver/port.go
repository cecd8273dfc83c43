package testserver

import "net"

// HoldPort takes a port of an address and listens on it no longer: the port is the local one of the connection that
// HoldPort returns, and is held until that is closed. Meanwhile connections to the port are refused and the system gives
// it to no other program, but a server that asks for this very port can listen on it (most servers set SO_REUSEADDR,
// which that takes).
//
// A port of a listener that has been closed would be free, and the next program to ask for any port could get it.
func HoldPort(host string) (net.Conn, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return l.Accept() // a connection keeps its port when the listener and the client have gone
}
