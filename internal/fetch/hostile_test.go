//go:build linux

// Servers that mean harm, over real TCP. Each is asked beside a fleet of healthy hosts whose records
// must all be right, with epoll and with package net. It needs addresses from all of 127/8 and
// looks at the server's sockets from below, hence Linux.
//
// Nothing here measures speed. Where a server must not be waited for, the timeouts are so long that
// waiting would show as a timeout in the record; where it must be given up, they are short, and the
// run is made again with longer ones if it went wrong, since a busy machine keeps the healthy waiting
// too.

package fetch_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

const (
	siteName = "hostile.test" // in the certificate of every honest TLS server here
	never    = 20 * time.Second
	settled  = 10 * time.Second // for servers to see the end of their connections

	okHead  = "HTTP/1.1 200 OK\r\nServer: hostile\r\n\r\n"
	partial = "HTTP/1.1 200 OK\r\nServer: hos"

	// What a server can send to a client that does not read: the receive window, what the two
	// systems hold on top of it, and one write that was under way. The receive window grows
	// with the pace of the client, so twice what it usually is.
	window = 384 << 10
)

// peer is a hostile server's side of a connection.
type peer struct {
	net.Conn // TCP, or TLS over it
	tcp      *net.TCPConn
}

func (p *peer) say(s string) bool {
	_, err := io.WriteString(p, s)
	return err == nil
}

func (p *peer) request() { testserver.ReadRequest(p) }

// hello reads something, such as the first flight of a TLS client.
func (p *peer) hello() { p.Read(make([]byte, 16<<10)) }

// repeat says s until the client has closed.
func (p *peer) repeat(s string, pause time.Duration) {
	for p.say(s) {
		time.Sleep(pause)
	}
}

// drain reads until the client has closed.
func (p *peer) drain() { io.Copy(io.Discard, p.Conn) }

// unread waits until the client has closed and reads nothing.
func (p *peer) unread() {
	for open := true; open; time.Sleep(5 * time.Millisecond) {
		raw, err := p.tcp.SyscallConn()
		if err != nil {
			return
		}
		err = raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			open = err == nil && info.State == unix.BPF_TCP_ESTABLISHED
		})
		open = open && err == nil
	}
}

// reset closes the connection with RST.
func (p *peer) reset() {
	p.tcp.SetLinger(0)
	p.tcp.Close()
}

// wire counts what a server sends.
type wire struct {
	*net.TCPConn
	sent *atomic.Int64
}

func (w wire) Write(b []byte) (int, error) {
	n, err := w.TCPConn.Write(b)
	w.sent.Add(int64(n))
	return n, err
}

// site is a server on an address of its own.
type site struct {
	addr     string // host:port
	sent     atomic.Int64
	accepted atomic.Int64
	ended    atomic.Int64
}

// open starts a server that treats each connection with serve and closes it then. With a config,
// serve begins after the handshake.
func (a *arena) open(host string, config *tls.Config, serve func(*peer)) *site {
	a.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		a.t.Fatal(err)
	}
	s := &site{addr: l.Addr().String()}
	a.serve(s, l, config, serve)
	return s
}

func (a *arena) serve(s *site, l net.Listener, config *tls.Config, serve func(*peer)) {
	server := testserver.Serve(l, func(conn net.Conn) {
		s.accepted.Add(1)
		defer s.ended.Add(1)
		tcp := conn.(*net.TCPConn)
		defer tcp.Close()
		// What has been sent shall have left for the client, not wait here.
		tcp.SetWriteBuffer(4 << 10)
		handle := func(conn net.Conn) { serve(&peer{conn, tcp}) }
		if config != nil {
			handle = testserver.Secure(config, handle)
		}
		handle(wire{tcp, &s.sent})
	})
	a.cleanup(server.Close)
}

// settle waits until the server has seen the end of its n connections, by itself.
func (a *arena) settle(s *site, n int64, end time.Time) {
	for s.ended.Load() < n {
		if time.Now().After(end) {
			a.fault("%s: %d connections accepted and %d ended, want %d", s.addr, s.accepted.Load(), s.ended.Load(), n)
			return
		}
		time.Sleep(time.Millisecond)
	}
	if got := s.accepted.Load(); got != n {
		a.fault("%s: %d connections, want %d", s.addr, got, n)
	}
}

// identity is the certificate of an honest TLS server.
func identity(name string) tls.Certificate {
	return testserver.Issue(&x509.Certificate{DNSNames: []string{name}, IsCA: true}, nil, testserver.ECDSA)
}

// want is what a record must say.
type want struct {
	stages  []fetch.Stage // one of these; empty means that the host was read
	kinds   []fetch.Kind  // one of these
	status  int           // 0 means any
	raw     string        // what the bytes begin with
	cut     bool          // raw is all of them
	message string        // a part of the error
	hint    string        // a part of the hint
	most    int64         // bytes the server can have sent; 0 means any number
}

func failure(stage fetch.Stage, kind fetch.Kind) want {
	return want{stages: []fetch.Stage{stage}, kinds: []fetch.Kind{kind}}
}

func success(raw string) want { return want{status: 200, raw: raw, cut: true} }

