package fetch_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// openssl is an s_server that waits for a client at addr. What is written to in
// are its commands and what it says to the client.
type openssl struct {
	addr string
	in   io.Writer
	out  *bufio.Reader
}

// startOpenSSL starts an s_server, which ends with the test.
func startOpenSSL(t *testing.T, args ...string) *openssl {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	_, leaf := servedCertificate()
	certificate, key := testserver.PEM(leaf)
	file := filepath.Join(t.TempDir(), "server.pem")
	if err := os.WriteFile(file, append(certificate, key...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", file, "-naccept", "1", "-crlf"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &openssl{in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		cmd.Process.Kill()
		io.Copy(io.Discard, s.out)
		cmd.Wait()
	})
	s.addr = s.waitFor(t, "ACCEPT ")
	return s
}

// waitFor reads lines up to one that begins with start, and returns the rest of
// that one.
func (s *openssl) waitFor(t *testing.T, start string) string {
	t.Helper()
	for {
		line, err := s.out.ReadString('\n')
		if rest, found := strings.CutPrefix(line, start); found {
			return strings.TrimSpace(rest)
		}
		if err != nil {
			t.Fatalf("openssl says no %q: %v", start, err)
		}
	}
}

// ask asks the server, which answers when it has been asked and told what to do
// before.
func (s *openssl) ask(t *testing.T, o fetch.Options, commands ...string) *fetch.Result {
	t.Helper()
	result := make(chan *fetch.Result)
	go func() { result <- askOne(t, t.Context(), o, "https://"+s.addr) }()
	s.waitFor(t, "GET / ")
	s.waitFor(t, "Connection: ")
	for _, command := range commands {
		fmt.Fprintln(s.in, command)
		if command == "r" || command == "R" {
			s.waitFor(t, "SSL_do_handshake -> ")
		}
	}
	return <-result
}

// A server may ask for one renegotiation, and for a certificate in it.
func TestRenegotiation(t *testing.T) {
	_, client := servedCertificate()
	for _, c := range []struct {
		name     string
		commands []string
		message  string // "" if the answer comes
		hint     string
	}{
		{"once", []string{"r", "HTTP/1.1 200 OK\n"}, "", ""},
		{"for a certificate", []string{"R", "HTTP/1.1 200 OK\n"}, "", ""},
		{"twice", []string{"r", "r"}, "no renegotiation: the server asked for more than one", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startOpenSSL(t, "-tls1_2")
			o := insecure()
			o.Tries = 3
			o.TLS.Certificates = []tls.Certificate{client}
			r := s.ask(t, o, c.commands...)
			if c.message != "" {
				wantTLSError(t, r, fetch.StageRead, fetch.KindHandshake, c.message, c.hint)
			} else if r.Err != nil || r.Head.Status != 200 {
				t.Errorf("status %d, error %v", r.Head.Status, r.Err)
			}
			if r.Tries != 1 {
				t.Errorf("%d tries", r.Tries)
			}
		})
	}
}
