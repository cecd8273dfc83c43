//go:build linux

package wget_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Streams that other programs hold up, on the real binary.
func TestStreams(t *testing.T) {
	program := build(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, string)
	}{
		{"Opening", opening},
		{"OpeningLater", openingLater},
		{"StoppedReader", stoppedReader},
		{"StoppedStderr", stoppedStderr},
		{"ReaderLeaves", readerLeaves},
		{"NonblockingOutput", nonblockingOutput},
		{"NonblockingInput", nonblockingInput},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, program) })
	}
}

func makeFIFO(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newPipe is a pipe as a shell makes it. os.Pipe makes one that is non-blocking on
// this side, and turns blocking when it is handed on.
func newPipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	var fds [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	read, write = os.NewFile(uintptr(fds[0]), "read"), os.NewFile(uintptr(fds[1]), "write")
	t.Cleanup(func() {
		read.Close()
		write.Close()
	})
	return read, write
}

func setNonblocking(t *testing.T, files ...*os.File) {
	t.Helper()
	for _, f := range files {
		if err := unix.SetNonblock(int(f.Fd()), true); err != nil {
			t.Fatal(err)
		}
	}
}

// waitFull returns when the pipe holds much and gets no more. Its pages need not be
// full to the last byte.
func waitFull(t *testing.T, read *os.File) {
	t.Helper()
	waitSteady(t, 40<<10, func() (int, error) { return unix.IoctlGetInt(int(read.Fd()), unix.TIOCINQ) })
}

// waitStopped returns when a process has written much and writes no more.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	waitSteady(t, 1<<10, func() (n int, err error) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
		if err == nil {
			_, err = fmt.Sscanf(string(text[bytes.Index(text, []byte("wchar")):]), "wchar: %d", &n)
		}
		return n, err
	})
}

// waitSteady returns when a number is large and stays the same.
func waitSteady(t *testing.T, large int, number func() (int, error)) {
	t.Helper()
	last, same := 0, 0
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		n, err := number()
		switch {
		case err != nil:
			t.Fatal(err)
		case n != last:
			last, same = n, 0
		case n > large:
			same++
		}
		if same == 20 {
			return
		}
	}
	t.Fatalf("what is written does not come to rest: %d bytes", last)
}

// waitSome returns when something is in the pipe.
func waitSome(t *testing.T, read *os.File) {
	t.Helper()
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(read.Fd()), Events: unix.POLLIN}}, -1); err != nil {
		t.Fatal(err)
	}
}

// A signal ends the program while it opens a pipe that nobody else opens.
func opening(t *testing.T, program string) {
	for _, args := range [][]string{
		{"-i", "FIFO"},
		{"a.test", "-i", "FIFO"},
		{"a.test", "-O", "FIFO"},
		{"https://a.test", "--ca-certificate", "FIFO"},
	} {
		p := newPeer(t)
		close(p.let)
		for i := range args {
			if args[i] == "FIFO" {
				args[i] = makeFIFO(t)
			}
		}
		// What is said about a bound that cannot be kept comes before files are opened.
		cmd, _, _ := p.command(t, program, append(args, "--parallel-max", "2147483647")...)
		read, write := newPipe(t)
		cmd.Stderr = write
		launch(t, cmd)
		if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || !strings.Contains(line, "ulimit") {
			t.Fatalf("%q, %v", line, err)
		}
		send(t, cmd, syscall.SIGTERM)
		checkExit(t, cmd, 143)
	}
}

// The same while other hosts are in flight, which are reported.
func openingLater(t *testing.T, program string) {
	p := newPeer(t)
	cmd, stdout, stderr := p.command(t, program, "--json", "a.test", "-i", makeFIFO(t))
	launch(t, cmd)
	<-p.asked
	send(t, cmd, syscall.SIGINT)
	checkExit(t, cmd, 130)
	if n := checkCounted(t, stdout, stderr, "canceled"); n != 1 {
		t.Errorf("%d records of 1", n)
	}
}

