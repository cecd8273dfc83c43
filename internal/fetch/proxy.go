package fetch

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"wget/internal/fetch/weburl"
)

// Proxy is a server that hosts are asked through.
type Proxy struct {
	Scheme string     // "http", "https", "socks5" (names are looked up here) or "socks5h" (by the proxy)
	Host   string     // name (in ASCII form) or address, without brackets
	Addr   netip.Addr // valid if Host is an address
	Port   uint16

	user     *url.Userinfo // nil if none is given
	endpoint string        // URL without credentials
}

// String is the URL of the proxy, without credentials.
func (p *Proxy) String() string { return p.endpoint }

// isSOCKS reports whether the proxy speaks SOCKS 5 (RFC 1928), and not HTTP.
func (p *Proxy) isSOCKS() bool { return strings.HasPrefix(p.Scheme, "socks5") }

// takesAddresses reports whether the names of targets are looked up here for the
// proxy.
func (p *Proxy) takesAddresses() bool { return p.Scheme == "socks5" }

// auth is the value of Proxy-Authorization, or "" (RFC 7617).
func (p *Proxy) auth() string {
	if p.user == nil {
		return ""
	}
	password, _ := p.user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password))
}

// ParseProxy reads [SCHEME://][USER[:PASSWORD]@]HOST[:PORT], in curl's notation.
// The scheme is http unless given, the port 1080, or 443 for https. The text of
// an error never holds credentials.
func ParseProxy(text string) (*Proxy, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	p := &Proxy{Scheme: "http"}
	scheme, rest, found := strings.Cut(text, "://")
	if found && isScheme(scheme) {
		p.Scheme = strings.ToLower(scheme)
	} else if rest = text; strings.Contains(text, ":/") || strings.HasSuffix(text, ":") {
		return nil, errors.New("a proxy is written as SCHEME://USER:PASSWORD@HOST:PORT")
	}
	switch p.Scheme {
	case "http", "socks5", "socks5h":
		p.Port = 1080
	case "https":
		p.Port = 443
	default:
		return nil, errors.New("unknown scheme: http, https, socks5 and socks5h are known")
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && !strings.Contains(rest[i:], "@") {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if err := p.setUser(rest[:i]); err != nil {
			return nil, err
		}
		rest = rest[i+1:]
	}
	return p, p.setAuthority(rest)
}

func (p *Proxy) setUser(userinfo string) error {
	name, password, found := strings.Cut(userinfo, ":")
	name, password = weburl.Unescape(name), weburl.Unescape(password)
	if p.isSOCKS() && max(len(name), len(password)) > maxSOCKSText {
		return fmt.Errorf("a user or password of more than %d bytes cannot be sent to a SOCKS proxy", maxSOCKSText)
	}
	if p.user = url.User(name); found {
		p.user = url.UserPassword(name, password)
	}
	return nil
}

func (p *Proxy) setAuthority(authority string) error {
	host, port, err := splitPort(authority)
	if err != nil {
		return err
	}
	if p.Host, p.Addr, err = parseHost(host); err != nil {
		return err
	}
	if port != "" {
		if p.Port, err = ParsePort(port); err != nil {
			return err
		}
	}
	p.endpoint = p.Scheme + "://" + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port)))
	return nil
}

// Proxies says which targets are asked through which proxy. The zero value is
// none for all.
type Proxies struct {
	HTTP, HTTPS *Proxy  // for targets of each scheme; nil is none
	Except      NoProxy // targets that are asked without one
}

// choose returns the proxy for a target, or nil.
func (p *Proxies) choose(t *Target) *Proxy {
	proxy := p.HTTP
	if t.TLS {
		proxy = p.HTTPS
	}
	if proxy == nil || p.Except.matches(t) {
		return nil
	}
	return proxy
}
