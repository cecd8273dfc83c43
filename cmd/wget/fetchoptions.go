package wget

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
)

// resolverTime bounds a lookup that no flag does: the two attempts of five seconds
// each that are the default of resolv.conf(5).
const resolverTime = 10 * time.Second

// fetchOptions says how to ask. A bound that this process cannot keep is lowered,
// and stderr says so.
func (f *flags) fetchOptions(set func(string) bool, stderr io.Writer) (o fetch.Options, err error) {
	o = fetch.Options{
		Protocol: "HTTP/1.1", Method: f.method, UserAgent: f.userAgent, AgentToo: set("user-agent"), NoSNI: set("sni") && f.sni == "",
		DNS: dns.Config{Timeout: cmp.Or(time.Duration(f.dnsTimeout), resolverTime)}, ConnectTimeout: time.Duration(f.connectTimeout),
		ReadTimeout: time.Duration(f.readTimeout), MaxTime: time.Duration(f.maxTime),
		Tries: f.tries, RetryRefused: f.retryRefused,
		Location: f.location, MaxRedirect: f.maxRedirect, AllowPrivate: f.allowPrivate,
		UnixSocket: f.unixSocket,
		MaxHeader:  int(f.maxHeader), Parallel: f.parallel, PerAddr: f.perIP, Rate: float64(f.rate), Trace: f.verbose > 1, AllAddrs: f.allIPs, Ordered: f.keepOrder,
	}
	if most := maxParallel(); f.parallel > most {
		fmt.Fprintf(stderr, "%s: --parallel-max %d: this process may open %d connections at once (ulimit -n)\n", f.program, f.parallel, most)
		o.Parallel = most
	}
	switch {
	case f.http10:
		o.Protocol = "HTTP/1.0"
	case f.http2, f.http2Known:
		o.Protocol, o.PriorKnowledge = "HTTP/2", f.http2Known
	}
	switch {
	case f.ipv4:
		o.Family = 4
	case f.ipv6:
		o.Family = 6
	}
	if f.bindAddress != "" {
		if o.LocalAddr, err = parseLocalAddr(f.bindAddress, o.Family); err != nil {
			return o, usage("--bind-address %q: %w", f.bindAddress, err)
		}
	}
	if f.sni != "" {
		if o.ServerName, err = fetch.ParseHost(f.sni); err != nil {
			return o, usage("--sni %q: %w", f.sni, err)
		}
	}
	if o.DNS.Servers, err = parseEach(f.dnsServers, parseServer, showing("--dns-servers %q: %w")); err != nil {
		return o, err
	}
	if o.Header, err = parseEach(f.headers, parseHeader, wrongHeader); err != nil {
		return o, err
	}
	if o.Routes, err = f.routes(); err != nil {
		return o, err
	}
	if o.Proxies, err = f.proxies(set, os.Getenv); err != nil {
		return o, err
	}
	o.TLS, err = f.tlsConfig()
	return o, err
}

// routes reads --connect-to and --resolve.
func (f *flags) routes() (routes []fetch.Route, err error) {
	for _, text := range f.connectTo {
		if routes, err = fetch.AddConnectTo(routes, text); err != nil {
			return nil, usage("--connect-to %q: %w", text, err)
		}
	}
	for _, text := range f.resolve {
		if routes, err = fetch.AddResolve(routes, text); err != nil {
			return nil, usage("--resolve %q: %w", text, err)
		}
	}
	return routes, nil
}
