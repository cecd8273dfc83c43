package fetch

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// endpoint is a host and port to connect to.
type endpoint struct {
	host string
	addr netip.Addr // valid if the host is an address, or has been looked up
	port uint16
}

// String is the endpoint as a request to CONNECT names it (RFC 9110 section
// 9.3.6).
func (e endpoint) String() string {
	host := e.host
	if e.addr.IsValid() {
		host = e.addr.WithZone("").String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(e.port)))
}

// tunnel has the proxy, if there is one, connect to the target. An http target
// needs no tunnel to an HTTP proxy, which takes the request itself.
func (t *trip) tunnel() *Error {
	if t.proxy == nil {
		return nil
	}
	if err := t.openTunnel(); err != nil {
		return t.proxyError(t.streamError(StageProxy, describeEOF(err, errors.New("closed the connection"))))
	}
	t.reply.Times.Connect = t.v.elapsed()
	return nil
}

func (t *trip) openTunnel() error {
	if t.proxy.Scheme == "https" {
		if err := t.secureProxy(); err != nil {
			return err
		}
	}
	switch {
	case t.proxy.isSOCKS():
		return connectSOCKS(t.stream, t.proxy.user, *t.peer)
	case t.forwarded:
		return nil
	}
	return t.connectHTTP()
}

// proxyError tells a failure of the proxy from one of the target.
func (t *trip) proxyError(err error) *Error {
	known := new(Error)
	*known = *newError(StageProxy, t.step.reword(err))
	known.Stage = StageProxy
	known.Err = fmt.Errorf("%s: %w", t.proxy, known.Err)
	return known
}

// secureProxy speaks TLS with the proxy itself. Certificates of the user are for
// targets, and not shown to the proxy.
func (t *trip) secureProxy() error {
	config := t.v.f.tls.Clone()
	config.Certificates, config.GetClientCertificate = nil, nil
	config.ServerName = nameOf(t.proxy.Host, t.proxy.Addr)
	config.NextProtos = []string{"http/1.1"}
	client := tls.Client(&lastWords{Conn: t.conn}, config)
	if err := client.Handshake(); err != nil {
		return t.tlsError(StageProxy, t.step.reword(describeHandshakeEOF(err)))
	}
	t.stream = client
	return nil
}

// connectHTTP asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6). A 2xx
// reply has no body, whatever its fields say; the bytes behind it are the tunnel's.
func (t *trip) connectHTTP() error {
	f := t.v.f
	buf := f.buffers.Get().(*[]byte)
	defer f.buffers.Put(buf)
	_, writeErr := t.stream.Write(f.request.appendConnect((*buf)[:0], t.peer.String(), t.proxy))
	if writeErr != nil {
		t.conn.ResetOnClose() // a proxy may refuse before it has been asked
	}
	h := headReader{buf: (*buf)[:0]}
	if err := h.read(t.stream, f.options.MaxHeader); err != nil {
		if writeErr != nil && len(h.buf) == 0 {
			return writeErr
		}
		return explainProxyReply(err, h.buf[h.line:])
	}
	if err := t.refusal(&h.final); err != nil {
		return err
	}
	if rest := h.buf[h.section+len(h.final.Raw):]; len(rest) > 0 {
		t.stream = &aheadConn{t.stream, append([]byte(nil), rest...)}
	}
	return nil
}

// explainProxyReply has the hint at a protocol that is not HTTP/1 name the proxy.
func explainProxyReply(err error, shown []byte) error {
	var known *Error
	if !errors.As(err, &known) || known.Kind != KindMalformed {
		return err
	}
	switch {
	case isTLSRecord(shown):
		known.Hint = "the proxy speaks TLS on this port: it is given as -x https://HOST:PORT"
	case isHTTP2Frame(shown):
		known.Hint = "the proxy speaks HTTP/2 on this port, and proxies are asked in HTTP/1"
	}
	return err
}

// refusal is the error for a reply to CONNECT other than 2xx.
func (t *trip) refusal(h *Head) error {
	switch {
	case firstSuccess <= h.Status && h.Status < firstSuccess+100:
		return nil
	case h.Status == statusProxyAuth:
		return t.unauthorized(h)
	}
	return &Error{Stage: StageProxy, Kind: KindProxyRefused, Err: fmt.Errorf("answered CONNECT with %s", shortStatus(h))}
}

// shortStatus is the status code and as much of the reason phrase as an error
// shows.
func shortStatus(h *Head) string {
	reason := h.Reason()
	return strings.TrimSpace(fmt.Sprintf("%d %s", h.Status, reason[:min(len(reason), firstBytes)]))
}

// forwarder is the proxy that gets the request itself, or nil.
func (t *trip) forwarder() *Proxy {
	if t.forwarded {
		return t.proxy
	}
	return nil
}

// checkForwarded tells a forwarding proxy's demand for credentials from an answer
// of the target (RFC 9110 section 15.5.8).
func (t *trip) checkForwarded() *Error {
	if !t.forwarded || t.reply.Head.Status != statusProxyAuth {
		return nil
	}
	return t.proxyError(t.unauthorized(&t.reply.Head))
}

// aheadConn is a connection of which some bytes have been read already.
type aheadConn struct {
	net.Conn
	ahead []byte
}

func (c *aheadConn) Read(p []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}
