//go:build linux

package wget_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Terminals, on the real binary.
func TestTerminal(t *testing.T) {
	program := build(t)
	t.Run("Interrupt", func(t *testing.T) { interruptTerminal(t, program) })
	t.Run("Stopped", func(t *testing.T) { stoppedTerminal(t, program) })
}

// newTerminal is a pseudo-terminal: the side of the person, and the program's.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// Ctrl-C says how many hosts were in flight, and names none of them.
func interruptTerminal(t *testing.T, program string) {
	for _, more := range []string{"-q=false", "-q", "-v"} {
		p := newPeer(t)
		cmd, _, _ := p.command(t, program, more, "a.test", "b.test", "c.test")
		person, terminal := newTerminal(t)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		launch(t, cmd)
		terminal.Close()
		screen := readAll(person)
		for range 3 {
			<-p.asked
		}
		io.WriteString(person, "\x03")
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("%s: %v, want exit code 130", more, cmd.ProcessState)
		}
		text := string(<-screen)
		if !strings.Contains(text, "wget: interrupted with 3 hosts in flight\r\n") || strings.Contains(text, "error >") {
			t.Errorf("%s: the screen shows %q", more, text)
		}
	}
}

// A signal ends the program while its terminal takes no more.
func stoppedTerminal(t *testing.T, program string) {
	p := newPeer(t)
	close(p.let)
	cmd, _, _ := p.command(t, program, "10.0.0.0/8")
	person, terminal := newTerminal(t)
	cmd.Stdout, cmd.Stderr = terminal, terminal
	launch(t, cmd)
	buffer := make([]byte, 1)
	if _, err := person.Read(buffer); err != nil {
		t.Fatal(err)
	}
	waitStopped(t, cmd.Process.Pid)
	send(t, cmd, syscall.SIGTERM)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 {
		t.Errorf("%v, want exit code 143", cmd.ProcessState)
	}
	terminal.Close()
	if screen := <-readAll(person); !bytes.Contains(screen, []byte("header >")) {
		t.Errorf("the screen shows %.200q", screen)
	}
}
