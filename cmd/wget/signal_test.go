//go:build unix

package wget_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"wget/internal/fetch"
	"wget/internal/report"
	"wget/internal/testserver"
)

// Signals and closed pipes are tested on the real binary, whose main makes the
// context that ends with them.
func TestSignals(t *testing.T) {
	program := build(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, string)
	}{
		{"Interrupt", func(t *testing.T, program string) { interrupt(t, program, syscall.SIGINT, 130) }},
		{"Terminate", func(t *testing.T, program string) { interrupt(t, program, syscall.SIGTERM, 143) }},
		{"InterruptLongList", interruptLongList},
		{"InterruptOpenStdin", interruptOpenStdin},
		{"InterruptBaseline", interruptBaseline},
		{"Ignored", ignored},
		{"OpenStdin", openStdin},
		{"ClosedStdout", closedStdout},
		{"HugeBlocks", hugeBlocks},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, program) })
	}
}

// build makes the real binary.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "wget")
	if out, err := exec.Command("go", "build", "-o", program, "wget").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// A peer is a loopback server. It tells of each request, and answers when it
// is let go.
type peer struct {
	addr  string
	asked chan struct{}
	let   chan struct{}
}

func newPeer(t *testing.T) *peer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{listener.Addr().String(), make(chan struct{}), make(chan struct{})}
	over := make(chan struct{})
	server := testserver.Serve(listener, func(conn net.Conn) {
		if _, err := testserver.ReadRequest(conn); err != nil {
			return
		}
		select {
		case p.asked <- struct{}{}:
		case <-p.let:
		case <-over:
		}
		select {
		case <-p.let:
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		case <-over:
		}
	})
	t.Cleanup(func() {
		close(over)
		server.Close()
	})
	return p
}

