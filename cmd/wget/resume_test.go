//go:build unix

package wget_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wget/cmd/wget"
)

// kept runs a command line against a server, in a directory of the test.
func kept(t *testing.T, server *counting, stdin string, args ...string) (code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"wget", "--connect-to", "::" + server.Addr()}, args...)
	code = wget.Main(t.Context(), args, strings.NewReader(stdin), &out, &errs, nil)
	if out.Len() > 0 {
		t.Errorf("stdout %q", out.String())
	}
	return code, errs.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Whatever a dead process has left of its last record, the records before it stay
// and its target is asked again.
func TestTornTails(t *testing.T) {
	server := countingServer(t, false)
	dir := t.TempDir()
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "out")
	write(t, list, "a.test\nb.test\nc.test\n")
	if code, stderr := kept(t, server, "", "-q", "-i", list, "-c", "-O", out, "--keep-order"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	text := read(t, out)
	write(t, out, text+text[:100]) // behind the last record, and there is nothing to ask
	if code, stderr := kept(t, server, "", "-i", list, "-c", "-O", out); code != 0 || read(t, out) != text {
		t.Fatalf("exit code %d: %s\nnow %q", code, stderr, read(t, out))
	}
	for cut := strings.LastIndex(text[:len(text)-1], "\n"); cut < len(text); cut++ {
		for _, way := range [][]string{{"-i", list}, {"-i", "-"}} {
			write(t, out, text[:cut])
			before := server.total()
			code, stderr := kept(t, server, "a.test\nb.test\nc.test\n", append(way, "-c", "-O", out)...)
			missing := 3 - strings.Count(text[:cut], "\n")
			if asked := server.total() - before; code != 0 || asked != missing || !strings.HasSuffix(stderr, "3 in = 3 answered + 0 failed + 0 missing\n") {
				t.Fatalf("cut at %d, %v: exit code %d, %d asked, want %d: %s", cut, way, code, asked, missing, stderr)
			}
			got := read(t, out)
			whole := text[:strings.LastIndex(text[:cut], "\n")+1]
			if !strings.HasPrefix(got, whole) || strings.Count(got, "\n") != 3 || strings.Count(got, `"target":"b.test"`) != 1 || strings.Count(got, `"target":"c.test"`) != 1 {
				t.Fatalf("cut at %d, %v:\n%s", cut, way, got)
			}
		}
	}
}

// A list that is not the one that the records are about is refused before anything
// is asked or written, and what differs first is named.
func TestOtherLists(t *testing.T) {
	server := countingServer(t, false)
	dir := t.TempDir()
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "out")
	const n = 3000 // a few blocks
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("h%d.test", i)
	}
	text := func(names []string) string { return strings.Join(names, "\n") + "\n" }
	write(t, list, text(names))
	if code, stderr := kept(t, server, "", "-q", "-i", list, "-c", "-O", out); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	lines := slices.Collect(strings.Lines(read(t, out)))
	// Of the first targets one is missing, and the last record is torn.
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, `{"index":5,`) })
	torn := strings.Join(lines, "") + `{"index":5,"target":"h5.te`
	edited := func(edit func([]string) []string) string { return text(edit(slices.Clone(names))) }
	for name, c := range map[string]struct{ list, want string }{
		"changed":       {edited(func(l []string) []string { l[2500] = "x.test"; return l }), `its target 2500 is "h2500.test", and that of the list is "x.test"`},
		"first changed": {edited(func(l []string) []string { l[0] = "x.test"; return l }), `its target 0 is "h0.test", and that of the list is "x.test"`},
		"reordered":     {edited(func(l []string) []string { l[1], l[2999] = l[2999], l[1]; return l }), `its target 1 is "h1.test", and that of the list is "h2999.test"`},
		"neighbours":    {edited(func(l []string) []string { l[1100], l[1101] = l[1101], l[1100]; return l }), `its target 1100 is "h1100.test", and that of the list is "h1101.test"`},
		"inserted":      {edited(func(l []string) []string { return slices.Insert(l, 1030, "x.test") }), `its target 1030 is "h1030.test", and that of the list is "x.test"`},
		"left out":      {edited(func(l []string) []string { return slices.Delete(l, 2000, 2001) }), `its target 2000 is "h2000.test", and that of the list is "h2001.test"`},
		"shortened":     {edited(func(l []string) []string { return l[:1500] }), `its target 1500 is "h1500.test", and the list ends before that`},
		"to a block":    {edited(func(l []string) []string { return l[:1024] }), `its target 1024 is "h1024.test", and the list ends before that`},
		"empty":         {"\n", `its target 0 is "h0.test", and the list ends before that`},
	} {
		for _, way := range []string{list, "-"} {
			t.Run(name+" "+filepath.Base(way), func(t *testing.T) {
				write(t, list, c.list)
				write(t, out, torn)
				before := server.total()
				code, stderr := kept(t, server, c.list, "-i", way, "-c", "-O", out)
				if code != 2 || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
					t.Errorf("exit code %d, stderr %q, want %q", code, stderr, c.want)
				}
				// What comes through a pipe is let through block by block.
				early := way == "-" && !strings.Contains(c.want, "target 0 ") && !strings.Contains(c.want, "target 1 ")
				if asked := server.total() - before; asked > 0 && !early {
					t.Errorf("%d were asked", asked)
				} else if got := read(t, out); got != torn && !early {
					t.Errorf("the output has changed")
				} else if !strings.HasPrefix(got, strings.Join(lines, "")) {
					t.Errorf("records are lost")
				}
			})
		}
	}
	t.Run("longer", func(t *testing.T) { // may be: there is more to ask
		write(t, list, text(append(names, "new.test")))
		write(t, out, torn)
		code, stderr := kept(t, server, "", "-i", list, "-c", "-O", out)
		if code != 0 || !strings.HasSuffix(stderr, "\n3,001 in = 3,001 answered + 0 failed + 0 missing\n") {
			t.Errorf("exit code %d, stderr %q", code, stderr)
		}
	})
}

