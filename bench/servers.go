//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wget/internal/testserver"
)

const (
	webPort  = 8080 // nginx, 64 KiB
	bigPort  = 8081 // nginx, 1 MiB
	slowPort = 8082
	tlsPort  = 8443

	refusingPort  = 8083 // where nobody listens
	resettingPort = 8084
	silentPort    = 8085
	longPort      = 8086
)

// A network is where the hosts of a list live: many addresses, one server behind all of them.
type network struct {
	name   string
	listen []string           // where a server listens to have them all
	host   func(i int) string // the address of host i
	keep   time.Duration      // how long a server leaves a connection open, if a client does not close it
}

// ownNetwork has as many addresses as a list can be long. It takes a server that listens everywhere, which has no
// place outside a namespace of our own.
func ownNetwork(first string) network {
	host := func(i int) string { return fmt.Sprintf("%s.%d.%d.%d", first, 1+i>>16, i>>8&255, i&255) }
	return network{name: first, listen: []string{"0.0.0.0"}, host: host, keep: 65 * time.Second}
}

// sharedNetwork is plain loopback: a server listens to each address by itself, and a list goes round and round them.
// It keeps no connection open, lest a client find the next host on one that it has.
func sharedNetwork() network {
	n := network{name: "shared", host: func(i int) string { return fmt.Sprintf("127.0.1.%d", 1+i%250) }}
	for i := range 250 {
		n.listen = append(n.listen, n.host(i))
	}
	return n
}

const insideEnv = "WGET_BENCH_NAMESPACE"

func inside() bool { return os.Getenv(insideEnv) != "" }

// enterNamespace runs this program again in a network namespace that ends with it, as root or as a user who may make
// one. Mounts are its own too, for a resolv.conf. It is not done when we are inside already, or when there can be none.
func enterNamespace(ctx context.Context) (code int, done bool) {
	if inside() {
		return 0, false
	}
	again := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), insideEnv+"=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.Cancel = func() error { return again.Process.Signal(syscall.SIGTERM) }
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Unshareflags: syscall.CLONE_NEWNS}
	if uid := os.Geteuid(); uid != 0 {
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		again.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	_, err := exec.LookPath("ip") // to set up what is inside
	if err == nil {
		err = again.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: no network namespace, so plain loopback and no count of bytes:", err)
		return 0, false
	}
	err = again.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), true
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1, true
	}
	return 0, true
}

// settleNamespace brings up loopback, and makes room in its queues for tens of thousands of connections at once.
func settleNamespace(ctx context.Context) error {
	for _, name := range []string{"core/somaxconn", "ipv4/tcp_max_syn_backlog"} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte("65535"), 0); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	return quiet(exec.CommandContext(ctx, "ip", "link", "set", "lo", "up"))
}

// quiet runs a command that has nothing to say unless it fails.
func quiet(cmd *exec.Cmd) error {
	if says, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(says))
	}
	return nil
}

type server struct {
	cmd  *exec.Cmd
	says bytes.Buffer  // to be read once done
	done chan struct{} // closed when it has ended
}

// serve starts a server on the servers' core. The caller stops it.
func (l *lab) serve(ctx context.Context, attr *syscall.SysProcAttr, argv ...string) (*server, error) {
	s := &server{done: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", l.serverCPU}, argv...)...)
	s.cmd.SysProcAttr = attr
	s.cmd.Stdout, s.cmd.Stderr = &s.says, &s.says
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // that it ended is what counts
	}()
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill() // there is nothing it has to save
	<-s.done
}

