//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed peers
var peers embed.FS

// A lab is what every measurement needs: the programs, a place for files, a core for each side.
type lab struct {
	out, wget, other     string
	serverCPU, clientCPU string
	near                 network
}

func (l *lab) path(name string) string { return filepath.Join(l.out, name) }

// newLab builds the programs into the output directory.
func newLab(ctx context.Context, cfg config) (*lab, error) {
	l := &lab{out: cfg.out, wget: cfg.wget, other: cfg.other, near: sharedNetwork()}
	if inside() {
		l.near = ownNetwork("127")
		if err := settleNamespace(ctx); err != nil {
			return nil, err
		}
	}
	raiseLimit()
	l.serverCPU, l.clientCPU = cores()

	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	if err != nil || root == "." || root == "/dev" {
		return nil, errors.Join(errors.New("run it inside the module"), err)
	}
	if l.out == "" {
		l.out = filepath.Join(root, "bench", "out")
	}
	if l.out, err = filepath.Abs(l.out); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(l.path("peers")); err != nil {
		return nil, err
	}
	if err := os.CopyFS(l.out, peers); err != nil {
		return nil, err
	}
	builds := [][]string{
		{"cc", "-O2", "-Wall", "-o", l.path("floor"), l.path("peers/floor.c")},
		{"cc", "-O2", "-Wall", "-o", l.path("timed"), l.path("peers/timed.c")},
		{"go", "build", "-o", l.path("slow"), "./bench/slow"},
	}
	if l.wget == "" {
		l.wget = l.path("wget")
		builds = append(builds, []string{"go", "build", "-o", l.wget, "."})
	}
	for _, argv := range builds {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir = root
		if err := quiet(cmd); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// raiseLimit lets servers and clients, who inherit it, have tens of thousands of descriptors.
func raiseLimit() {
	limit := syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		return
	}
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // a client that runs out says so
	}
}

// cores picks the first and the last core that we may use.
func cores() (first, last string) {
	text, _ := os.ReadFile("/proc/self/status") // without it: core 0 for all
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			numbers := strings.FieldsFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
			first, last = numbers[0], numbers[len(numbers)-1]
		}
	}
	if first == last {
		fmt.Fprintln(os.Stderr, "bench: one core for servers and clients: expect noise")
	}
	return first, last
}

type machine struct {
	CPU       string `json:"cpu"`
	Cores     string `json:"cores"` // server's, client's
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
	Namespace bool   `json:"namespace"`
}

func (l *lab) machine() machine {
	m := machine{Cores: l.serverCPU + ", " + l.clientCPU, Go: runtime.Version(), Namespace: inside()}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // unknown stays empty
	m.Kernel = strings.TrimSpace(string(kernel))
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// spent is what one run cost, in microseconds and bytes.
type spent struct {
	User   float64 `json:"user_us"`
	System float64 `json:"system_us"`
	Wall   float64 `json:"wall_us"`
	Peak   float64 `json:"peak_bytes"`
}

func (s spent) cpu() float64 { return s.User + s.System }

// measure runs a client over a list and says what it cost.
func (l *lab) measure(ctx context.Context, c client, j job) (s spent, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return s, err
	}
	defer r.Close()
	err = l.ask(ctx, c, j, w, l.path("timed"))
	w.Close()
	if err != nil {
		return s, err
	}
	return readSpent(r)
}

// readSpent reads what the program timed says of the command that it ran.
func readSpent(r io.Reader) (s spent, err error) {
	var kib float64
	if _, err := fmt.Fscan(r, &s.User, &s.System, &s.Wall, &kib); err != nil {
		return s, fmt.Errorf("timed: %w", err)
	}
	s.Peak = kib * 1024
	return s, nil
}

// startUp is how long our wget takes to say which it is, as a multiple of the time that curl takes; nil without curl.
func (l *lab) startUp(ctx context.Context) (*float64, error) {
	if _, err := exec.LookPath("curl"); err != nil {
		return nil, nil
	}
	walls := make(map[string][]time.Duration)
	for range 21 {
		for _, program := range []string{l.wget, "curl"} {
			start := time.Now()
			if err := quiet(exec.CommandContext(ctx, "taskset", "-c", l.clientCPU, program, "--version")); err != nil {
				return nil, err
			}
			walls[program] = append(walls[program], time.Since(start))
		}
	}
	seconds := func(program string) float64 { return median(walls[program], time.Duration.Seconds) }
	ratio := seconds(l.wget) / seconds("curl")
	return &ratio, nil
}