func (w want) sending(most int64) want { w.most = most; return w }

func (w want) keeping(raw string) want { w.raw, w.cut = raw, true; return w }

func (w want) beginning(raw string) want { w.raw = raw; return w }

func (w want) saying(message, hint string) want { w.message, w.hint = message, hint; return w }

// scheme is how a client and a trap meet.
type scheme int

const (
	plain  scheme = iota // http to a server on TCP
	secure               // https to a server on TLS
	naked                // https to a server that gets to see the TCP connection
)

// trap is a hostile server and the record it must end in.
type trap struct {
	name    string
	schemes []scheme
	serve   func(*peer)
	want    want
	slow    bool // it ends by a timeout
	heavy   bool // what the whole run allocates is bounded
}

// allocated bounds what a run with a heavy trap allocates, in bytes: both sides of everything.
const allocated = 32 << 20

func both() []scheme { return []scheme{plain, secure} }

func traps(t testing.TB) []trap {
	t.Helper()
	const (
		limit   = fetch.DefaultMaxHeader
		bounded = limit + window
	)
	var (
		onPlain    = []scheme{plain}
		onNaked    = []scheme{naked}
		anyClosing = []fetch.Kind{fetch.KindClosed, fetch.KindReset}
		early      = []fetch.Stage{fetch.StageConnect, fetch.StageWrite, fetch.StageRead}
		earlyTLS   = []fetch.Stage{fetch.StageConnect, fetch.StageTLS}

		headTimeout = failure(fetch.StageHead, fetch.KindTimeout)
		headClosed  = failure(fetch.StageHead, fetch.KindClosed)
		headReset   = failure(fetch.StageHead, fetch.KindReset)
		readTimeout = failure(fetch.StageRead, fetch.KindTimeout)
		readClosed  = failure(fetch.StageRead, fetch.KindClosed)
		readReset   = failure(fetch.StageRead, fetch.KindReset)
		tooLarge    = failure(fetch.StageHead, fetch.KindTooLarge)
		malformed   = failure(fetch.StageHead, fetch.KindMalformed)
		handshake   = failure(fetch.StageTLS, fetch.KindHandshake)
		noTLS       = handshake.saying("does not speak TLS on this port", "http://")
	)
	honest, other := identity(siteName), identity("other.test")
	fat := honest
	fat.Certificate = append(slices.Clone(fat.Certificate), make([]byte, 1<<20))

	answering := func(reply string, then func(*peer)) func(*peer) {
		return func(p *peer) {
			p.request()
			p.say(reply)
			then(p)
		}
	}
	endless := func(start, again string, pause time.Duration) func(*peer) {
		return answering(start, func(p *peer) { p.repeat(again, pause) })
	}
	greeting := func(reply string, then func(*peer)) func(*peer) {
		return func(p *peer) {
			p.hello()
			p.say(reply)
			then(p)
		}
	}
	leave := func(*peer) {}
	shut := func(p *peer) {
		p.tcp.CloseWrite()
		p.drain()
	}
	kb := func(s string) string { return strings.Repeat(s, (1<<10)/len(s)) }

	return []trap{
		// It never ends.
		{
			name: "drips a value", schemes: both(), slow: true,
			serve: endless("HTTP/1.1 200 OK\r\nX: ", "a", 5*time.Millisecond),
			want:  headTimeout.beginning("HTTP/1.1 2"),
		},
		{
			name: "drips from the first byte", schemes: both(), slow: true,
			serve: func(p *peer) {
				p.request()
				for _, c := range okHead[:20] {
					if !p.say(string(c)) {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
				p.repeat("x", 5*time.Millisecond)
			},
			want: headTimeout.beginning("H"),
		},
		{
			name: "drips spaces before the status line", schemes: both(), slow: true,
			serve: endless("", " ", 5*time.Millisecond),
			want:  headTimeout.beginning(" "),
		},
		{
			name: "drips empty lines", schemes: both(), slow: true,
			serve: endless("", "\r\n", 5*time.Millisecond),
			want:  headTimeout.beginning("\r\n"),
		},
		{
			name: "drips interim replies", schemes: both(), slow: true,
			serve: endless("", "HTTP/1.1 102 Processing\r\n\r\n", 550*time.Millisecond),
			want:  headTimeout.beginning("HTTP/1.1 102 Processing\r\n\r\n"),
		},
		{
			name: "sends headers without end", schemes: both(), heavy: true,
			serve: endless("HTTP/1.1 200 OK\r\n", kb("X-N: y\r\n"), 0),
			want:  tooLarge.beginning("HTTP/1.1 200 OK\r\nX-N: y\r\n").sending(bounded),
		},
		{
			name: "sends empty lines without end", schemes: both(), heavy: true,
			serve: endless("", kb("\r\n"), 0),
			want:  tooLarge.beginning("\r\n").sending(bounded),
		},
		{
			name: "sends spaces without end", schemes: both(), heavy: true,
			serve: endless("", kb(" "), 0),
			want:  tooLarge.beginning("  ").sending(bounded),
		},
		{
			name: "sends interim replies without end", schemes: both(), heavy: true,
			serve: endless("", "HTTP/1.1 100 Continue\r\n\r\n", 0),
			want:  failure(fetch.StageHead, fetch.KindLimit).beginning("HTTP/1.1 100 Continue\r\n\r\n").sending(window),
		},
		{
			name: "sends an interim reply without end", schemes: both(), heavy: true,
			serve: endless("HTTP/1.1 103 Early Hints\r\n", kb("Link: x\r\n"), 0),
			want:  tooLarge.beginning("HTTP/1.1 103 Early Hints\r\nLink: x\r\n").sending(bounded),
		},
		{
			name: "sends a header of 300 MB", schemes: both(), heavy: true,
			serve: func(p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\nX-Long: ")
				for chunk, n := kb("a"), 0; n < 300<<20; n += len(chunk) {
					if !p.say(chunk) {
						return
					}
				}
				p.say("\r\n\r\n")
			},
			want: tooLarge.beginning("HTTP/1.1 200 OK\r\nX-Long: aaaa").sending(bounded),
		},
		{
			name: "sends a million headers", schemes: both(), heavy: true,
			serve: func(p *peer) {
				p.request()
				b := bufio.NewWriter(p)
				fmt.Fprint(b, "HTTP/1.1 200 OK\r\n")
				for i := range 1_000_000 {
					if _, err := fmt.Fprintf(b, "X-%d: %d\r\n", i, i); err != nil {
						return
					}
				}
				fmt.Fprint(b, "\r\n")
				b.Flush()
			},
			want: tooLarge.beginning("HTTP/1.1 200 OK\r\nX-0: 0\r\nX-1: 1\r\n").sending(bounded),
		},
		{
			name: "folds one header fifty thousand times", schemes: both(), heavy: true,
			serve: answering("HTTP/1.1 200 OK\r\nX-Fold: a"+strings.Repeat("\r\n b", 50_000)+"\r\n\r\n", (*peer).drain),
			want:  success("HTTP/1.1 200 OK\r\nX-Fold: a" + strings.Repeat("\r\n b", 50_000) + "\r\n\r\n"),
		},
		{
			name: "fills the bound with empty headers", schemes: both(), heavy: true,
			serve: answering("HTTP/1.1 200 OK\r\n"+strings.Repeat(":\n", 120_000)+"\r\n", (*peer).drain),
			want:  success("HTTP/1.1 200 OK\r\n" + strings.Repeat(":\n", 120_000) + "\r\n"),
		},
		{
			name: "sends no HTTP without end", schemes: both(), heavy: true,
			serve: endless("", kb("\x00\xff\x1b[2J"), 0),
			want:  malformed.saying("not an HTTP/1 reply", "").sending(bounded),
		},
		{
			name: "sends a page without a head", schemes: both(),
			serve: endless("", kb("<html>\n"), 0),
			want:  malformed.saying("<html>", "").sending(bounded),
		},

		// It says nothing, or does not listen.
		{name: "is silent", schemes: both(), slow: true, serve: (*peer).drain, want: readTimeout},
		{name: "never reads", schemes: both(), slow: true, serve: (*peer).unread, want: readTimeout},
		{
			name: "is silent inside the status line", schemes: both(), slow: true,
			serve: answering("HTTP/1.1 2", (*peer).drain), want: headTimeout.keeping("HTTP/1.1 2"),
		},
		{
			name: "is silent inside the head", schemes: both(), slow: true,
			serve: answering(partial, (*peer).drain), want: headTimeout.keeping(partial),
		},
		{
			name: "is silent before the last line feed", schemes: both(), slow: true,
			serve: answering(okHead[:len(okHead)-1], (*peer).drain), want: headTimeout.keeping(okHead[:len(okHead)-1]),
		},
		{
			name: "is silent after an interim reply", schemes: both(), slow: true,
			serve: answering("HTTP/1.1 100 Continue\r\n\r\n", (*peer).drain),
			want:  headTimeout.keeping("HTTP/1.1 100 Continue\r\n\r\n"),
		},
		{
			name: "answers without reading", schemes: both(),
			serve: func(p *peer) {
				p.say(okHead)
				p.unread()
			},
			want: success(okHead),
		},
		{
			name: "answers before it is asked and closes", schemes: both(),
			serve: func(p *peer) { p.say(okHead) },
			want:  success(okHead),
		},
		{
			name: "answers before it is asked with a body and closes", schemes: both(),
			serve: func(p *peer) { p.say(okHead + kb("body")) },
			want:  success(okHead),
		},
		{
			name: "answers before it is asked and shuts its side", schemes: both(),
			serve: func(p *peer) {
				p.say(okHead)
				shut(p)
			},
			want: success(okHead),
		},

		// It resets.
		{
			name: "resets after accept", schemes: onPlain, serve: (*peer).reset,
			want: want{stages: early, kinds: []fetch.Kind{fetch.KindReset}},
		},
		{name: "resets after the request", schemes: both(), serve: answering("", (*peer).reset), want: readReset},
		{
			name: "resets inside the status line", schemes: both(),
			serve: answering("HTTP/1.", (*peer).reset), want: headReset.keeping("HTTP/1."),
		},
		{
			name: "resets inside the head", schemes: both(),
			serve: answering(partial, (*peer).reset), want: headReset.keeping(partial),
		},
		{
			name: "resets after an interim reply", schemes: both(),
			serve: answering("HTTP/1.1 100 Continue\r\n\r\n", (*peer).reset),
			want:  headReset.keeping("HTTP/1.1 100 Continue\r\n\r\n"),
		},
		{name: "resets after the head", schemes: both(), serve: answering(okHead, (*peer).reset), want: success(okHead)},
		{
			name: "answers before it is asked and resets", schemes: onPlain,
			serve: func(p *peer) {
				p.say(okHead)
				p.request() // the client is connected, so that the reply is there first
				p.reset()
			},
			want: success(okHead),
		},

		// It closes.
		{
			name: "closes after accept", schemes: onPlain, serve: leave,
			want: want{stages: early, kinds: anyClosing},
		},
		{name: "closes after the request", schemes: both(), serve: answering("", leave), want: readClosed},
		{
			name: "closes inside the status line", schemes: both(),
			serve: answering("HTTP/1.1 20", leave), want: headClosed.keeping("HTTP/1.1 20"),
		},
		{
			name: "closes inside the head", schemes: both(),
			serve: answering(partial, leave), want: headClosed.keeping(partial),
		},
		{
			name: "closes before the empty line", schemes: both(),
			serve: answering("HTTP/1.1 200 OK\r\nServer: x\r\n", leave), want: headClosed.keeping("HTTP/1.1 200 OK\r\nServer: x\r\n"),
		},
		{
			name: "closes after an interim reply", schemes: both(),
			serve: answering("HTTP/1.1 100 Continue\r\n\r\n", leave),
			want:  headClosed.keeping("HTTP/1.1 100 Continue\r\n\r\n"),
		},
		{name: "closes after the head", schemes: both(), serve: answering(okHead, leave), want: success(okHead)},
		{
			name: "ends TLS after the request", schemes: []scheme{secure},
			serve: answering("", func(p *peer) { p.Conn.Close() }), want: readClosed,
		},
		{
			name: "ends TLS inside the head", schemes: []scheme{secure},
			serve: answering(partial, func(p *peer) { p.Conn.Close() }), want: headClosed.keeping(partial),
		},

		// It closes one side only, or none.
		{name: "shuts its side and reads on", schemes: both(), serve: answering("", shut), want: readClosed},
		{name: "shuts its side unasked and reads on", schemes: onPlain, serve: shut, want: readClosed},
		{
			name: "shuts its side inside the head and reads on", schemes: both(),
			serve: answering(partial, shut), want: headClosed.keeping(partial),
		},
		{
			name: "shuts its side after the head and reads on", schemes: both(),
			serve: answering(okHead, shut), want: success(okHead),
		},
		{
			name: "keeps the connection after the head", schemes: both(),
			serve: answering(okHead, (*peer).drain), want: success(okHead),
		},
		{
			name: "keeps the connection after the head and reads nothing", schemes: both(),
			serve: answering(okHead, (*peer).unread), want: success(okHead),
		},

		// Its body never ends.
		{
			name: "sends a compression bomb", schemes: both(), heavy: true,
			serve: endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", kb("\x00"), 0),
			want:  success("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").sending(window),
		},
		{
			name: "drips a body", schemes: both(),
			serve: endless(okHead, "b", time.Millisecond), want: success(okHead).sending(window),
		},
		{
			name: "sends chunks without end", schemes: both(), heavy: true,
			serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", kb("2\r\nab\r\n"), 0),
			want:  success("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").sending(window),
		},

		// One side speaks TLS.
		{
			name: "speaks TLS on a plain port, alert", schemes: onPlain,
			serve: answering("\x15\x03\x01\x00\x02\x02\x46", leave), want: malformed.saying("", "https://"),
		},
		{
			name: "speaks TLS on a plain port, alert and silence", schemes: onPlain, slow: true,
			serve: answering("\x15\x03\x03\x00\x02\x02\x0a", (*peer).drain), want: malformed.saying("", "https://"),
		},
		{
			name: "speaks TLS on a plain port, handshake", schemes: onPlain,
			serve: answering("\x16\x03\x03\x00\x7a"+strings.Repeat("\x02", 122), leave), want: malformed.saying("", "https://"),
		},
		{
			name: "speaks HTTP on a TLS port", schemes: onNaked,
			serve: greeting("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", leave), want: noTLS,
		},
		{
			name: "speaks HTTP on a TLS port and stays", schemes: onNaked,
			serve: greeting("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", (*peer).drain), want: noTLS,
		},
		{
			name: "speaks SSH on a TLS port, unasked", schemes: onNaked,
			serve: func(p *peer) {
				p.say("SSH-2.0-OpenSSH_9.9\r\n")
				p.drain()
			},
			want: handshake.saying("does not speak TLS on this port", "SSH"),
		},
		{
			name: "sends garbage for TLS without end", schemes: onNaked, heavy: true,
			serve: func(p *peer) { p.repeat(kb("\xde\xad\xbe\xef"), 0) },
			want:  handshake.sending(window),
		},
		{
			name: "sends a garbled TLS handshake", schemes: onNaked,
			serve: greeting("\x16\x03\x03\x00\x06\x02\x00\x00\x02\xff\xff", (*peer).drain), want: handshake,
		},
		{
			name: "sends a TLS message of 16 MB", schemes: onNaked, heavy: true,
			serve: func(p *peer) {
				p.hello()
				p.say("\x16\x03\x03\x04\x04\x02\xff\xff\xff" + kb("\x00"))
				p.repeat("\x16\x03\x03\x04\x00"+kb("\x00"), 0)
			},
			want: handshake.sending(window),
		},
		{
			name: "sends TLS warnings without end", schemes: onNaked, heavy: true,
			serve: func(p *peer) {
				p.hello()
				p.repeat("\x15\x03\x03\x00\x02\x01\x5a", 0)
			},
			want: handshake.sending(window),
		},
		{
			name: "sends empty TLS records without end", schemes: onNaked, heavy: true,
			serve: func(p *peer) {
				p.hello()
				p.repeat("\x16\x03\x03\x00\x00", 0)
			},
			want: handshake.sending(window),
		},
		{
			name: "sends a certificate of 1 MB", schemes: onNaked, heavy: true,
			serve: func(p *peer) {
				tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{fat}}).Handshake()
				p.drain()
			},
			want: handshake,
		},
		{
			name: "sends a TLS alert", schemes: onNaked,
			serve: greeting("\x15\x03\x03\x00\x02\x02\x28", leave), want: handshake,
		},
		{
			name: "sends a TLS alert and stays", schemes: onNaked,
			serve: greeting("\x15\x03\x03\x00\x02\x02\x50", (*peer).drain), want: handshake,
		},
		{
			name: "has the certificate of another", schemes: onNaked,
			serve: func(p *peer) {
				tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{other}}).Handshake()
				p.drain()
			},
			want: failure(fetch.StageTLS, fetch.KindCertificate).saying("", "-k"),
		},
		{
			name: "is silent in the TLS handshake", schemes: onNaked, slow: true,
			serve: (*peer).drain, want: failure(fetch.StageTLS, fetch.KindTimeout),
		},
		{
			name: "drips the TLS handshake", schemes: onNaked, slow: true,
			serve: func(p *peer) {
				tls.Server(dripping{p.Conn}, &tls.Config{Certificates: []tls.Certificate{honest}}).Handshake()
				p.drain()
			},
			want: failure(fetch.StageTLS, fetch.KindTimeout),
		},
		{
			name: "resets before the TLS handshake", schemes: onNaked, serve: (*peer).reset,
			want: want{stages: earlyTLS, kinds: []fetch.Kind{fetch.KindReset}},
		},
		{
			name: "resets in the TLS handshake", schemes: onNaked,
			serve: greeting("", (*peer).reset), want: failure(fetch.StageTLS, fetch.KindReset),
		},
		{
			name: "resets inside a TLS record", schemes: onNaked,
			serve: greeting("\x16\x03\x03\x00\x7a\x02", (*peer).reset), want: failure(fetch.StageTLS, fetch.KindReset),
		},
		{
			name: "closes before the TLS handshake", schemes: onNaked, serve: leave,
			want: want{stages: earlyTLS, kinds: anyClosing},
		},
		{
			name: "closes in the TLS handshake", schemes: onNaked,
			serve: greeting("", leave), want: failure(fetch.StageTLS, fetch.KindClosed),
		},
		{
			name: "closes inside a TLS record", schemes: onNaked,
			serve: greeting("\x16\x03\x03\x00\x7a\x02", leave), want: failure(fetch.StageTLS, fetch.KindClosed),
		},
		{
			name: "shuts its side in the TLS handshake and reads on", schemes: onNaked,
			serve: greeting("", shut), want: failure(fetch.StageTLS, fetch.KindClosed),
		},
	}
}

