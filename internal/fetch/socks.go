package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/url"
)

// SOCKS 5 (RFC 1928), as far as CONNECT goes, with a user and password (RFC
// 1929).
const (
	socksVersion  = 5
	socksNoAuth   = 0
	socksPassword = 2 // the method; the sub-negotiation has version 1
	socksConnect  = 1
	socksIPv4     = 1
	socksDomain   = 3
	socksIPv6     = 4
	maxSOCKSText  = 255 // bytes of a name, user or password
)

// connectSOCKS has the proxy at the other end of conn connect to a host. The
// error is an *Error if the proxy refused, and conn's own if the stream is to
// blame.
func connectSOCKS(conn io.ReadWriter, user *url.Userinfo, to endpoint) error {
	if err := greetSOCKS(conn, user); err != nil {
		return err
	}
	request, err := appendSOCKSRequest(nil, to)
	if err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	return readSOCKSReply(conn)
}

// readSOCKSReply reads whether the proxy has connected. A refusal counts as soon
// as its code is there: some proxies send no more.
func readSOCKSReply(conn io.Reader) error {
	var reply, address [2]byte
	if _, err := io.ReadFull(conn, reply[:]); err != nil {
		return err
	}
	switch code := reply[1]; {
	case reply[0] != socksVersion:
		return notSOCKS(reply[:])
	case code != 0:
		return &Error{Stage: StageProxy, Kind: KindProxyRefused, Err: fmt.Errorf("SOCKS error %d: %s", code, socksReason(code))}
	}
	if _, err := io.ReadFull(conn, address[:]); err != nil {
		return err
	}
	return skipSOCKSAddress(conn, address[1])
}

// greetSOCKS agrees on how to authenticate, and does.
func greetSOCKS(conn io.ReadWriter, user *url.Userinfo) error {
	greeting := []byte{socksVersion, 1, socksNoAuth}
	if user != nil {
		greeting = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	if _, err := conn.Write(greeting); err != nil {
		return err
	}
	var choice [2]byte
	if _, err := io.ReadFull(conn, choice[:]); err != nil {
		return err
	}
	switch {
	case choice[0] != socksVersion:
		return notSOCKS(choice[:])
	case choice[1] == socksNoAuth:
		return nil
	case user == nil:
		return &Error{
			Stage: StageProxy, Kind: KindProxyAuth, Err: errors.New("wants credentials or another way to authenticate"),
			Hint: "give credentials, as in -x socks5://USER:PASSWORD@HOST:PORT",
		}
	case choice[1] != socksPassword:
		return &Error{Stage: StageProxy, Kind: KindProxyAuth, Err: errors.New("takes neither no credentials nor a user and password")}
	}
	password, _ := user.Password()
	message := append([]byte{1, byte(len(user.Username()))}, user.Username()...)
	message = append(append(message, byte(len(password))), password...)
	if _, err := conn.Write(message); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, choice[:]); err != nil {
		return err
	}
	if choice[1] != 0 {
		return &Error{Stage: StageProxy, Kind: KindProxyAuth, Err: errors.New("refused the user or the password")}
	}
	return nil
}

func appendSOCKSRequest(b []byte, to endpoint) ([]byte, error) {
	b = append(b, socksVersion, socksConnect, 0)
	switch {
	case to.addr.Is4():
		b = append(append(b, socksIPv4), to.addr.AsSlice()...)
	case to.addr.IsValid():
		b = append(append(b, socksIPv6), to.addr.AsSlice()...)
	case len(to.host) > maxSOCKSText:
		return nil, &Error{Stage: StageProxy, Kind: KindLimit, Err: fmt.Errorf("a name of %d bytes: SOCKS takes %d at most", len(to.host), maxSOCKSText)}
	default:
		b = append(append(b, socksDomain, byte(len(to.host))), to.host...)
	}
	return append(b, byte(to.port>>8), byte(to.port)), nil
}

// skipSOCKSAddress reads past the address that the proxy connected from, and its
// port.
func skipSOCKSAddress(conn io.Reader, kind byte) error {
	size := make([]byte, 1)
	switch kind {
	case socksIPv4:
		size[0] = 4
	case socksIPv6:
		size[0] = 16
	case socksDomain:
		if _, err := io.ReadFull(conn, size); err != nil {
			return err
		}
	default:
		return notSOCKS([]byte{kind})
	}
	_, err := io.CopyN(io.Discard, conn, int64(size[0])+2)
	return err
}

func notSOCKS(came []byte) error {
	return &Error{
		Stage: StageProxy, Kind: KindMalformed, Err: fmt.Errorf("not a SOCKS 5 reply: \"%s\"", came),
		Hint: "an HTTP proxy is given as -x http://HOST:PORT",
	}
}

// socksReason words a reply code (RFC 1928 section 6).
func socksReason(code byte) string {
	reasons := [...]string{
		1: "general failure", 2: "not allowed by the rules", 3: "network unreachable", 4: "host unreachable",
		5: "connection refused", 6: "TTL expired", 7: "command not supported", 8: "address type not supported",
	}
	if int(code) < len(reasons) {
		return reasons[code]
	}
	return "unknown reason"
}
