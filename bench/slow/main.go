// Command slow is a server that keeps its clients waiting: it accepts, reads a request, waits, sends a head and
// closes. It holds as many connections as it has descriptors, so that a client's cost per host in flight can be seen.
// With a delay beyond a client's patience it is a server that never answers; with -reset it is one that hangs up at once.
// With -late one of its addresses keeps its clients waiting for longer, and with -field heads are long. With -tls it speaks
// TLS 1.3, and HTTP/2 with clients that offer it.
//
//	slow [-delay 1s [-late IP] [-field BYTES] | -delay 1s -tls | -reset] ADDRESS...
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"wget/internal/testserver"
)

// head is as long as what the fast server sends: 14 fields.
const head = "HTTP/1.1 200 OK\r\n" +
	"Server: slow\r\n" +
	"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
	"Content-Type: text/html\r\n" +
	"Content-Length: 0\r\n" +
	"Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
	"Connection: close\r\n" +
	"ETag: \"5e2f8a10-10000\"\r\n" +
	"Cache-Control: max-age=600\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n" +
	"Strict-Transport-Security: max-age=31536000\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"X-Frame-Options: SAMEORIGIN\r\n" +
	"Accept-Ranges: bytes\r\n\r\n"

// lateBy is how much longer the clients of the late address wait.
const lateBy = 5 * time.Second

func main() {
	delay := flag.Duration("delay", time.Second, "time between request and reply")
	late := flag.String("late", "", "address whose clients wait for longer")
	field := flag.Int("field", 0, "length of one more field in the head")
	reset := flag.Bool("reset", false, "reset every connection instead")
	secure := flag.Bool("tls", false, "speak TLS")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: slow [-delay 1s [-late IP] [-field BYTES] | -delay 1s -tls | -reset] ADDRESS...")
		os.Exit(2)
	}
	text := head
	if *field > 0 {
		text = strings.Replace(head, "Server: slow", "Server: slow\r\nX-Long: "+strings.Repeat("x", *field), 1)
	}
	answer := func(conn net.Conn) {
		delay := *delay
		if host, _, err := net.SplitHostPort(conn.LocalAddr().String()); err == nil && host == *late {
			delay += lateBy
		}
		reply(conn, delay, text)
	}
	if *reset {
		answer = hangUp
	}
	failed := make(chan error)
	for _, address := range flag.Args() {
		go func() {
			if *secure {
				failed <- serveTLS(address, *delay)
				return
			}
			failed <- serve(address, answer)
		}()
	}
	fmt.Fprintln(os.Stderr, "slow:", <-failed)
	os.Exit(1)
}

func serve(address string, answer func(net.Conn)) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go answer(conn)
	}
}

// reply takes whatever comes first for the request: the clients send it in one piece.
func reply(conn net.Conn, delay time.Duration, head string) {
	defer conn.Close()
	var request [512]byte
	if _, err := conn.Read(request[:]); err != nil {
		return
	}
	time.Sleep(delay)
	conn.Write([]byte(head)) //nolint:errcheck // a client that left has no use for the error
}

// hangUp closes a connection with an RST.
func hangUp(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0) //nolint:errcheck // it would be a FIN then, which the client tells from an RST
	conn.Close()
}

// serveTLS sends the fields of head.
func serveTLS(address string, delay time.Duration) error {
	_, fields, _ := strings.Cut(head, "\r\n")
	certificate := testserver.Issue(&x509.Certificate{}, nil, testserver.ECDSA)
	server := &http.Server{
		Addr:      address,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
		ErrorLog:  log.New(io.Discard, "", 0), // clients that leave
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(delay)
			for field := range strings.SplitSeq(strings.TrimSpace(fields), "\r\n") {
				name, value, _ := strings.Cut(field, ": ")
				w.Header().Set(name, value)
			}
		}),
	}
	return server.ListenAndServeTLS("", "")
}
