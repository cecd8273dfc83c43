//go:build unix

package wget_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wget/internal/report"
)

// kills is how often the ordinary tests kill a run of each sort; the tagged ones
// say more.
const kills = 6

// A run that is killed at any instant can be gone on with: in the end each target
// has one record, and none was asked again that had one.
func TestKilled(t *testing.T) {
	program := build(t)
	for _, way := range killed() {
		t.Run(way.name, func(t *testing.T) { way.test(t, program, kills) })
	}
}

// A way to run the program until it has done all.
type way struct {
	name   string
	list   []string // the targets, each with its index in the whole list
	first  int      // index of the first that is the shard's
	step   int      // how far apart those are
	args   []string // LIST and DIR stand for files
	stdin  bool     // the list is not a file
	output string   // in DIR, where the records are in the end
	begun  string   // in DIR, where they are until then
	sorted bool     // the records are in order
	failed bool     // some hosts fail at first, and answer when they are asked again
	edges  int      // addresses of each target, of which only the first answers; 0 if only one is asked
}

// killed lists the ways in which runs are killed.
func killed() []way {
	names := make([]string, 200)
	for i := range names {
		names[i] = fmt.Sprintf("h%d.test", i)
	}
	var block []string
	for i := range 64 {
		for _, port := range []int{80, 8080, 8081} {
			block = append(block, fmt.Sprintf("10.1.2.%d:%d", i, port))
		}
	}
	alone := []string{"-c", "-O", "DIR/out"}
	ways := []way{
		{name: "File", args: append(alone, "-i", "LIST")},
		{name: "Stdin", args: alone, stdin: true},
		{name: "Ordered", args: append(alone, "-i", "LIST", "--keep-order"), sorted: true},
		{name: "Fields", args: append(alone, "-i", "LIST", "--fields", "status,target,server,index")},
		{name: "RetryFailed", args: append(alone, "-i", "LIST", "--retry-failed"), failed: true},
		{name: "AllAddresses", edges: 3, args: append(alone, "-i", "LIST", "--all-ips", "--resolve", "*:PORT:127.0.0.1,127.0.0.2,127.0.0.3")},
		{name: "Block", list: block, first: 1, step: 2, args: append(alone, "--port", "80,8080,8081", "--shard", "1/2", "10.1.2.0/26")},
		{
			name: "Part", first: 2, step: 3, args: []string{"--out", "DIR/parts", "--shard", "2/3", "-i", "LIST"},
			output: "parts/part-00002-of-00003.ndjson", begun: "parts/.part-00002-of-00003.ndjson",
		},
		{
			name: "PartOfStdin", args: []string{"--out", "DIR/parts"}, stdin: true,
			output: "parts/part-00000-of-00001.ndjson", begun: "parts/.part-00000-of-00001.ndjson",
		},
	}
	for i := range ways {
		w := &ways[i]
		if w.list == nil {
			w.list = names
		}
		if w.output == "" {
			w.output, w.begun = "out", "out"
		}
		w.step = max(1, w.step)
		w.args = slices.Clone(w.args)
	}
	return ways
}

// parallel is how many hosts are in flight when a run is killed.
const parallel = 8

// test kills a run again and again, a number of times, at instants that a seed
// chooses.
func (w way) test(t *testing.T, program string, times int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for killed := 0; killed < times; {
		killed += w.once(t, program, random, min(times-killed, 10))
		if t.Failed() {
			return
		}
	}
}

