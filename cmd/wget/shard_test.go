package wget

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
)

// The engine's variable says which shard; whatever is not plain is refused with a
// way out.
func TestShardOf(t *testing.T) {
	for _, c := range []struct {
		flag string
		env  string // NAME=VALUE, separated by spaces
		want string // the shard, or what the error must hold
	}{
		{"0/8", "", "shard 0 of 8"},
		{"7/8", "SLURM_ARRAY_TASK_ID=3", "shard 7 of 8"},
		{"0/1", "", "shard 0 of 1"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=3", "shard 3 of 8"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=2", "shard 3 of 8"}, // a part of the array is run again
		{"auto/8", "JOB_COMPLETION_INDEX=7", "shard 7 of 8"},
		{"auto/8", "AWS_BATCH_JOB_ARRAY_INDEX=0", "shard 0 of 8"},
		{"auto/8", "AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=8", "shard 1 of 8"},
		{"auto", "AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=8", "shard 1 of 8"},
		{"auto", "CLOUD_RUN_TASK_INDEX=1 CLOUD_RUN_TASK_COUNT=2", "shard 1 of 2"},
		{"auto", "BATCH_TASK_INDEX=1 BATCH_TASK_COUNT=2", "shard 1 of 2"},
		{"auto/2", "PBS_ARRAY_INDEX=1", "shard 1 of 2"},
		{"auto/2", "SGE_TASK_ID=2", "shard 1 of 2"},
		{"auto/2", "LSB_JOBINDEX=1", "shard 0 of 2"},
		{"auto/2", "SGE_TASK_ID=undefined LSB_JOBINDEX=0 JOB_COMPLETION_INDEX=1", "shard 1 of 2"},

		{"auto/8", "", "no engine has set any of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, CLOUD_RUN_TASK_INDEX, BATCH_TASK_INDEX, PBS_ARRAY_INDEX, SGE_TASK_ID, LSB_JOBINDEX: say which shard, as in --shard 0/8"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=", "no engine"},
		{"auto/8", "SGE_TASK_ID=undefined", "no engine"},
		{"auto/8", "LSB_JOBINDEX=0", "no engine"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=1 JOB_COMPLETION_INDEX=1", "SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set at once: unset all but one, or say which shard"},
		{"auto", "SLURM_ARRAY_TASK_ID=1", "Slurm does not say how many tasks there are: say --shard auto/N"},
		{"auto", "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=8", "Slurm does not say"},
		{"auto", "AWS_BATCH_JOB_ARRAY_INDEX=1", "AWS Batch does not say"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=8", `SLURM_ARRAY_TASK_ID is "8": number the tasks 0 to 7`},
		{"auto/8", "SGE_TASK_ID=9", `SGE_TASK_ID is "9": number the tasks 1 to 8`},
		{"auto/8", "SGE_TASK_ID=0", `SGE_TASK_ID is "0": number the tasks 1 to 8`},
		{"auto/8", "SLURM_ARRAY_TASK_ID=-1", "number the tasks 0 to 7"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=x", `SLURM_ARRAY_TASK_ID is "x"`},
		{"auto/8", "BATCH_TASK_INDEX=1 BATCH_TASK_COUNT=4", "BATCH_TASK_COUNT is 4: leave it at --shard auto, or start 8 tasks"},
		{"auto", "BATCH_TASK_INDEX=1 BATCH_TASK_COUNT=none", `BATCH_TASK_COUNT is "none"`},
		{"auto", "BATCH_TASK_INDEX=4 BATCH_TASK_COUNT=4", "number the tasks 0 to 3"},

		{"", "", "a shard is I/N"},
		{"3", "", "a shard is I/N"},
		{"/8", "", "a shard is I/N"},
		{"3/", "", "a shard is I/N"},
		{"-1/8", "", "a shard is I/N"},
		{"1/8/2", "", "a shard is I/N"},
		{"1/0", "", "a shard is I/N"},
		{"auto/0", "", "a shard is I/N"},
		{"auto/x", "", "a shard is I/N"},
		{"1/99999999999999999999", "", "a shard is I/N"},
		{"8/8", "", "the shards of 8 are 0/8 to 7/8"},
	} {
		env := make(map[string]string)
		for pair := range strings.FieldsSeq(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		var flag shardFlag
		err := flag.Set(c.flag)
		var s shard
		if err == nil {
			s, err = flag.shard(func(name string) string { return env[name] })
		}
		if got := fmt.Sprint(s); err != nil && !strings.Contains(err.Error(), c.want) || err == nil && got != c.want {
			t.Errorf("%s with %q: %s, %v; want %q", c.flag, c.env, got, err, c.want)
		}
	}
}

// The shards of a list are all of its targets, each once and with its index, also
// where not each line is a target.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	text := "\ufeffa.test\n# comment\n\n10.0.0.0/28\r\nb.test:81 # comment\nhttp://c.test/24\n \nno host\n" + strings.Repeat("x", 70<<10) +
		"\n2001:db8::/126\n::1\n192.0.2.0/33\n\ufeffd.test\n"
	if err := os.WriteFile(list, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, ports := range [][]uint16{nil, {80}, {80, 8080, 8081}} {
		d := fetch.Defaults{Ports: ports}
		block, err := fetch.Parse("10.1.0.0/30", d)
		if err != nil {
			t.Fatal(err)
		}
		c := config{specs: []fetch.Spec{block}, files: []string{list, list}, defaults: d}
		all := collect(t, &c)
		for _, count := range []int{1, 2, 3, 7, 64, 1000} {
			var got []string
			for number := range count {
				c.shard = shard{number, count}
				part := collect(t, &c)
				if want := c.shard.share(len(all)); len(part) != want {
					t.Errorf("%s has %d targets, want %d", c.shard, len(part), want)
				}
				got = append(got, part...)
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(all))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d ports, %d shards (-want +got):\n%s", len(ports), count, diff)
			}
		}
	}
}

// The shares of a list of any length add up to it.
func TestShares(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, math.MaxInt - 1, math.MaxInt} {
		for _, count := range []int{1, 2, 3, 8} {
			left := n
			for number := range count {
				share := shard{number, count}.share(n)
				if more := share - n/count; more < 0 || more > 1 {
					t.Errorf("shard %d of %d has %d of %d targets", number, count, share, n)
				}
				left -= share
			}
			if left != 0 {
				t.Errorf("%d shards of %d targets leave out %d", count, n, left)
			}
		}
	}
}

// collect lists the targets with their indexes.
func collect(t *testing.T, c *config) (list []string) {
	t.Helper()
	h, err := newHosts(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for target := range h.targets(t.Context()) {
		if !c.shard.has(target.Index) {
			t.Errorf("target %d is not of %s", target.Index, c.shard)
		}
		list = append(list, fmt.Sprintf("%04d %s %s", target.Index, target.Text, target.URL()))
	}
	if h.failed != nil {
		t.Error(h.failed)
	}
	if got := h.own(); got != len(list) {
		t.Errorf("%d targets were read, counted %d", len(list), got)
	}
	return list
}

// A target of another shard costs little more than reading its line.
func BenchmarkForeignLines(b *testing.B) {
	list := filepath.Join(b.TempDir(), "list")
	var text strings.Builder
	const lines = 100_000
	for i := range lines {
		fmt.Fprintf(&text, "www.host-%d.example.com\n", i)
	}
	if err := os.WriteFile(list, []byte(text.String()), 0o666); err != nil {
		b.Fatal(err)
	}
	for _, s := range []shard{{}, {0, 64}} {
		b.Run(s.String(), func(b *testing.B) {
			c := config{files: []string{list}, shard: s}
			for b.Loop() {
				h, err := newHosts(&c, nil)
				if err != nil {
					b.Fatal(err)
				}
				for range h.targets(b.Context()) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
		})
	}
}

// A rate is that of all shards together.
func TestRateOfShard(t *testing.T) {
	for _, c := range []struct {
		args []string
		want float64
	}{
		{[]string{"--rate", "640/s"}, 640},
		{[]string{"--rate", "640/s", "--shard", "3/64"}, 10},
		{[]string{"--rate", "6/m", "--shard", "0/2"}, 0.05},
		{[]string{"--shard", "0/2"}, 0},
	} {
		var got *config
		command := newCommand("wget", streams{strings.NewReader(""), t.Output(), t.Output()}, t.Output(), func(c *config) { got = c })
		command.SetArgs(append(c.args, "a.test"))
		if err := command.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("%q: %v", c.args, err)
		}
		if got.fetch.Rate != c.want {
			t.Errorf("%q: %g/s, want %g", c.args, got.fetch.Rate, c.want)
		}
	}
}
