package wget_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wget/cmd/wget"
	"wget/internal/testserver"
)

// askHere runs the command in this process.
func askHere(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = wget.Main(t.Context(), append([]string{"wget"}, args...), strings.NewReader(""), &out, &errs, nil)
	return code, out.String(), errs.String()
}

// A certificate that breaks the rules is read with -k, and with -k alone.
func TestNegativeSerial(t *testing.T) {
	t.Setenv("GODEBUG", os.Getenv("GODEBUG")) // and back again afterwards
	// A number by chance can begin with bytes that are no negative number in DER.
	serial := new(big.Int).Lsh(big.NewInt(0x42), 100)
	c := testserver.Issue(&x509.Certificate{SerialNumber: serial}, nil, testserver.ECDSA)
	at := bytes.Index(c.Certificate[0], c.Leaf.SerialNumber.Bytes())
	c.Certificate[0][at] |= 0x80
	c.Leaf = nil
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := testserver.Serve(l, testserver.Secure(&tls.Config{Certificates: []tls.Certificate{c}}, testserver.Answer("HTTP/1.1 200 OK\r\n\r\n")))
	defer s.Close()
	refused := func(args ...string) {
		t.Helper()
		code, _, stderr := askHere(t, append(args, "https://"+s.Addr())...)
		if code != 5 || !strings.Contains(stderr, "negative serial number") {
			t.Errorf("%q: exit code %d, stderr %s", args, code, stderr)
		}
	}
	refused()
	t.Setenv("GODEBUG", "x509negativeserial=0") // the user's own setting wins
	refused("-k")
	t.Setenv("GODEBUG", "")
	if code, stdout, stderr := askHere(t, "-k", "--json", "https://"+s.Addr()); code != 0 || !strings.Contains(stdout, `"serial":"-`) {
		t.Errorf("with -k: exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
}

// A key of more than 8192 bits is looked at, too. It takes minutes to make one that
// signs, so what fails here with -k is the signature.
func TestHugeKey(t *testing.T) {
	t.Setenv("GODEBUG", os.Getenv("GODEBUG"))
	c := testserver.Issue(&x509.Certificate{IsCA: true}, nil, testserver.ECDSA)
	n := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 12000), big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{}, c.Leaf, &rsa.PublicKey{N: n, E: 65537}, c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	huge := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.PrivateKey}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := testserver.Serve(l, testserver.Secure(&tls.Config{Certificates: []tls.Certificate{huge}}, testserver.Silent))
	defer s.Close()
	if code, _, stderr := askHere(t, "https://"+s.Addr()); code != 5 || !strings.Contains(stderr, "larger than 8192 bits") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
	if code, _, stderr := askHere(t, "-k", "https://"+s.Addr()); code != 4 || !strings.Contains(stderr, "invalid signature") {
		t.Errorf("with -k: exit code %d, stderr %s", code, stderr)
	}
}

// openssl makes keys and signatures that Go does not.
func TestWeakKeys(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	for _, c := range []struct {
		name string
		key  string
		args string // of s_server
	}{
		{"RSA of 512 bits, TLS 1.2", "rsa:512", "-tls1_2"},
		{"RSA of 512 bits, RSA key exchange", "rsa:512", "-tls1_2 -cipher AES128-SHA:@SECLEVEL=0"},
		{"RSA of 512 bits, TLS 1.0", "rsa:512", "-tls1"},
		{"SHA-1", "rsa:2048", "-tls1_2 -sigalgs RSA+SHA1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GODEBUG", os.Getenv("GODEBUG"))
			file := filepath.Join(t.TempDir(), "server.pem")
			made := exec.CommandContext(t.Context(), program, "req", "-x509", "-newkey", c.key, "-nodes", "-days", "2", "-subj", "/CN=weak.test", "-keyout", file+".key", "-out", file)
			if out, err := made.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			args := []string{"s_server", "-accept", "127.0.0.1:0", "-cert", file, "-key", file + ".key", "-www"}
			args = append(args, strings.Fields(c.args)...)
			if !strings.Contains(c.args, "-cipher") {
				args = append(args, "-cipher", "ALL:@SECLEVEL=0")
			}
			server := exec.CommandContext(t.Context(), program, args...)
			out, err := server.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			defer server.Wait()
			defer server.Process.Kill()
			var addr string
			for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
				if text, found := strings.CutPrefix(lines.Text(), "ACCEPT "); found {
					addr = text
				}
			}
			code, stdout, stderr := askHere(t, "-k", "--json", "https://"+addr)
			if code != 0 || !strings.Contains(stdout, `"subject":"CN=weak.test"`) {
				t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
			}
		})
	}
}