// The order in which targets were recorded means nothing.
func TestShuffledRecords(t *testing.T) {
	server := countingServer(t, false)
	out := filepath.Join(t.TempDir(), "out")
	if code, stderr := kept(t, server, "", "-q", "10.0.0.0/22", "--port", "80,81", "-c", "-O", out); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	lines := slices.Collect(strings.Lines(read(t, out)))
	slices.Reverse(lines)
	lines = slices.Delete(lines, 700, 800)
	write(t, out, strings.Join(lines, ""))
	code, stderr := kept(t, server, "", "10.0.0.0/22", "--port", "80,81", "-c", "-O", out)
	if code != 0 || !strings.HasSuffix(stderr, "\n2,048 in = 2,048 answered + 0 failed + 0 missing\n") || server.total() != 2148 {
		t.Errorf("exit code %d, %d requests, stderr %q", code, server.total(), stderr)
	}
}

// A file that is not an output of such a run is left alone.
func TestForeignFiles(t *testing.T) {
	server := countingServer(t, false)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	record := `{"index":0,"target":"a.test"}` + "\n"
	for text, want := range map[string]string{
		"hello":                                "line 1: not a record",
		"hello\n":                              "line 1: not a record",
		record + "hello\n":                     "line 2: not a record",
		record + "hello":                       "line 2: not a record",
		"hello\n" + record:                     "line 1: not a record",
		record + "\n" + record:                 "line 2: not a record",
		"\x00\x00\x00":                         "line 1: not a record",
		`{"index":0,"target":"b.test"}` + "\n": `its target 0 is "b.test", and that of the list is "a.test"`,
		`{"index":1,"target":"a.test"}` + "\n": `its target 1 is "a.test", and the list ends before that`,
		`{"target":"a.test","index":0}` + "\n": "line 1: not a record",
		"a.test header > HTTP/1.1 200 OK\n":    "line 1: not a record",
		`{"index":0,"target":"a.test","edge":{"n":0,"of":2}}` + "\n" + record: "the addresses of target 0 are not all there",
		`{"index":0,"target":"a.test","edge":{"n":1,"of":2}}` + "\n":          "the addresses of target 0 are not all there",
	} {
		write(t, out, text)
		code, stderr := kept(t, server, "", "a.test", "-c", "-O", out)
		if code != 2 || !strings.Contains(stderr, out+" cannot be continued: "+want) || read(t, out) != text || server.total() > 0 {
			t.Errorf("%q: exit code %d, stderr %q, now %q; want %q", text, code, stderr, read(t, out), want)
		}
	}
	for _, path := range []string{dir, "/dev/null"} {
		if code, stderr := kept(t, server, "", "a.test", "-c", "-O", path); code != 2 || !strings.Contains(stderr, "no regular file") {
			t.Errorf("%s: exit code %d, stderr %q", path, code, stderr)
		}
	}
}

