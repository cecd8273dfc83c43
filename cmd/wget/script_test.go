package wget_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"wget/cmd/wget"
	"wget/internal/testrecord"
	"wget/internal/testserver"
)

// The transcripts in testdata/script run the command as a user would. Beside
// testscript's own commands they have
//
//	serve [-6] [-tls] [-first] [-after OTHER] [-silent] [-close] NAME [FILE]
//	    answers every request with FILE, at the address $NAME, port $NAME_PORT
//	asked NAME FILE      wants the requests that came to be those in FILE
//	exits CODE COMMAND   wants the command to end with CODE
//	same STREAM FILE     wants stdout, stderr or a file to be FILE, to the byte
//	masked STREAM FILE   the same, but for addresses, times and durations
//	records STREAM       wants records of docs/record.schema.json, at least one
//	decode FILE FILE     writes the second as the first says
//
// In those files \r, \xNN and a backslash at the end of a line stand for CR,
// for a byte and for nothing.

func TestMain(m *testing.M) {
	command := func() {
		os.Exit(wget.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.DirFS(os.Getenv("MODULE"))))
	}
	testscript.Main(m, map[string]func(){"wget": command, "hwget": command})
}

func TestScripts(t *testing.T) {
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := testrecord.Load(filepath.Join(module, "docs", "record.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(module, "testdata", "script"),
		RequireExplicitExec: true,
		ContinueOnError:     true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MODULE", module)
			e.Setenv("GORACE", "atexit_sleep_ms=0") // the default is a second for every command
			e.Values[servingKey{}] = make(map[string]*serving)
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "ipv6":
				l, err := net.Listen("tcp", "[::1]:0")
				if err == nil {
					l.Close()
				}
				return err == nil, nil
			case "full":
				_, err := os.Stat("/dev/full")
				return err == nil, nil
			case "pty":
				f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
				if err == nil {
					f.Close()
				}
				return err == nil, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("no such condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":  cmdServe,
			"asked":  cmdAsked,
			"exits":  cmdExits,
			"same":   cmdSame,
			"masked": cmdMasked,
			"decode": cmdDecode,
			"records": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := schema.Check([]byte(ts.ReadFile(args[0])))
				if ts.Check(err); n == 0 {
					ts.Fatalf("no record in %s", args[0])
				}
			},
		},
	})
}

// A serving is a server of a script and what it has been asked.
type serving struct {
	mu       sync.Mutex
	requests strings.Builder
	asked    sync.Once
	begun    chan struct{} // closed when the first request has come
}

type servingKey struct{}

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	six := flags.Bool("6", false, "listen on ::1")
	secure := flags.Bool("tls", false, "speak TLS; write the CA's certificate to ca.pem")
	silent := flags.Bool("silent", false, "take requests and answer none")
	first := flags.Bool("first", false, "answer before the request comes")
	after := flags.String("after", "", "answer when this other server has been asked")
	hangUp := flags.Bool("close", false, "close without an answer")
	ts.Check(flags.Parse(args))
	name, reply := flags.Arg(0), ""
	if flags.NArg() == 2 {
		reply = decode(ts.ReadFile(flags.Arg(1)))
	}
	address := "127.0.0.1:0"
	if *six {
		address = "[::1]:0"
	}
	listener, err := net.Listen("tcp", address)
	ts.Check(err)
	ts.Setenv(name, listener.Addr().String())
	ts.Setenv(name+"_PORT", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	s := &serving{begun: make(chan struct{})}
	servers := ts.Value(servingKey{}).(map[string]*serving)
	servers[name] = s
	wait, over := make(chan struct{}), make(chan struct{})
	if *after != "" {
		wait = servers[*after].begun
	} else {
		close(wait)
	}
	handle := func(conn net.Conn) {
		defer conn.Close()
		if *first {
			io.WriteString(conn, reply)
			conn.(*net.TCPConn).CloseWrite()
			testserver.Silent(conn)
			return
		}
		if !s.record(conn) || *hangUp {
			return
		}
		if *silent {
			testserver.Silent(conn)
			return
		}
		select {
		case <-wait:
			io.WriteString(conn, reply)
		case <-over:
		}
	}
	if *secure {
		handle = testserver.Secure(serverTLS(ts), handle)
	}
	server := testserver.Serve(listener, handle)
	ts.Defer(func() {
		close(over)
		server.Close()
	})
}

// record reads one request, and reports whether there was one.
func (s *serving) record(conn io.Reader) bool {
	request, err := testserver.ReadRequest(conn)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests.WriteString(request)
	s.asked.Do(func() { close(s.begun) })
	return true
}

func cmdAsked(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(servingKey{}).(map[string]*serving)[args[0]]
	s.mu.Lock()
	defer s.mu.Unlock()
	got := regexp.MustCompile(`(User-Agent: wget/)\S+`).ReplaceAllString(s.requests.String(), "${1}VERSION")
	s.requests.Reset()
	compare(ts, args[1], decode(ts.ReadFile(args[1])), got)
}

func compare(ts *testscript.TestScript, name, want, got string) {
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("%s (-want +got):\n%s", name, diff)
	}
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s\nstdout: %s\nstderr: %s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func cmdSame(ts *testscript.TestScript, _ bool, args []string) {
	compare(ts, args[1], decode(ts.ReadFile(args[1])), ts.ReadFile(args[0]))
}

func cmdMasked(ts *testscript.TestScript, _ bool, args []string) {
	got := ts.ReadFile(args[0])
	got = regexp.MustCompile(`127\.0\.0\.1:\d+|\[::1\]:\d+`).ReplaceAllString(got, "ADDR")
	got = regexp.MustCompile(`"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`).ReplaceAllString(got, `"time":"TIME"`)
	got = regexp.MustCompile(`\d+\.\d{6}|\d+\.\d\d s\b`).ReplaceAllString(got, "SECONDS")
	compare(ts, args[1], decode(ts.ReadFile(args[1])), got)
}

func cmdDecode(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(decode(ts.ReadFile(args[0]))), 0o644))
}

// decode reads the notation of the scripts' files.
func decode(s string) string {
	s = strings.NewReplacer(`\r`, "\r", "\\\n", "").Replace(s)
	return regexp.MustCompile(`\\x[0-9a-f]{2}`).ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[2:], 16, 8)
		return string([]byte{byte(n)})
	})
}

// serverTLS makes a certificate for 127.0.0.1 and www.test, which vouches for
// itself, and writes it to ca.pem.
func serverTLS(ts *testscript.TestScript) *tls.Config {
	certificate := testserver.Issue(&x509.Certificate{
		DNSNames: []string{"www.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true,
	}, nil, testserver.ECDSA)
	file, _ := testserver.PEM(certificate)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), file, 0o644))
	return &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{"http/1.1"},
	}
}
