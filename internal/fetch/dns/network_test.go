package dns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// network is one in memory, where servers of a test answer.
type network struct {
	t       *testing.T
	servers map[string]behavior // by address; a port without one is closed

	mu      sync.Mutex
	asked   map[string]int // packets, by network, server, name and type
	packets int
	log     []string
	ids     map[uint16]bool
	ports   int // datagram sockets that were opened
	open    int // connections
}

// behavior is what a server of a test makes of a query: the messages that it sends back.
type behavior func(q asked) []packet

// asked is a query as a server gets it.
type asked struct {
	*dns.Msg
	network string
	port    int // of the datagram: 1 for the first socket
	nth     int // 1 when the question came for the first time
}

type packet struct {
	after time.Duration
	raw   []byte
}

func (n *network) dial(_ context.Context, proto string, server netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	handle := n.servers[server.String()]
	n.open++
	if proto == "udp" {
		n.ports++
		return &datagrams{n: n, port: n.ports, server: server.String(), in: make(chan []byte, 1<<16), closed: make(chan struct{})}, nil
	}
	if handle == nil {
		n.open--
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		n.serveTCP(theirs, server.String(), handle)
	}()
	return &countedConn{Conn: ours, n: n}, nil
}

func (n *network) serveTCP(conn net.Conn, server string, handle behavior) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	answers := handle(n.note(query, server, "tcp"))
	if len(answers) == 0 {
		_, _ = io.Copy(io.Discard, conn) // silence, until the other side has gone
	}
	for _, p := range answers {
		time.Sleep(p.after)
		if p.raw == nil {
			return
		}
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(p.raw))), p.raw...))
	}
}

type countedConn struct {
	net.Conn
	n    *network
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.n.mu.Lock(); c.n.open--; c.n.mu.Unlock() })
	return c.Conn.Close()
}

// note counts a query, and fails the test if it is malformed.
func (n *network) note(raw []byte, server, proto string) asked {
	m := new(dns.Msg)
	if err := m.Unpack(raw); err != nil || len(m.Question) != 1 {
		n.t.Errorf("a malformed query: %v: %x", err, raw)
		m.Question = make([]dns.Question, 1)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	key := strings.Join([]string{proto, server, m.Question[0].Name, dns.TypeToString[m.Question[0].Qtype]}, " ")
	n.asked[key]++
	n.packets++
	n.ids[m.Id] = true
	n.log = append(n.log, key)
	return asked{Msg: m, network: proto, nth: n.asked[key]}
}

// count is how many queries have come.
func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.packets
}

// datagrams is a connected datagram socket.
type datagrams struct {
	net.Conn
	n      *network
	server string
	port   int
	in     chan []byte // a buffer that no test fills
	once   sync.Once
	closed chan struct{}
}

func (c *datagrams) Write(p []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	handle := c.n.servers[c.server]
	q := c.n.note(p, c.server, "udp")
	q.port = c.port
	if handle == nil {
		c.in <- nil
		return len(p), nil
	}
	for _, answer := range handle(q) {
		if answer.after == 0 {
			c.in <- answer.raw
		} else {
			time.AfterFunc(answer.after, func() { c.in <- answer.raw })
		}
	}
	return len(p), nil
}

func (c *datagrams) Read(p []byte) (int, error) {
	select {
	case m := <-c.in:
		if m == nil {
			return 0, &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)}
		}
		return copy(p, m), nil
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *datagrams) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.n.mu.Lock()
		c.n.open--
		c.n.mu.Unlock()
	})
	return nil
}

// lab is the system and the network of a test.
type lab struct {
	servers map[string]behavior
	resolv  string
	hosts   string
	order   string            // nsswitch.conf
	env     map[string]string // LOCALDOMAIN, RES_OPTIONS
	config  Config
}

// start makes a resolver that sees nothing but the lab.
func (l lab) start(t *testing.T) (*Resolver, *network) {
	t.Helper()
	n := &network{t: t, servers: l.servers, asked: make(map[string]int), ids: make(map[uint16]bool)}
	etc := t.TempDir()
	for name, text := range map[string]string{"resolv.conf": l.resolv, "hosts": l.hosts, "nsswitch.conf": l.order} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := l.config
	c.Etc, c.Dial = etc, n.dial
	c.Env = func(key string) (string, bool) {
		value, isSet := l.env[key]
		return value, isSet
	}
	r := New(t.Context(), c)
	r.system = nil
	r.sourceFor = func(to netip.Addr) (netip.Addr, bool) {
		return to, !netip.MustParsePrefix("2001:db8:dead::/48").Contains(to) // which has no route
	}
	return r, n
}

// say is how a test reads an outcome.
func say(a Answer, err error) string {
	if err != nil {
		kind := "dns_failure"
		if e, ok := err.(*Error); ok {
			switch {
			case e.NotFound:
				kind = "not_found"
			case e.Timeout():
				kind = "timeout"
			}
		}
		return kind + ": " + err.Error()
	}
	var words []string
	for _, addr := range a.Addrs {
		words = append(words, addr.String())
	}
	if a.Late != nil {
		words = append(words, "late")
		for _, addr := range <-a.Late {
			words = append(words, addr.String())
		}
	}
	return strings.Join(words, " ")
}
