//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
)

// Where the resolver listens. It is the same one, but a tenth of the questions that are put to it at lossyServer is lost.
const dnsServer, lossyServer = "127.0.0.1", "127.0.0.2"

// hostName is the name of host i.
func hostName(i int) string { return fmt.Sprintf("h%d.test", i) }

// resolverProgram is a resolver that is installed: how to run it, and its configuration, with a line for a name.
func resolverProgram(conf string) (argv []string, settings, line string, err error) {
	if _, err := exec.LookPath("unbound"); err == nil {
		return []string{"unbound", "-d", "-c", conf}, `server:
interface: ` + dnsServer + `
interface: ` + lossyServer + `
access-control: 127.0.0.0/8 allow
do-daemonize: no
num-threads: 1
chroot: ""
username: ""
pidfile: ""
use-syslog: no
local-zone: "test." static
`, "local-data: \"%s. A %s\"\n", nil
	}
	_, err = exec.LookPath("dnsmasq")
	return []string{"dnsmasq", "--keep-in-foreground", "--conf-file=" + conf}, `bind-interfaces
listen-address=` + dnsServer + `
listen-address=` + lossyServer + `
no-resolv
no-hosts
user=
pid-file=
log-facility=-
local=/test/
`, "address=/%s/%s\n", err
}

// resolver knows a name for each host of a list, with one address of version 4 and none of version 6. It is also the one
// that this system's configuration names from now on.
func (l *lab) resolver(ctx context.Context, hosts int) (*server, error) {
	if !inside() {
		return nil, errors.New("a resolver takes a namespace")
	}
	f, err := os.Create(l.path("resolver.conf"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	argv, settings, line, err := resolverProgram(f.Name())
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(f)
	w.WriteString(settings)
	for i := range hosts {
		fmt.Fprintf(w, line, hostName(i), l.near.host(i))
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(l.path("resolv.conf"), []byte("nameserver "+dnsServer+"\n"), 0o644); err != nil {
		return nil, err
	}
	if err := quiet(exec.CommandContext(ctx, "mount", "--bind", l.path("resolv.conf"), "/etc/resolv.conf")); err != nil {
		return nil, err
	}
	s, err := l.serve(ctx, nil, argv...)
	if err != nil {
		return nil, err
	}
	if err := s.await(net.JoinHostPort(dnsServer, "53")); err != nil {
		return s, err
	}
	// It accepts connections before it has read all its names.
	known := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(dnsServer, "53"))
	}}
	_, err = known.LookupHost(ctx, hostName(hosts-1))
	return s, err
}

// dropTenth loses a tenth of the questions on their way to lossyServer.
func dropTenth(ctx context.Context) error {
	rule := "iptables -A INPUT -d " + lossyServer + " -p udp --dport 53 -m statistic --mode random --probability 0.1 -j DROP"
	argv := strings.Fields(rule)
	return quiet(exec.CommandContext(ctx, argv[0], argv[1:]...))
}
