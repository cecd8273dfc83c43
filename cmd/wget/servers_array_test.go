//go:build servers

package wget_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wget/internal/report"
)

// The list of an array job.
const (
	arrayHosts  = 800
	arrayShards = 8
	arrayFlight = 4 // hosts that each task has in flight
)

// An array is an array job's list, and the server that all of its hosts are.
type array struct {
	dir    string
	server *counting
	let    chan struct{} // closed when hosts of the second half of a shard may be answered
	held   atomic.Int32  // of those that wait for it
}

func startArray(t *testing.T, engine string) *array {
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS(filepath.Join("../../testdata/servers", engine))))
	names := make([]string, arrayHosts)
	for i := range names {
		names[i] = fmt.Sprintf("h%d.test", i)
	}
	check(t, os.WriteFile(filepath.Join(dir, "list"), []byte(strings.Join(names, "\n")), 0o666))
	// A socket that has a path can be reached from every network namespace.
	listener, err := net.Listen("unix", filepath.Join(dir, "server"))
	check(t, err)
	a := &array{dir: dir, server: new(counting), let: make(chan struct{})}
	a.server.hold = a.hold
	a.server.serve(t, listener)
	t.Cleanup(a.release) // before the server ends
	return a
}

// hold stops each task in the middle of its shard.
func (a *array) hold(host string) {
	index, _ := strconv.Atoi(strings.Trim(host, "h.tes"))
	if index/arrayShards < arrayHosts/arrayShards/2 {
		return
	}
	a.held.Add(1)
	<-a.let
}

func (a *array) release() {
	select {
	case <-a.let:
	default:
		close(a.let)
	}
}

// args are the flags of each task.
func (a *array) args() []string {
	return []string{"-i", "list", "--out", "parts", "--unix-socket", "server", "--parallel-max", fmt.Sprint(arrayFlight), "-T", "60"}
}

// run has the engine run a job to its end. When both nodes are in the middle of a task, one of these is ended.
func (a *array) run(t *testing.T, program, end string, args ...string) string {
	cmd := exec.CommandContext(t.Context(), filepath.Join(a.dir, "run"), append([]string{a.dir}, args...)...)
	cmd.Env = []string{"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH") + ":/usr/sbin"}
	var says strings.Builder
	cmd.Stdout, cmd.Stderr = &says, &says
	ended := make(chan error, 1)
	check(t, cmd.Start())
	go func() { ended <- cmd.Wait() }()
	request := filepath.Join(a.dir, end)
	for step := 0; ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: install the Debian packages slurmctld, slurmd, slurm-client, parallel and openssh-server\n%s", err, &says)
			}
			return says.String()
		case <-time.After(20 * time.Millisecond):
		}
		switch step {
		case 0:
			if a.held.Load() == 2*arrayFlight {
				check(t, os.WriteFile(request, nil, 0o666))
				step++
			}
		case 1:
			if _, err := os.Stat(request); err != nil {
				a.release()
				step++
			}
		}
	}
}

// joined is how many records each host has in the parts together, and how many parts there are.
func (a *array) joined(t *testing.T) (records map[int]int, parts int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(a.dir, "parts", "part-*"))
	check(t, err)
	records = make(map[int]int)
	for _, name := range names {
		f, err := os.Open(name)
		check(t, err)
		for r, err := range report.Records(f) {
			check(t, err)
			records[r.Index]++
			if records[r.Index] > 1 || r.Target != fmt.Sprintf("h%d.test", r.Index) || r.Status != 200 {
				t.Errorf("%s has record %d of %d: %+v", name, records[r.Index], r.Index, r)
			}
		}
		f.Close()
	}
	return records, len(names)
}