// command is the program, which asks the peer whatever it is told to ask.
func (p *peer) command(t *testing.T, program string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // only for a program that hangs
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, program, append(args, "--connect-to", "::"+p.addr, "-T", "0")...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, cmd *exec.Cmd, s os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// checkExit waits for the end of the program, which must be of its own making.
func checkExit(t *testing.T, cmd *exec.Cmd, code int) {
	t.Helper()
	cmd.Wait()
	if got := cmd.ProcessState; got.ExitCode() != code {
		t.Errorf("%v, want exit code %d; stderr:\n%s", got, code, cmd.Stderr)
	}
}

// checkCounted wants every record to be there, and counted.
func checkCounted(t *testing.T, stdout, stderr *bytes.Buffer, kind fetch.Kind) (records int) {
	t.Helper()
	for r, err := range report.Records(strings.NewReader(stdout.String())) {
		records++
		if err != nil {
			t.Errorf("%v in\n%s", err, stdout)
		} else if r.Error == nil || r.Error.Kind != kind {
			t.Errorf("error %+v of %s, want kind %q", r.Error, r.Target, kind)
		}
	}
	want := fmt.Sprintf(`(?m)^%d hosts?: 0 answered, %[1]d failed in \d+\.\d\d s$`, records)
	if !regexp.MustCompile(want).Match(stderr.Bytes()) {
		t.Errorf("stderr %q, want a line that matches %s", stderr, want)
	}
	return records
}

// A signal fails what is in flight as canceled, and the count is printed.
func interrupt(t *testing.T, program string, s os.Signal, code int) {
	for _, more := range []string{"--keep-order=false", "--keep-order"} {
		p := newPeer(t)
		cmd, stdout, stderr := p.command(t, program, "--json", more, "a.test", "b.test", "c.test")
		launch(t, cmd)
		for range 3 {
			<-p.asked
		}
		send(t, cmd, s)
		checkExit(t, cmd, code)
		if n := checkCounted(t, stdout, stderr, "canceled"); n != 3 {
			t.Errorf("%d records of 3", n)
		}
	}
}

// No more hosts are started, however long the list is.
func interruptLongList(t *testing.T, program string) {
	p := newPeer(t)
	cmd, stdout, stderr := p.command(t, program, "--json", "--parallel-max", "4", "10.0.0.0/8")
	launch(t, cmd)
	for range 4 {
		<-p.asked
	}
	send(t, cmd, syscall.SIGINT)
	checkExit(t, cmd, 130)
	if n := checkCounted(t, stdout, stderr, "canceled"); n != 4 {
		t.Errorf("%d records, want those of the 4 hosts in flight", n)
	}
}

// It does not wait for a list that goes on.
func interruptOpenStdin(t *testing.T, program string) {
	p := newPeer(t)
	cmd, stdout, stderr := p.command(t, program, "--json")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	launch(t, cmd)
	io.WriteString(stdin, "a.test\n")
	<-p.asked
	send(t, cmd, syscall.SIGINT)
	checkExit(t, cmd, 130)
	if n := checkCounted(t, stdout, stderr, "canceled"); n != 1 {
		t.Errorf("%d records of 1", n)
	}
}

// What it did not come to is not gone, also where no host is shown as canceled.
func interruptBaseline(t *testing.T, program string) {
	p := newPeer(t)
	old := filepath.Join(t.TempDir(), "old")
	write(t, old, `{"index":1,"target":"b.test","status":200}`+"\n")
	cmd, stdout, _ := p.command(t, program, "--baseline", old, "--match", "status == 200", "--parallel-max", "1", "a.test", "b.test")
	launch(t, cmd)
	<-p.asked
	send(t, cmd, syscall.SIGINT)
	checkExit(t, cmd, 130)
	if got, want := stdout.String(), "0 changed, 0 fails, 0 new, 0 gone, 0 as before\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A SIGINT that the parent ignores, as background shells do, stays ignored.
func ignored(t *testing.T, program string) {
	p := newPeer(t)
	cmd, stdout, _ := p.command(t, "/bin/sh", "-c", `trap "" INT; exec "$0" "$@"`, program, "a.test")
	launch(t, cmd)
	<-p.asked
	send(t, cmd, syscall.SIGINT)
	close(p.let)
	checkExit(t, cmd, 0)
	if want := "a.test header > HTTP/1.1 200 OK\n"; stdout.String() != want {
		t.Errorf("printed %q, want %q", stdout, want)
	}
}

// The first answer is printed when it is there, not when the list ends.
func openStdin(t *testing.T, program string) {
	for format, want := range map[string]string{"lines": "a.test header > HTTP/1.1 200 OK\n", "json": `{"index":0,"target":"a.test",`, "raw": "HTTP/1.1 200 OK\r\n"} {
		p := newPeer(t)
		close(p.let)
		cmd, _, stderr := p.command(t, program, "--format", format)
		cmd.Stdout = nil
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		launch(t, cmd)
		io.WriteString(stdin, "a.test\n")
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("%s: %q, %v while stdin is open, want %q", format, line, err, want)
		}
		stdin.Close()
		checkExit(t, cmd, 0)
		if stderr.Len() > 0 {
			t.Errorf("%s: stderr %q", format, stderr)
		}
	}
}

// checkBrokenPipe wants the program to end as cat does when nobody reads on.
func checkBrokenPipe(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("%v, want death by SIGPIPE; stderr:\n%s", cmd.ProcessState, cmd.Stderr)
	}
}

func closedStdout(t *testing.T, program string) {
	for _, format := range report.Formats() {
		p := newPeer(t)
		close(p.let)
		cmd, _, _ := p.command(t, program, "--format", format.Name, "a.test", "b.test")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		cmd.Stdout = write
		launch(t, cmd)
		write.Close()
		checkBrokenPipe(t, cmd)
	}
}

// A block of any size streams: what comes first can be had at once.
func hugeBlocks(t *testing.T, program string) {
	for _, block := range []string{"10.0.0.0/8", "0.0.0.0/0", "::/0"} {
		p := newPeer(t)
		close(p.let)
		cmd, _, _ := p.command(t, program, "--keep-order", "--parallel-max", "16", block)
		cmd.Stdout = nil
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		launch(t, cmd)
		lines := bufio.NewScanner(out)
		for i := range 5 {
			if !lines.Scan() {
				t.Fatalf("%s: %d lines, then %v; stderr:\n%s", block, i, lines.Err(), cmd.Stderr)
			}
			if !strings.HasSuffix(lines.Text(), " header > HTTP/1.1 200 OK") {
				t.Errorf("%s: %q", block, lines.Text())
			}
		}
		out.Close()
		checkBrokenPipe(t, cmd)
	}
}