// A signal ends the program while nobody reads what it writes, and the count is
// printed.
func stoppedReader(t *testing.T, program string) {
	for _, args := range [][]string{{"--format", "lines"}, {"--format", "json"}, {"--json", "--keep-order"}, {"-O", "FIFO"}} {
		p := newPeer(t)
		close(p.let)
		cmd, _, stderr := p.command(t, program, append(args, "10.0.0.0/8")...)
		read, write := newPipe(t)
		cmd.Stdout = write
		if args[1] == "FIFO" {
			cmd.Args[2] = makeFIFO(t)
			launch(t, cmd)
			var err error
			if read, err = os.Open(cmd.Args[2]); err != nil {
				t.Fatal(err)
			}
			defer read.Close()
		} else {
			launch(t, cmd)
		}
		waitFull(t, read)
		send(t, cmd, syscall.SIGTERM)
		checkExit(t, cmd, 143)
		if !regexp.MustCompile(`(?m)^\d+ hosts: \d+ answered, \d+ failed in `).Match(stderr.Bytes()) {
			t.Errorf("%q: stderr %q", args, stderr)
		}
	}
}

// The same for stderr: the records are written.
func stoppedStderr(t *testing.T, program string) {
	p := newPeer(t)
	close(p.let)
	cmd, stdout, _ := p.command(t, program, "--json", "-v", "10.0.0.0/8")
	read, write := newPipe(t)
	cmd.Stderr = write
	launch(t, cmd)
	waitFull(t, read)
	send(t, cmd, syscall.SIGINT)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("%v, want exit code 130", cmd.ProcessState)
	}
	if !bytes.HasPrefix(stdout.Bytes(), []byte(`{"index":`)) || !bytes.HasSuffix(stdout.Bytes(), []byte("}\n")) {
		t.Errorf("stdout is cut: %.100q", stdout)
	}
}

// A pipe whose reader has left is a failed write, unless it is stdout.
func readerLeaves(t *testing.T, program string) {
	p := newPeer(t)
	fifo := makeFIFO(t)
	cmd, _, stderr := p.command(t, program, "-q", "-O", fifo, "--port", "1,2,3,4", "a.test")
	launch(t, cmd)
	read, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		<-p.asked
	}
	read.Close()
	p.let <- struct{}{}
	checkExit(t, cmd, 3)
	if want := fmt.Sprintf("wget: writing: write %s: broken pipe\n", fifo); stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// A program that shares stdout and stderr has made them non-blocking, before the
// start or later: nothing is lost.
func nonblockingOutput(t *testing.T, program string) {
	for _, c := range []struct {
		format string
		early  bool
	}{{"lines", true}, {"lines", false}, {"json", true}, {"json", false}} {
		const hosts = 1 << 13
		p := newPeer(t)
		close(p.let)
		cmd, _, _ := p.command(t, program, "--format", c.format, "-v", "10.0.0.0/19")
		out, stdout := newPipe(t)
		errs, stderr := newPipe(t)
		cmd.Stdout, cmd.Stderr = stdout, stderr
		if c.early {
			setNonblocking(t, stdout, stderr)
		}
		launch(t, cmd)
		if !c.early {
			waitSome(t, errs)
			setNonblocking(t, stdout, stderr)
		}
		stdout.Close()
		stderr.Close()
		waitFull(t, out)
		printed := readAll(out)
		waitFull(t, errs)
		said := readAll(errs)
		if n := bytes.Count(<-printed, []byte{'\n'}); n != hosts {
			t.Errorf("%+v: %d records of %d hosts", c, n, hosts)
		}
		if text := <-said; !bytes.Contains(text, []byte("\n8192 hosts: 8192 answered, 0 failed in ")) || bytes.Count(text, []byte("...\n")) != hosts {
			t.Errorf("%+v: stderr has %d bytes and ends %q", c, len(text), text[max(0, len(text)-200):])
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%+v: %v", c, cmd.ProcessState)
		}
	}
}

// readAll reads in the background.
func readAll(r io.Reader) <-chan []byte {
	all := make(chan []byte, 1)
	go func() {
		text, _ := io.ReadAll(r)
		all <- text
	}()
	return all
}

// A program that shares stdin has made it non-blocking, before the start or later:
// the rest of the list is waited for.
func nonblockingInput(t *testing.T, program string) {
	for _, early := range []bool{true, false} {
		p := newPeer(t)
		cmd, stdout, stderr := p.command(t, program)
		stdin, write := newPipe(t)
		cmd.Stdin = stdin
		if early {
			setNonblocking(t, stdin)
		}
		launch(t, cmd)
		for _, name := range []string{"a", "b", "c"} {
			io.WriteString(write, name+".test\n")
			<-p.asked
			p.let <- struct{}{}
			setNonblocking(t, stdin)
		}
		write.Close()
		checkExit(t, cmd, 0)
		if n := strings.Count(stdout.String(), "HTTP/1.1 200 OK\n"); n != 3 {
			t.Errorf("%d answers of 3: %q, stderr %q", n, stdout, stderr)
		}
	}
}