// dripping sends a byte at a time.
type dripping struct{ net.Conn }

func (d dripping) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return len(b), nil
}

// arena is one run: targets, their servers, and what their records must be.
type arena struct {
	t        testing.TB
	patience time.Duration // for what must end by a timeout; see hurry
	hurried  bool
	server   *tls.Config
	options  fetch.Options
	targets  []fetch.Target
	sites    []*site
	checks   []func(*fetch.Result)
	hosts    int // addresses given out
	closers  []func()

	mu     sync.Mutex
	faults []string
}

// trial makes a run with epoll and one with package net, and sees to it that nothing of them
// is left behind.
func trial(t *testing.T, run func(a *arena)) {
	for _, portable := range []bool{false, true} {
		name := "epoll"
		if portable {
			name = "net"
		}
		t.Run(name, func(t *testing.T) {
			var a *arena
			for _, patience := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second} {
				before := sockets(t)
				a = newArena(t, portable, patience)
				func() {
					defer a.close()
					run(a)
				}()
				if err := goleak.Find(); err != nil {
					a.fault("%v", err)
				}
				if after := sockets(t); after != before {
					a.fault("%d sockets are open, %d were before", after, before)
				}
				if len(a.faults) == 0 || !a.hurried {
					break
				}
				t.Logf("patience %v: %d faults, such as %s", patience, len(a.faults), a.faults[0])
			}
			for _, fault := range a.faults {
				t.Error(fault)
			}
		})
	}
}