// Records that a run without -c has left of hosts that it gave up are not what
// came of these hosts.
func TestCanceledRecords(t *testing.T) {
	server := countingServer(t, false)
	out := filepath.Join(t.TempDir(), "out")
	write(t, out, `{"index":0,"target":"a.test","status":200}`+"\n"+
		`{"index":1,"target":"b.test","error":{"stage":"read","kind":"canceled","message":"x"}}`+"\n")
	code, stderr := kept(t, server, "", "a.test", "b.test", "-c", "-O", out)
	if code != 0 || server.total() != 1 || !strings.HasSuffix(stderr, "2 in = 2 answered + 0 failed + 0 missing\n") {
		t.Errorf("exit code %d, %d requests, stderr %q", code, server.total(), stderr)
	}
}

// The exit code is that of all records, of several of a target the last.
func TestCodeOfAllRecords(t *testing.T) {
	server := countingServer(t, false)
	out := filepath.Join(t.TempDir(), "out")
	failed := func(index int, target, kind string) string {
		return fmt.Sprintf(`{"index":%d,"target":%q,"error":{"stage":"read","kind":%q,"message":"x"}}`+"\n", index, target, kind)
	}
	answered := `{"index":0,"target":"a.test","status":404}` + "\n"
	for _, c := range []struct {
		records string
		args    string
		want    int
		asked   int
	}{
		{answered, "", 0, 1},
		{answered, "-f", 8, 1},
		{failed(0, "a.test", "timeout"), "", 4, 1},
		{failed(0, "a.test", "certificate"), "", 5, 1},
		{failed(0, "a.test", "certificate"), "--exit-zero", 0, 1},
		{failed(0, "a.test", "certificate"), "--retry-failed", 0, 2},
		{failed(0, "a.test", "timeout") + failed(1, "b.test", "certificate"), "", 4, 0},
		{failed(0, "a.test", "certificate") + answered, "", 0, 1},
		{answered + failed(0, "a.test", "certificate"), "", 5, 1},
		{answered + failed(0, "a.test", "certificate"), "--retry-failed", 0, 2},
		{answered, "--expect status==200", 9, 1},
		{answered, "--expect status==200 --exit-zero", 0, 1},
		{answered, "--expect status<500", 0, 1},
		{failed(0, "a.test", "timeout") + answered, "--expect error==\"\"", 0, 1},
		{failed(0, "a.test", "timeout"), "--expect error==\"\" --retry-failed", 0, 2},
		{answered + failed(0, "a.test", "timeout"), "--expect error==\"\"", 4, 1},
	} {
		write(t, out, c.records)
		before := server.total()
		args := append([]string{"a.test", "b.test", "-c", "-O", out}, strings.Fields(c.args)...)
		code, stderr := kept(t, server, "", args...)
		if asked := server.total() - before; code != c.want || asked != c.asked {
			t.Errorf("%s with %q: exit code %d, %d asked; want %d, %d; stderr %q", c.records, c.args, code, asked, c.want, c.asked, stderr)
		}
		if !strings.Contains(stderr, "2 in = ") || !strings.HasSuffix(stderr, " + 0 missing\n") {
			t.Errorf("%s with %q: stderr %q", c.records, c.args, stderr)
		}
	}
}

// A second run that would write to the same output is refused, and the first has
// no harm from it.
func TestTwoWriters(t *testing.T) {
	program := build(t)
	p := newPeer(t)
	out := filepath.Join(t.TempDir(), "out")
	first, _, says := p.command(t, program, "-c", "-O", out, "a.test", "b.test")
	launch(t, first)
	<-p.asked
	<-p.asked
	second, _, stderr := p.command(t, program, "-c", "-O", out, "a.test", "b.test")
	launch(t, second)
	checkExit(t, second, 3)
	if want := "another run writes to " + out; !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	close(p.let)
	checkExit(t, first, 0)
	if !strings.HasSuffix(says.String(), "2 in = 2 answered + 0 failed + 0 missing\n") || strings.Count(read(t, out), "\n") != 2 {
		t.Errorf("stderr %q, records\n%s", says, read(t, out))
	}
}

