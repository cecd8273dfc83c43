//go:build servers

package wget_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"wget/internal/testserver"
)

// hangs is when a program counts as hanging, however busy the machine is.
const hangs = 2 * time.Minute

// A lab is the binary, the running servers and the CA that vouches for them.
type lab struct {
	program string
	ca      string
	running []running

	http2Only running // speaks no HTTP/1
}

// A running server is also what its template is filled in with.
type running struct {
	server
	HTTP, HTTPS int    // ports; 0 if there is no second one
	Nginx       int    // nginx's HTTP port, for those that pass requests on to it
	Behind      int    // port of the other server that this one passes connections on to
	Keys        string // directory of sshd's key
	Dir         string // its own, to write in
	Root        string // the document root of all
	PEM         string // certificate and key
	Long        string
}

// start builds wget and starts every server; they end with the test.
func start(t *testing.T) *lab {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("%v: install the Debian package curl", err)
	}
	dir := t.TempDir()
	// Apache's and nginx's workers are someone else when the test is root.
	check(t, os.Chmod(filepath.Dir(dir), 0o755))
	root := filepath.Join(dir, "www")
	check(t, os.CopyFS(root, os.DirFS("../../testdata/servers/www")))
	check(t, os.WriteFile(filepath.Join(root, "large.bin"), make([]byte, large), 0o644))

	l := &lab{program: filepath.Join(dir, "wget"), ca: filepath.Join(dir, "ca.pem")}
	certificate := filepath.Join(dir, "server.pem")
	makeCertificates(t, l.ca, certificate)
	if out, err := exec.Command("go", "build", "-o", l.program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	all := append(servers(), http2Server())
	ports := holdPorts(t, 2*len(all))
	for i, s := range all {
		r := running{
			server: s, HTTP: ports[2*i], HTTPS: ports[2*i+1], Nginx: ports[0],
			Dir: filepath.Join(dir, s.name), Root: root, PEM: certificate, Long: longValue(),
		}
		r.start(t)
		l.running = append(l.running, r)
	}
	l.http2Only = l.running[len(servers())]
	l.running = l.running[:len(servers())]
	return l
}

// start starts one server and waits until its ports take connections.
func (r running) start(t *testing.T) {
	check(t, os.MkdirAll(r.Dir, 0o755))
	config := filepath.Join(r.Dir, r.config)
	filled, err := os.Create(config)
	check(t, err)
	check(t, template.Must(template.ParseFiles("../../testdata/servers/"+r.config)).Execute(filled, r))
	check(t, filled.Close())
	log, err := os.Create(filepath.Join(r.Dir, "log"))
	check(t, err)
	defer log.Close()

	args := strings.Fields(r.command)
	for i, a := range args {
		args[i] = strings.NewReplacer("DIR", r.Dir, "CONFIG", config).Replace(a)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.Dir}
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own, to end workers too; and should the test be killed, its servers end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: install the Debian package %s", err, r.debian)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(hangs):
			t.Errorf("%s does not end on SIGTERM", r.name)
		}
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // workers that outlive their master
		<-ended
	})
	for _, port := range []int{r.HTTP, r.HTTPS} {
		if port == 0 {
			continue
		}
		if err := connect(port, ended); err != nil {
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("%s does not listen: %v\n%s", r.name, err, said)
		}
	}
}

// connect waits until a port takes connections, but not for long and not for a server that has ended.
func connect(port int, ended <-chan struct{}) error {
	for deadline := time.Now().Add(hangs); ; {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
		select {
		case <-ended:
			return errors.New("it has ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// holdPorts takes ports that nobody listens on, all different, until the test ends: the servers that are told to listen
// on them set SO_REUSEADDR.
func holdPorts(t *testing.T, n int) []int {
	ports := make([]int, n)
	for i := range ports {
		held, err := testserver.HoldPort("127.0.0.1")
		check(t, err)
		t.Cleanup(func() { held.Close() })
		ports[i] = held.LocalAddr().(*net.TCPAddr).Port
	}
	return ports
}

// makeCertificates writes a CA's certificate, and the certificate and key of a server it vouches for.
func makeCertificates(t *testing.T, caFile, serverFile string) {
	ca := testserver.Issue(&x509.Certificate{Subject: pkix.Name{CommonName: "lab CA"}, IsCA: true}, nil, testserver.ECDSA)
	leaf := testserver.Issue(&x509.Certificate{
		DNSNames: []string{"localhost", "www.lab.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, &ca, testserver.ECDSA)
	trusted, _ := testserver.PEM(ca)
	certificate, key := testserver.PEM(leaf)
	check(t, os.WriteFile(caFile, trusted, 0o644))
	check(t, os.WriteFile(serverFile, append(certificate, key...), 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