func newArena(t testing.TB, portable bool, patience time.Duration) *arena {
	t.Helper()
	certificate := identity(siteName)
	var dial func(context.Context, string, string) (net.Conn, error)
	if portable {
		dial = new(net.Dialer).DialContext
	}
	return &arena{
		t: t, patience: patience,
		server: &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
		options: fetch.Options{
			UserAgent: "hostile", Dial: dial,
			TLS: &tls.Config{RootCAs: testserver.Pool(certificate)}, ServerName: siteName,
			ConnectTimeout: never, ReadTimeout: never,
		},
	}
}

func (a *arena) cleanup(f func()) { a.closers = append(a.closers, f) }

func (a *arena) close() {
	for _, f := range slices.Backward(a.closers) {
		f()
	}
}

// hurry is a timeout for what has to end by one.
func (a *arena) hurry() time.Duration {
	a.hurried = true
	return a.patience
}

func (a *arena) fault(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, fmt.Sprintf(format, args...))
}

// sockets counts the process's sockets.
func sockets(t testing.TB) (n int) {
	t.Helper()
	names, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// host is an address that no other server of the run has.
func (a *arena) host() string {
	a.hosts++
	return fmt.Sprintf("127.0.%d.%d", 1+a.hosts/250, 1+a.hosts%250)
}

// add makes a target of text. Its record is left to check.
func (a *arena) add(text string, s *site, check func(*fetch.Result)) {
	a.t.Helper()
	spec, err := fetch.Parse(text, fetch.Defaults{})
	if err != nil {
		a.t.Fatal(err)
	}
	for target := range spec.All() {
		target.Index = len(a.targets)
		a.targets = append(a.targets, target)
		a.sites = append(a.sites, s)
		a.checks = append(a.checks, check)
	}
}

// trap adds a hostile server.
func (a *arena) trap(c trap, over scheme) {
	a.t.Helper()
	var config *tls.Config
	prefix := "https://"
	switch over {
	case plain:
		prefix = "http://"
	case secure:
		config = a.server
	}
	s := a.open(a.host(), config, c.serve)
	name := c.name + " (" + prefix + ")"
	a.add(prefix+s.addr+"/", s, func(r *fetch.Result) { c.want.check(a, name, r) })
	last := len(a.checks) - 1
	check := a.checks[last]
	a.checks[last] = func(r *fetch.Result) {
		check(r)
		if sent := s.sent.Load(); c.want.most > 0 && sent > c.want.most {
			a.fault("%s: the server could send %d bytes, want at most %d", name, sent, c.want.most)
		}
	}
}

// healthy adds n hosts, one in four of them https.
func (a *arena) healthy(n int) {
	a.t.Helper()
	for i := range n {
		host, prefix := a.host(), "http://"
		var config *tls.Config
		if i%4 == 3 {
			prefix, config = "https://", a.server
		}
		head := "HTTP/1.1 200 OK\r\nX-Host: " + host + "\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n"
		s := a.open(host, config, func(p *peer) {
			p.request()
			p.say(head + "<html>hello</html>\n")
		})
		a.add(prefix+s.addr+"/", s, func(r *fetch.Result) {
			success(head).check(a, "healthy host "+prefix+host, r)
			if (r.Session != nil) != (config != nil) {
				a.fault("healthy host %s%s: session %v", prefix, host, r.Session)
			}
		})
	}
}

func (w want) check(a *arena, name string, r *fetch.Result) {
	fault := func(format string, args ...any) {
		a.fault("%s: %s\n\terr %v, status %d, %d bytes %.100q", name, fmt.Sprintf(format, args...), r.Err, r.Head.Status, len(r.Raw), r.Raw)
	}
	if len(w.stages) == 0 && r.Err != nil {
		fault("kind %s at %s, want a reply", r.Err.Kind, r.Err.Stage)
		return
	}
	if len(w.stages) > 0 {
		if r.Err == nil {
			fault("a reply, want %v at %v", w.kinds, w.stages)
			return
		}
		if !slices.Contains(w.stages, r.Err.Stage) || !slices.Contains(w.kinds, r.Err.Kind) {
			fault("kind %s at %s, want %v at %v", r.Err.Kind, r.Err.Stage, w.kinds, w.stages)
		}
		if !strings.Contains(r.Err.Error(), w.message) || !strings.Contains(r.Err.Hint, w.hint) {
			fault("hint %q, want %q in the error and %q in the hint", r.Err.Hint, w.message, w.hint)
		}
	}
	// A wake-up that is lost shows by a right record that comes when its time is over.
	asked := max(r.Times.Connect, r.Times.TLS)
	if bound := a.options.ReadTimeout; bound > 0 && (r.Err == nil && r.Times.FirstByte-asked >= bound || !a.hurried && r.Times.Total-asked >= bound) {
		fault("noticed only when its time was over, after %v", r.Times.Total-asked)
	}
	if w.status != 0 && r.Head.Status != w.status {
		fault("want status %d", w.status)
	}
	if w.cut && string(r.Raw) != w.raw || !strings.HasPrefix(string(r.Raw), w.raw) {
		fault("want %d bytes %.100q", len(w.raw), w.raw)
	}
	if len(r.Raw) > fetch.DefaultMaxHeader {
		fault("the record holds more than %d bytes", fetch.DefaultMaxHeader)
	}
}

// run asks all targets and checks that each has one record, the right one, and that every server
// has seen the end of its connection.
func (a *arena) run(ctx context.Context) {
	a.t.Helper()
	a.collect(ctx)
	end := time.Now().Add(settled)
	for _, s := range a.sites {
		if s != nil {
			a.settle(s, 1, end)
		}
	}
}

func (a *arena) collect(ctx context.Context) {
	a.t.Helper()
	records := make([]int, len(a.targets))
	for r := range fetch.All(ctx, slices.Values(a.targets), a.options) {
		records[r.Target.Index]++
		asked := net.JoinHostPort(r.Target.Host, fmt.Sprint(r.Target.Port))
		if _, proxy, isProxied := strings.Cut(r.Proxy, "://"); isProxied {
			asked = proxy
		}
		if addr, err := netip.ParseAddrPort(asked); err == nil && r.Addr.IsValid() && r.Addr != addr {
			a.fault("target %s: record of %s", addr, r.Addr)
		}
		a.checks[r.Target.Index](r)
	}
	for i, n := range records {
		if n != 1 {
			a.fault("target %d, %s: %d records, want 1", i, a.targets[i].Text, n)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, c := range traps(t) {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			trial(t, func(a *arena) {
				if c.slow {
					a.options.ConnectTimeout, a.options.ReadTimeout = a.hurry(), a.hurry()
				}
				a.healthy(10)
				for _, over := range c.schemes {
					a.trap(c, over)
				}
				a.healthy(10)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a.run(t.Context())
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; c.heavy && used > allocated {
					a.fault("%d MB were allocated, want at most %d", used>>20, allocated>>20)
				}
			})
		})
	}
}

// A host's bound on the whole holds wherever it hangs.
func TestHostileMaxTime(t *testing.T) {
	trial(t, func(a *arena) {
		a.options.MaxTime = a.hurry()
		a.healthy(20)
		a.slowTraps()
		a.run(t.Context())
	})
}

func (a *arena) slowTraps() {
	for _, c := range traps(a.t) {
		if c.slow {
			for _, over := range c.schemes {
				a.trap(c, over)
			}
		}
	}
}

// A request that does not fit into what the two systems hold is stuck when the server does not read.
func TestHostileUnreadRequest(t *testing.T) {
	reply := func(then func(*peer)) func(*peer) {
		return func(p *peer) {
			p.hello()
			p.say("HTTP/1.1 431 Too Large\r\n\r\n")
			then(p)
		}
	}
	answered := want{status: 431, raw: "HTTP/1.1 431 Too Large\r\n\r\n", cut: true}
	for _, c := range []trap{
		{
			name: "never reads a long request", schemes: both(), slow: true, serve: (*peer).unread,
			want: failure(fetch.StageWrite, fetch.KindTimeout),
		},
		{
			name: "resets inside the request", schemes: both(),
			serve: func(p *peer) {
				p.hello()
				p.reset()
			},
			want: want{stages: []fetch.Stage{fetch.StageWrite}, kinds: []fetch.Kind{fetch.KindReset}},
		},
		{name: "answers inside the request and resets", schemes: both(), serve: reply((*peer).reset), want: answered},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			trial(t, func(a *arena) {
				if c.slow {
					a.options.ReadTimeout = 2 * a.hurry() // the fleet has to read it all
				}
				a.options.Header = []fetch.Field{{Name: "X-Long", Value: strings.Repeat("a", 12<<20)}}
				a.options.Parallel = 4
				for _, over := range c.schemes {
					a.trap(c, over)
				}
				a.healthy(8)
				a.run(t.Context())
			})
		})
	}
}

