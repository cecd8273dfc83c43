//go:build servers

package wget_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// A lab is the binary, the running servers and the CA that vouches for them.
type lab struct {
	program string
	ca      string
	running []running
}

// A running server is also what its template is filled in with.
type running struct {
	server
	HTTP, HTTPS int
	Nginx       int    // nginx's HTTP port, for those that pass requests on to it
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
	ports := freePorts(t, 2*len(servers()))
	for i, s := range servers() {
		r := running{
			server: s, HTTP: ports[2*i], HTTPS: ports[2*i+1], Nginx: ports[0],
			Dir: filepath.Join(dir, s.name), Root: root, PEM: certificate, Long: longValue(),
		}
		r.start(t)
		l.running = append(l.running, r)
	}
	return l
}

// start starts one server and waits until both of its ports take connections.
func (r running) start(t *testing.T) {
	check(t, os.Mkdir(r.Dir, 0o755))
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
		case <-time.After(5 * time.Second):
			t.Errorf("%s does not end on SIGTERM", r.name)
		}
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // workers that outlive their master
		<-ended
	})
	for _, port := range []int{r.HTTP, r.HTTPS} {
		if err := connect(port, ended); err != nil {
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("%s does not listen: %v\n%s", r.name, err, said)
		}
	}
}

// connect waits until a port takes connections, but not for long and not for a server that has ended.
func connect(port int, ended <-chan struct{}) error {
	for deadline := time.Now().Add(15 * time.Second); ; {
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

// freePorts finds ports that nobody listens on, all different.
func freePorts(t *testing.T, n int) []int {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// makeCertificates writes a CA's certificate, and the certificate and key of a server it vouches for.
func makeCertificates(t *testing.T, caFile, serverFile string) {
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"localhost", "www.lab.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	check(t, err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	check(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	check(t, os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o644))
	check(t, os.WriteFile(serverFile, append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...,
	), 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
