//go:build servers && linux

package dns

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// These tests ask real resolvers, in namespaces of their own where the system's files name them. TestServers runs this
// program again there, as TestInside. The Debian packages are unbound, bind9, dnsmasq-base and iproute2.

const insideEnv = "DNS_TEST_INSIDE" // the directory of the servers' files

func TestServers(t *testing.T) {
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS("../../../testdata/servers/names")))
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestInside$", "-test.v", "-test.count=1", "-test.parallel=64")
	cmd.Env = append(os.Environ(), insideEnv+"="+dir, "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if t.Logf("%s", out); err != nil || !bytes.Contains(out, []byte("--- PASS: TestInside")) {
		t.Errorf("%v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// command runs a program to its end.
func command(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// daemon is a resolver that runs.
type daemon struct {
	cmd  *exec.Cmd
	says bytes.Buffer
}

func startDaemon(t *testing.T, dir string, argv []string) *daemon {
	t.Helper()
	d := &daemon{cmd: exec.Command(argv[0], argv[1:]...)}
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = dir, &d.says, &d.says
	check(t, d.cmd.Start())
	return d
}

// await waits until the daemon answers. It takes connections before it has read its zones.
func (d *daemon) await(t *testing.T) {
	t.Helper()
	client := dns.Client{Net: "tcp"}
	for range 200 {
		answer, _, err := client.Exchange(new(dns.Msg).SetQuestion("plain.lab.test.", dns.TypeA), a)
		if err == nil && len(answer.Answer) > 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%v does not start\n%s", d.cmd.Args, d.says.String())
}

func (d *daemon) stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// programs are the resolvers and what they call a name that they are not responsible for.
func programs() []struct {
	argv    []string
	foreign string
} {
	return []struct {
		argv    []string
		foreign string
	}{
		{[]string{"unbound", "-c", "unbound.conf"}, "REFUSED"},
		{[]string{"named", "-f", "-g", "-c", "named.conf"}, "REFUSED"},
		{[]string{"dnsmasq", "--conf-file=dnsmasq.conf"}, "REFUSED"},
	}
}

func TestInside(t *testing.T) {
	dir := os.Getenv(insideEnv)
	if dir == "" {
		t.Skip("runs in the namespace of TestServers")
	}
	command(t, "mount", "--make-rprivate", "/")
	command(t, "ip", "link", "set", "lo", "up")
	for name, text := range map[string]string{"nsswitch.conf": "hosts: files dns\n", "resolv.conf": "", "host.conf": "multi on\n"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for _, name := range []string{"resolv.conf", "hosts", "nsswitch.conf", "host.conf"} {
		command(t, "mount", "--bind", filepath.Join(dir, name), "/etc/"+name)
	}
	// A server that never says anything.
	mute, err := net.ListenPacket("udp", "127.0.0.53:53")
	check(t, err)
	defer mute.Close()
	for _, program := range programs() {
		t.Run(program.argv[0], func(t *testing.T) {
			d := startDaemon(t, dir, program.argv)
			defer func() {
				if d.stop(); t.Failed() {
					t.Logf("%s", d.says.String())
				}
			}()
			d.await(t)
			for _, resolv := range []string{
				"nameserver 127.0.0.1\nsearch lab.test\n",
				"nameserver 127.0.0.1\nsearch nosuch.test lab.test\noptions ndots:3\n",
				"nameserver 127.0.0.1\nsearch lab.test\noptions use-vc\n",
				"nameserver 127.0.0.1\nsearch lab.test\noptions single-request\n",
				"nameserver 127.0.0.1\nsearch lab.test\noptions single-request-reopen rotate edns0\n",
				"nameserver 127.0.0.9\nnameserver 127.0.0.1\nsearch lab.test\n",  // nobody at the first
				"nameserver 127.0.0.53\nnameserver 127.0.0.1\nsearch lab.test\n", // which is silent
			} {
				check(t, os.WriteFile("/etc/resolv.conf", []byte(resolv), 0o644))
				t.Run(strings.ReplaceAll(strings.TrimSpace(resolv), "\n", ";"), func(t *testing.T) {
					testNames(t, program.argv[0], program.foreign, resolv)
				})
			}
			t.Run("sources", testSources)
			t.Run("restart", func(t *testing.T) {
				check(t, os.WriteFile("/etc/resolv.conf", []byte("nameserver 127.0.0.1\nsearch wild.lab.test\n"), 0o644))
				d = testRestart(t, d, dir, program.argv)
			})
		})
	}
}

func testNames(t *testing.T, program, foreign, resolv string) {
	var many []string
	for i := 1; i <= 90; i++ {
		many = append(many, fmt.Sprintf("127.0.1.%d", i))
	}
	want := map[string]string{
		"plain.lab.test":       "127.0.0.2",
		"PLAIN.Lab.Test.":      "127.0.0.2",
		"plain":                "127.0.0.2",
		"alias":                "127.0.0.2",
		"six":                  "::1",
		"both":                 "127.0.0.3 ::1",
		"both.lab.test.":       "127.0.0.3 ::1",
		"half-dead":            "127.0.0.4 2001:db8::1",
		"many":                 strings.Join(many, " "),
		"many.lab.test.":       strings.Join(many, " "),
		"chain.lab.test":       "127.0.0.2",
		"_under":               "127.0.0.10",
		"any.wild.lab.test":    "127.0.0.66",
		"a-.wild.lab.test":     "127.0.0.66",
		"from-file":            "127.0.0.7",
		"localhost":            "127.0.0.1",
		"nothing.lab.test.":    "not_found: no address",
		"nosuch.lab.test.":     "not_found: no such host",
		"xyz.onion":            "not_found: names in .onion are found by Tor alone",
		"x.refused.test.":      "dns_failure: " + foreign,
		"a..lab.test":          "not_found: a name with an empty label",
		"dangling.lab.test.":   "not_found: no ",
		"loop.lab.test.":       "", // any error
		"deep.in.any.lab.test": "not_found: no such host",
	}
	if program == "dnsmasq" { // which has no such records
		delete(want, "dangling.lab.test.")
		delete(want, "loop.lab.test.")
	}
	isFast := !strings.Contains(resolv, "127.0.0.53") // getent waits five seconds for a silent server
	check := func(t *testing.T, r *Resolver, name string, withGetent bool) {
		t.Helper()
		answer, err := r.Lookup(t.Context(), Query{Name: name})
		addrs := answer.Addrs
		if answer.Late != nil { // on a busy machine one family can be late
			addrs = slices.Concat(addrs, <-answer.Late)
		}
		got := say(Answer{Addrs: sorted(addrs)}, err)
		if expected := want[name]; err != nil && !strings.HasPrefix(got, expected) || err == nil && got != said(expected) {
			t.Errorf("%s: %q, not %q", name, got, expected)
		}
		if err == nil && withGetent {
			if second := getent(name); second != "" && second != got {
				t.Errorf("%s: %q, and getent has %q", name, got, second)
			}
		}
	}
	t.Run("first", func(t *testing.T) {
		for name := range want {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := New(t.Context(), Config{})
				defer r.Close()
				check(t, r, name, isFast)
			})
		}
	})
	t.Run("after others", func(t *testing.T) {
		r := New(t.Context(), Config{})
		defer r.Close()
		for name := range want {
			check(t, r, name, false)
		}
	})
	t.Run("at once", func(t *testing.T) {
		r := New(t.Context(), Config{})
		defer r.Close()
		t.Run("all", func(t *testing.T) {
			for name := range want {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					check(t, r, name, false)
				})
			}
		})
	})
}

// testSources compares what actions in nsswitch.conf make of a name that only the hosts file has, when DNS does not know it
// and when nobody is there to ask.
func testSources(t *testing.T) {
	defer os.WriteFile("/etc/nsswitch.conf", []byte("hosts: files dns\n"), 0o644)
	for _, server := range []string{"127.0.0.1", "127.0.0.9"} {
		check(t, os.WriteFile("/etc/resolv.conf", []byte("nameserver "+server+"\n"), 0o644))
		for _, action := range []string{
			"", "[NOTFOUND=return]", "[UNAVAIL=return]", "[!UNAVAIL=return]", "[!SUCCESS=return]",
			"[!SUCCESS=return NOTFOUND=continue]", "[NOTFOUND=return !UNAVAIL=continue]",
		} {
			check(t, os.WriteFile("/etc/nsswitch.conf", []byte("hosts: dns "+action+" files\n"), 0o644))
			r := New(t.Context(), Config{})
			answer, _ := r.Lookup(t.Context(), Query{Name: "from-file"})
			r.Close()
			if got, second := say(Answer{Addrs: answer.Addrs}, nil), getent("from-file"); got != second {
				t.Errorf("%s at %s: %q, and getent has %q", action, server, got, second)
			}
		}
	}
}

func sorted(addrs []netip.Addr) []netip.Addr {
	addrs = slices.Clone(addrs)
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// said is a list of addresses in the same order.
func said(list string) string {
	var addrs []netip.Addr
	for word := range strings.FieldsSeq(list) {
		addrs = append(addrs, netip.MustParseAddr(word))
	}
	return say(Answer{Addrs: sorted(addrs)}, nil)
}

// getent is what glibc finds, or "".
func getent(name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "getent", "ahosts", name).Output()
	var addrs []netip.Addr
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) > 1 && words[1] == "STREAM" {
			addrs = append(addrs, netip.MustParseAddr(words[0]))
		}
	}
	return say(Answer{Addrs: sorted(addrs)}, nil)
}