// crowd is a listener whose queue of connections is full: what comes next is dropped, as by a
// firewall, until leave is called.
type crowd struct {
	*net.TCPListener
	fillers []net.Conn
}

func newCrowd(a *arena) *crowd {
	t := a.t
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: netip.MustParseAddr(a.host()).As4()}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{TCPListener: l.(*net.TCPListener)}
	a.cleanup(func() {
		c.Close()
		for _, conn := range c.fillers {
			conn.Close()
		}
	})
	for length, backlog := c.queue(t); length <= backlog; {
		if len(c.fillers) > 16 {
			t.Skip("the queue of a listener does not fill up here")
		}
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.fillers = append(c.fillers, conn)
		for end := time.Now().Add(settled); length < len(c.fillers) && time.Now().Before(end); time.Sleep(time.Millisecond) {
			length, backlog = c.queue(t)
		}
	}
	return c
}

// queue asks the system how many connections wait to be accepted. When they are more than the backlog, it drops what
// comes.
func (c *crowd) queue(t testing.TB) (length, backlog int) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Unacked), int(info.Sacked) // they mean that of a listener
}

// knocking counts the clients whose first segments were dropped so far.
func (c *crowd) knocking() (n int, err error) {
	addr := netip.MustParseAddrPort(c.Addr().String())
	ip := addr.Addr().As4()
	const synSent = "02"
	client := fmt.Sprintf(" %08X:%04X %s ", binary.NativeEndian.Uint32(ip[:]), addr.Port(), synSent) // remote address, state
	sockets, err := os.ReadFile("/proc/self/net/tcp")
	return strings.Count(string(sockets), client), err
}