// await waits until the server accepts connections, and stops it if it does not.
func (s *server) await(addr string) error {
	for range 500 {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("%s ended: %s", strings.Join(s.cmd.Args, " "), bytes.TrimSpace(s.says.Bytes()))
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.stop()
	return fmt.Errorf("%s: nobody at %s", strings.Join(s.cmd.Args, " "), addr)
}

// beside starts the servers that a point takes beside nginx. The caller stops them, also after an error.
func (l *lab) beside(ctx context.Context, p point) (stop func(), err error) {
	var servers []*server
	start := func(s *server, failed error) {
		if s != nil {
			servers = append(servers, s)
		}
		err = errors.Join(err, failed)
	}
	if p.delay > 0 {
		start(l.slow(ctx, slowPort, "-delay", p.delay.String(), fmt.Sprintf("-tls=%t", p.https)))
	}
	if p.long > 0 {
		start(l.slow(ctx, longPort, "-delay", "0", "-late", l.near.host(0), "-field", strconv.Itoa(p.long)))
	}
	if p.faulty {
		start(l.slow(ctx, resettingPort, "-reset"))
		start(l.slow(ctx, silentPort, "-delay", "24h"))
	}
	if p.names {
		start(l.resolver(ctx, p.hosts))
	}
	if p.lossy {
		start(nil, dropTenth(ctx))
	}
	return func() {
		for _, s := range servers {
			s.stop()
		}
	}, err
}

func (l *lab) slow(ctx context.Context, port int, flags ...string) (*server, error) {
	argv := append([]string{l.path("slow")}, flags...)
	for _, addr := range l.near.listen {
		argv = append(argv, fmt.Sprintf("%s:%d", addr, port))
	}
	s, err := l.serve(ctx, nil, argv...)
	if err != nil {
		return nil, err
	}
	return s, s.await(fmt.Sprintf("%s:%d", l.near.host(0), port))
}

// nginx serves a page of 64 KiB under a status line and 14 fields, a page of 1 MiB, and the first over TLS 1.3.
// nginx is one process, and stays the user who started it, which is root in a namespace that a user has made.
func (l *lab) nginx(ctx context.Context, on network, attr *syscall.SysProcAttr) (*server, error) {
	dir := l.path("nginx-" + on.name)
	for name, size := range map[string]int{"page": 64 << 10, "big": 1 << 20} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
		page := bytes.Repeat([]byte("<p>Only the header is read.</p>\n"), size/32)
		if err := os.WriteFile(filepath.Join(dir, name, "index.html"), page, 0o644); err != nil {
			return nil, err
		}
	}
	if err := writeCertificate(dir); err != nil {
		return nil, err
	}
	listen := func(port int, more string) string {
		var b strings.Builder
		for _, addr := range on.listen {
			fmt.Fprintf(&b, "listen %s:%d backlog=65535%s;\n", addr, port, more)
		}
		return b.String()
	}
	conf := fmt.Sprintf(`user root root; daemon off; master_process off; pid nginx.pid; error_log stderr error;
events { worker_connections 65000; multi_accept on; }
http {
client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
access_log off; sendfile on; tcp_nopush on; keepalive_timeout %.0f; types { text/html html; }
open_file_cache max=16;
add_header Cache-Control max-age=600;
add_header Vary Accept-Encoding;
add_header Set-Cookie "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly";
add_header Strict-Transport-Security max-age=31536000;
add_header X-Content-Type-Options nosniff;
add_header X-Frame-Options SAMEORIGIN;
ssl_certificate certificate.pem; ssl_certificate_key key.pem;
ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;
server { root page;
%s}
server { root page;
%s}
server { root big;
%s}
}
`, on.keep.Seconds(), listen(webPort, ""), listen(tlsPort, " ssl http2"), listen(bigPort, ""))
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		return nil, err
	}
	s, err := l.serve(ctx, attr, "nginx", "-p", dir, "-c", "nginx.conf", "-e", "stderr")
	if err != nil || attr != nil {
		return s, err // one in a namespace of its own cannot be reached yet
	}
	return s, s.await(fmt.Sprintf("%s:%d", on.host(0), webPort))
}

// writeCertificate makes a certificate that nobody trusts.
func writeCertificate(dir string) error {
	certificate, key := testserver.PEM(testserver.Issue(&x509.Certificate{NotAfter: time.Now().AddDate(1, 0, 0)}, nil, testserver.ECDSA))
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "certificate.pem"), certificate, 0o644),
		os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600))
}