// testRestart stops and starts the resolver again and again while names are looked up that exist. None may get the
// address of the wildcard in the search domain.
func testRestart(t *testing.T, d *daemon, dir string, argv []string) *daemon {
	r := New(t.Context(), Config{})
	defer r.Close()
	done := make(chan map[string]int)
	go func() {
		says := make(map[string]int)
		defer func() { done <- says }()
		names := make(chan string, 64)
		results := make(chan string)
		for range 64 {
			go func() {
				for name := range names {
					answer, err := r.Lookup(t.Context(), Query{Name: name})
					results <- say(Answer{Addrs: answer.Addrs}, err)
				}
				results <- ""
			}()
		}
		go func() {
			for i := range 20_000 {
				names <- fmt.Sprintf("h%d.right.lab.test", i)
				if i%100 == 0 {
					time.Sleep(10 * time.Millisecond) // so that some restarts fall into the run
				}
			}
			close(names)
		}()
		for left := 64; left > 0; {
			if text := <-results; text == "" {
				left--
			} else {
				says[text]++
			}
		}
	}()
	var says map[string]int
	restarts := 0
	for says == nil {
		select {
		case says = <-done:
		case <-time.After(800 * time.Millisecond):
			d.stop()
			time.Sleep(100 * time.Millisecond)
			d = startDaemon(t, dir, argv)
			restarts++
		}
	}
	d.await(t)
	t.Logf("%d restarts: %v", restarts, says)
	if says["127.0.0.9"] < 19_000 || restarts == 0 {
		t.Errorf("%d restarts: %v", restarts, says)
	}
	for text := range says {
		if strings.Contains(text, "127.0.0.66") || strings.Contains(text, "not_found") {
			t.Errorf("%q", text)
		}
	}
	return d
}