func TestHostileBlackHole(t *testing.T) {
	trial(t, func(a *arena) {
		a.options.ConnectTimeout = a.hurry()
		c := newCrowd(a)
		for i := range 6 {
			a.add(fmt.Sprintf("%s://%s/", []string{"http", "https"}[i%2], c.Addr()), nil, func(r *fetch.Result) {
				failure(fetch.StageConnect, fetch.KindTimeout).check(a, "black hole", r)
			})
		}
		a.healthy(20)
		a.run(t.Context())
	})
}

func TestHostileRefused(t *testing.T) {
	trial(t, func(a *arena) {
		for range 4 {
			port, err := testserver.HoldPort(a.host())
			if err != nil {
				t.Fatal(err)
			}
			a.cleanup(func() { port.Close() })
			for _, prefix := range []string{"http://", "https://"} {
				a.add(prefix+port.LocalAddr().String()+"/", nil, func(r *fetch.Result) {
					failure(fetch.StageConnect, fetch.KindRefused).check(a, "closed port", r)
				})
			}
		}
		a.healthy(20)
		a.run(t.Context())
	})
}

// A server that was hard to reach, speaks first and then no more: whether it can be read was known
// before it was asked, and is not announced again.
func TestHostileLateAndFirst(t *testing.T) {
	trial(t, func(a *arena) {
		const hosts = 64
		// The first segments are lost, so that each client has to wait for its connection.
		c := newCrowd(a)
		s := &site{addr: c.Addr().String()}
		for range hosts {
			a.add("http://"+s.addr+"/", nil, func(r *fetch.Result) { success(okHead).check(a, "late host", r) })
		}
		a.healthy(20)
		var started atomic.Int64
		all := make(chan struct{})
		a.options.Starting = func(fetch.Target) {
			if started.Add(1) == int64(len(a.targets)) {
				close(all)
			}
		}
		a.options.ReadTimeout = settled
		var group sync.WaitGroup
		defer group.Wait()
		group.Go(func() {
			<-all
			for end := time.Now().Add(settled); ; time.Sleep(time.Millisecond) {
				n, err := c.knocking()
				if n == hosts {
					break
				}
				if err != nil || time.Now().After(end) {
					a.fault("%d clients knock, want %d (%v)", n, hosts, err)
					break
				}
			}
			raw, err := c.SyscallConn()
			if err != nil {
				a.fault("%v", err)
				return
			}
			raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), hosts+16) })
			if err != nil {
				a.fault("%v", err)
			}
			a.serve(s, c.TCPListener, nil, func(p *peer) {
				p.say(okHead)
				p.unread()
			})
			for _, conn := range c.fillers {
				conn.Close()
			}
		})
		a.run(t.Context())
		a.settle(s, hosts+int64(len(c.fillers)), time.Now().Add(settled))
	})
}