// ask runs a client on the clients' core, behind the command through, and makes sure that it lost no host. All print
// to a file in memory, unless their records are reconciled. The command gets fd3, if there is one, as its descriptor 3.
func (l *lab) ask(ctx context.Context, c client, j job, fd3 *os.File, through ...string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(j.hosts)*10*time.Millisecond)
	defer cancel()
	argv := append([]string{"taskset", "-c", l.clientCPU}, through...)
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:], c.argv(l, j)...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.out, "LANG=C.UTF-8"} // no proxies, no settings
	if fd3 != nil {
		cmd.ExtraFiles = []*os.File{fd3}
	}

	input, err := l.file(c.input, j)
	if err != nil {
		return err
	}
	if c.stdin {
		f, err := os.Open(input)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	if j.tally != nil {
		return j.tally.run(cmd, c, j)
	}
	output, err := os.CreateTemp("/dev/shm", "wget-bench-")
	if err != nil {
		return err
	}
	defer output.Close()
	if err := os.Remove(output.Name()); err != nil {
		return err
	}
	var says bytes.Buffer
	cmd.Stdout, cmd.Stderr = output, &says
	if c.talks {
		cmd.Stdout, cmd.Stderr = nil, output
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %.300s", err, bytes.TrimSpace(says.Bytes()))
	}
	return c.check(output, j.hosts)
}

// check counts the answers.
func (c client) check(output *os.File, hosts int) error {
	info, err := output.Stat()
	if err != nil {
		return err
	}
	var text []byte
	if size := int(info.Size()); size > 0 {
		text, err = syscall.Mmap(int(output.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
		if err != nil {
			return err
		}
		defer syscall.Munmap(text) //nolint:errcheck // nothing to be done
	}
	for _, mark := range []string{c.status, c.last} {
		if n := bytes.Count(text, []byte(mark)); n != hosts {
			return fmt.Errorf("%d of %d hosts with %q", n, hosts, mark)
		}
	}
	return nil
}

// count adds what is counted rather than timed: once is enough. What cannot be counted here stays unknown.
func (l *lab) count(ctx context.Context, rows []row) {
	_, missing := exec.LookPath("strace")
	wire, far, err := l.wire(ctx)
	if err == nil {
		defer wire.stop()
	}
	for _, problem := range []error{missing, err} {
		if problem != nil {
			fmt.Fprintln(os.Stderr, "bench: not counted:", problem)
		}
	}
	for i := range rows {
		r := &rows[i]
		picked, pickErr := pick([]string{r.Client})
		if pickErr != nil || r.Error != "" {
			continue
		}
		if missing == nil {
			if n, err := l.syscallsPerHost(ctx, picked[0]); err != nil {
				r.Error = "strace: " + err.Error()
			} else {
				r.Syscalls = &n
			}
		}
		if err == nil {
			if n, err := l.bytesPerHost(ctx, picked[0], far); err != nil {
				r.Error = "wire: " + err.Error()
			} else {
				r.Bytes = &n
			}
		}
	}
}

// syscallsPerHost compares a longer list with a shorter, so that starting up does not count.
func (l *lab) syscallsPerHost(ctx context.Context, c client) (float64, error) {
	const short, long = 200, 1000
	var totals []float64
	for _, hosts := range []int{short, long} {
		file := l.path("strace.txt")
		j := job{net: l.near, port: webPort, hosts: hosts, parallel: 64}
		if err := l.ask(ctx, c, j, nil, "strace", "-f", "-c", "-U", "calls,name", "-o", file); err != nil {
			return 0, err
		}
		n, err := straceTotal(file)
		if err != nil {
			return 0, err
		}
		totals = append(totals, n)
	}
	return (totals[1] - totals[0]) / (long - short), nil
}

func straceTotal(file string) (float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[1] == "total" {
			return strconv.ParseFloat(words[0], 64)
		}
	}
	return 0, fmt.Errorf("%s has no total", file)
}