// once runs the program to the end of the list, and kills it on the way at most so
// many times. It returns how often.
func (w way) once(t *testing.T, program string, random *rand.Rand, most int) (killed int) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	server := countingServer(t, w.failed)
	_, port, _ := net.SplitHostPort(server.Addr())
	to := []string{"--connect-to", "::" + server.Addr()}
	if w.edges > 0 {
		w.list = slices.Clone(w.list)
		for i := range w.list {
			w.list[i] += ":" + port
		}
		to = nil
	}
	if err := os.WriteFile(list, []byte(strings.Join(w.list, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	own := 0
	for i := w.first; i < len(w.list); i += w.step {
		own++
	}
	run := func(kill func(cmd *exec.Cmd, ended <-chan struct{})) (code int, stderr string) {
		args := slices.Concat(to, []string{"-T", "0", "--parallel-max", fmt.Sprint(parallel)}, w.args)
		for i := range args {
			args[i] = strings.NewReplacer("LIST", list, "DIR", dir, "PORT", port).Replace(args[i])
		}
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		var says bytes.Buffer
		cmd.Stderr = &says
		if w.stdin {
			cmd.Stdin = strings.NewReader(strings.Join(w.list, "\n") + "\n")
		}
		launch(t, cmd)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			cmd.Wait()
		}()
		kill(cmd, ended)
		<-ended
		if err := server.Settle(); err != nil { // requests of a dead process may still be on their way
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), says.String()
	}
	before := w.snapshot(t, dir) // the whole records of earlier runs
	for killed < most {
		asked := server.counts()
		code, stderr := run(func(cmd *exec.Cmd, ended <-chan struct{}) {
			if random.IntN(3) == 0 { // whatever it is at
				time.Sleep(time.Duration(random.IntN(20_000)) * time.Microsecond)
			} else { // with requests
				select {
				case <-server.after(1 + random.IntN(own/4)):
				case <-ended:
				}
			}
			cmd.Process.Kill()
		})
		now := w.snapshot(t, dir)
		w.compare(t, server, before, now, asked)
		before = now
		if code >= 0 { // it was faster
			if code != w.code(now) {
				t.Fatalf("exit code %d; stderr:\n%s", code, stderr)
			}
			break
		}
		killed++
	}
	var code int
	var stderr string
	for range 3 {
		asked := server.counts()
		code, stderr = run(func(*exec.Cmd, <-chan struct{}) {})
		now := w.snapshot(t, dir)
		w.compare(t, server, before, now, asked)
		before = now
		if code == 0 || !w.failed {
			break
		}
	}
	if asked, most := server.total(), own+killed*w.lost(before); code != w.code(before) || asked > most && !w.failed {
		t.Fatalf("exit code %d, %d requests, more than %d, for %d hosts of a run that was killed %d times; stderr:\n%s", code, asked, most, own, killed, stderr)
	}
	counted := strings.Contains(stderr, fmt.Sprintf("%d in = %[1]d answered + 0 failed + 0 missing", own))
	if !counted && !strings.Contains(stderr, "ndjson is there") {
		t.Fatalf("it is not said how many of %d answered:\n%s", own, stderr)
	}
	w.whole(t, filepath.Join(dir, w.output))
	if _, err := os.Stat(filepath.Join(dir, w.begun)); err == nil && w.begun != w.output {
		t.Fatalf("%s is there beside %s", w.begun, w.output)
	}
	return max(1, killed)
}

// lost is how many answers a killed run can take with it: of the hosts in flight,
// of those that wait for their turn to be shown, and of a batch of records.
func (w way) lost(records []byte) int {
	batch := (32 << 10) * bytes.Count(records, []byte("\n")) / len(records)
	if w.sorted {
		return 9*parallel + batch
	}
	return parallel + batch
}

// code is what a run ends with that was not killed: that of the last record of
// each target.
func (w way) code(text []byte) (code int) {
	failed := make(map[int]bool)
	for r := range report.Records(bytes.NewReader(text)) {
		failed[r.Index] = r.Error != nil
	}
	for _, one := range failed {
		if one {
			code = 4
		}
	}
	return code
}

// snapshot is the whole records of what is written so far, with those of all
// addresses of a target.
func (w way) snapshot(t *testing.T, dir string) []byte {
	t.Helper()
	for _, name := range []string{w.output, w.begun} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			lines := bytes.SplitAfter(text, []byte("\n"))
			lines = lines[:len(lines)-1]
			return bytes.Join(lines[:len(lines)-len(lines)%max(1, w.edges)], nil)
		}
		if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return nil
}

// compare wants nothing of the earlier records to have changed, and no host that
// had one to have been asked since.
func (w way) compare(t *testing.T, server *counting, before, now []byte, asked map[string]int) {
	t.Helper()
	if !bytes.HasPrefix(now, before) {
		t.Fatalf("what was written before has changed:\n%s\nis now\n%s", before, now)
	}
	counts := server.counts()
	for target := range w.records(t, before) {
		if counts[target] != asked[target] && !w.failed {
			t.Fatalf("%s had a record and was asked again", target)
		}
	}
}

// records maps each target to its index.
func (w way) records(t *testing.T, text []byte) map[string]int {
	t.Helper()
	indexes := make(map[string]int)
	next := 0 // address of a target
	for r, err := range report.Records(bytes.NewReader(text)) {
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if r.Edge != nil && (r.Edge.N != next || r.Edge.Of != w.edges) || r.Edge == nil && w.edges > 0 {
			t.Fatalf("an address of %s is missing in\n%s", r.Target, text)
		}
		if next++; next < w.edges {
			continue
		}
		next = 0
		if _, twice := indexes[r.Target]; twice && !w.failed {
			t.Fatalf("%s is recorded twice", r.Target)
		}
		indexes[r.Target] = r.Index
	}
	return indexes
}

// whole wants a file to have each target of the shard, and no other.
func (w way) whole(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := w.records(t, text)
	n := 0
	for i := w.first; i < len(w.list); i += w.step {
		n++
		if index, there := got[w.list[i]]; !there || index != i {
			t.Errorf("%s has index %d (%v), want %d", w.list[i], index, there, i)
		}
	}
	if len(got) != n {
		t.Errorf("%d targets are recorded, want %d", len(got), n)
	}
	latest := -1
	for r := range report.Records(bytes.NewReader(text)) {
		if w.sorted && r.Index < latest {
			t.Errorf("%d comes after %d", r.Index, latest)
		}
		latest = r.Index
	}
}