// Ctrl-C ends what hangs, wherever it hangs, and without any timeout.
func TestHostileCanceled(t *testing.T) {
	trial(t, func(a *arena) {
		a.options.ConnectTimeout, a.options.ReadTimeout = 0, 0
		c := newCrowd(a)
		a.add("http://"+c.Addr().String()+"/", nil, nil)
		a.slowTraps()
		for i, target := range a.targets {
			a.checks[i] = func(r *fetch.Result) {
				// A reply that had come and is no HTTP is told as that.
				if r.Err == nil || r.Err.Kind != fetch.KindCanceled && r.Err.Kind != fetch.KindMalformed {
					a.fault("%s: %v, want canceled", target.Text, r.Err)
				}
			}
		}
		hanging := len(a.targets)
		a.healthy(20)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var healthy atomic.Int64
		for i := hanging; i < len(a.targets); i++ {
			check := a.checks[i]
			a.checks[i] = func(r *fetch.Result) {
				check(r)
				if healthy.Add(1) == 20 {
					time.AfterFunc(a.hurry()/2, cancel)
				}
			}
		}
		a.run(ctx)
	})
}

// Thousands at once: each target has one record, the right one.
func TestHostileCrowd(t *testing.T) {
	const hosts = 2000
	trial(t, func(a *arena) {
		a.options.ConnectTimeout, a.options.ReadTimeout = 20*a.hurry(), 10*a.hurry()
		var cast []trap
		for _, c := range traps(t) {
			switch {
			case c.slow && !slices.Contains(c.schemes, plain):
				// It would hold its place as long as a handshake may take when all take theirs.
			case c.name == "drips interim replies":
				// What comes of it depends on how long things take.
			case strings.Contains(c.name, "fold"):
				// One is enough.
			default:
				cast = append(cast, c)
			}
		}
		for i := 0; len(a.targets) < hosts; i++ {
			if i%2 == 0 {
				a.healthy(1)
				continue
			}
			c := cast[i/2%len(cast)]
			a.trap(c, c.schemes[0])
		}
		a.run(t.Context())
	})
}