// Two copies of a shard end in one right part: the second waits for the first, and
// goes on where a first that dies has been.
func TestTwoCopies(t *testing.T) {
	program := build(t)
	for _, dies := range []bool{false, true} {
		p := newPeer(t)
		dir := filepath.Join(t.TempDir(), "parts")
		args := []string{"--out", dir, "--shard", "1/2", "x.test", "a.test", "x.test", "b.test"}
		first, _, _ := p.command(t, program, args...)
		launch(t, first)
		<-p.asked
		<-p.asked
		second, _, _ := p.command(t, program, args...)
		second.Stderr = nil
		stderr, err := second.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		launch(t, second)
		line := make([]byte, 200)
		n, _ := stderr.Read(line)
		if want := "wget: shard 1 of 2: another process is at work on it, and is waited for\n"; string(line[:n]) != want {
			t.Errorf("%q, want %q", line[:n], want)
		}
		if dies {
			first.Process.Kill()
		}
		close(p.let)
		first.Wait()
		n, _ = stderr.Read(line)
		want := "shard 1 of 2: " + dir + "/part-00001-of-00002.ndjson is there\n"
		if dies {
			want = "shard 1 of 2: 2 in = 2 answered + 0 failed + 0 missing in "
		}
		if !strings.HasPrefix(string(line[:n]), want) {
			t.Errorf("%q, want %q", line[:n], want)
		}
		checkExit(t, second, 0)
		part := read(t, filepath.Join(dir, "part-00001-of-00002.ndjson"))
		if strings.Count(part, "\n") != 2 || !strings.Contains(part, `{"index":1,"target":"a.test",`) || !strings.Contains(part, `{"index":3,"target":"b.test",`) {
			t.Errorf("part:\n%s", part)
		}
	}
}

// A signal leaves out the hosts in flight, so that they are asked again. With
// --out the exit code says that another try is worth it.
func TestToldToStop(t *testing.T) {
	program := build(t)
	for _, c := range []struct {
		args   string
		signal syscall.Signal
		code   int
		says   string
		path   string
	}{
		{"-c -O DIR/out", syscall.SIGTERM, 143, "\nso far 0 answered + 0 failed\n", "out"},
		{"-c -O DIR/out", syscall.SIGINT, 130, "\nso far 0 answered + 0 failed\n", "out"},
		{"--out DIR/parts", syscall.SIGTERM, 75, "shard 0 of 1: so far 0 answered + 0 failed in ", "parts/.part-00000-of-00001.ndjson"},
		{"--out DIR/parts", syscall.SIGINT, 75, "shard 0 of 1: so far 0 answered + 0 failed in ", "parts/.part-00000-of-00001.ndjson"},
	} {
		p := newPeer(t)
		dir := t.TempDir()
		cmd, _, stderr := p.command(t, program, append(strings.Fields(strings.ReplaceAll(c.args, "DIR", dir)), "a.test", "b.test")...)
		launch(t, cmd)
		<-p.asked
		<-p.asked
		send(t, cmd, c.signal)
		checkExit(t, cmd, c.code)
		if !strings.Contains("\n"+stderr.String(), c.says) || read(t, filepath.Join(dir, c.path)) != "" {
			t.Errorf("%s: stderr %q", c.args, stderr)
		}
	}
}

// SIGTERM reaches a copy that waits for another.
func TestToldToStopWaiting(t *testing.T) {
	program := build(t)
	p := newPeer(t)
	dir := t.TempDir()
	first, _, _ := p.command(t, program, "--out", dir, "a.test")
	launch(t, first)
	<-p.asked
	second, _, _ := p.command(t, program, "--out", dir, "a.test")
	second.Stderr = nil
	stderr, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, second)
	stderr.Read(make([]byte, 200))
	send(t, second, syscall.SIGTERM)
	checkExit(t, second, 75)
	close(p.let)
	checkExit(t, first, 0)
}

// A full disk ends the run, and loses nothing that was written before.
func TestFullDisk(t *testing.T) {
	program := build(t)
	script := `set -eu
mount -t tmpfs -o size=64k none "$0"
printf 'h%s.test\n' $(seq 2000) > "$0/../list"
set -- "$1" --connect-to "::$2" -i "$0/../list" $3
code=0; "$@" || code=$?
echo "full: $code"
mount -o remount,size=8m "$0"
code=0; "$@" || code=$?
echo "then: $code"
cp -r "$0" "$0.copy"`
	if err := exec.Command("unshare", "-rm", "true").Run(); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	for _, c := range []struct{ args, path string }{{"-c -O DIR/out", "out"}, {"--out DIR", "part-00000-of-00001.ndjson"}} {
		server := countingServer(t, false)
		dir := filepath.Join(t.TempDir(), "disk")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", script, dir, program, server.Addr(), strings.ReplaceAll(c.args, "DIR", dir)).CombinedOutput()
		said := string(out)
		if err != nil || !strings.Contains(said, "no space left on device") || !strings.Contains(said, "full: 3\n") || !strings.Contains(said, "then: 0\n") ||
			!strings.Contains(said, "2,000 in = 2,000 answered + 0 failed + 0 missing") {
			t.Fatalf("%v\n%s", err, said)
		}
		w := way{step: 1}
		for i := range 2000 {
			w.list = append(w.list, fmt.Sprintf("h%d.test", i+1))
		}
		w.whole(t, filepath.Join(dir+".copy", c.path))
	}
}
