//go:build unix

package wget_test

import (
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"wget/internal/testserver"
)

// counting is a server that counts the requests for each host.
type counting struct {
	*testserver.Server
	fails bool              // the first request of some hosts is dropped
	hold  func(host string) // returns when a host may be answered; nil for at once

	mu      sync.Mutex
	asked   map[string]int
	left    int // requests to come before reached is closed
	reached chan struct{}
}

func countingServer(t *testing.T, fails bool) *counting {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{fails: fails}
	c.serve(t, listener)
	return c
}

// serve serves until the test ends.
func (c *counting) serve(t *testing.T, listener net.Listener) {
	c.asked = make(map[string]int)
	c.Server = testserver.Serve(listener, c.handle)
	t.Cleanup(c.Close)
}

// handle answers, but for a host in four whose first request it drops.
func (c *counting) handle(conn net.Conn) {
	request, err := testserver.ReadRequest(conn)
	if err != nil {
		return
	}
	host := regexp.MustCompile(`(?m)^Host: (\S+)\r$`).FindStringSubmatch(request)[1]
	if !strings.Contains(host, ".test") && !strings.Contains(host, ":") {
		host += ":80"
	}
	c.mu.Lock()
	c.asked[host]++
	first := c.asked[host] == 1
	if c.left--; c.left == 0 {
		close(c.reached)
	}
	c.mu.Unlock()
	if c.fails && first && len(host)%4 == 0 {
		return
	}
	if c.hold != nil {
		c.hold(host)
	}
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nServer: x\r\nX-Host: "+host+"\r\n\r\n")
}

// after returns a channel that is closed when so many more requests have come.
func (c *counting) after(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.reached = n, make(chan struct{})
	return c.reached
}

func (c *counting) counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := make(map[string]int)
	for host, n := range c.asked {
		counts[host] = n
	}
	return counts
}

func (c *counting) total() (n int) {
	for _, one := range c.counts() {
		n += one
	}
	return n
}
