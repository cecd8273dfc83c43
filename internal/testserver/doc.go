// Package testserver holds what the tests of several packages share: servers on loopback, handlers for their
// connections, certificates, and a reader of requests. It imports the standard library alone, so that any package can
// be tested with it.
//
// A handler is a func(net.Conn) that plays the server's part on one connection. Serve runs a handler behind a listener,
// Pipe runs it without a network (so that time can be faked), and Secure puts TLS before it:
//
//	l, err := net.Listen("tcp", "127.0.0.1:0")
//	…
//	ca := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
//	leaf := testserver.Issue(&x509.Certificate{DNSNames: []string{"www.test"}}, &ca, testserver.ECDSA)
//	config := &tls.Config{Certificates: []tls.Certificate{leaf}}
//	s := testserver.Serve(l, testserver.Secure(config, testserver.Answer("HTTP/1.1 200 OK\r\n\r\n")))
//	defer s.Close()
package testserver
