//go:build servers

package wget_test

import (
	"path/filepath"
	"testing"
)

// TestServersSlurm runs the array job of docs/slurm-array.sh under Slurm, on two nodes of which one is killed in the
// middle of its first task: in the end each host has one record, if Slurm starts again what died. It does so too when a
// task says that it was told to stop.
func TestServersSlurm(t *testing.T) {
	t.Parallel()
	program := build(t)
	for _, c := range []struct {
		name string
		end  string // what happens to a task in the middle: kill or stop
		args []string
		lost bool // the shard of that task is missing
	}{
		{"Requeue", "kill", nil, false},
		{"NoRequeue", "kill", []string{"--no-requeue"}, true},
		{"Stop", "stop", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := startArray(t, "slurm")
			job, err := filepath.Abs("../../docs/slurm-array.sh")
			check(t, err)
			says := a.run(t, program, c.end, append(append(c.args, job), a.args()...)...)
			records, shards := a.joined(t)
			whole := len(records) == arrayHosts
			if whole == c.lost {
				t.Errorf("%d of %d hosts have a record, in %d parts\n%s", len(records), arrayHosts, shards, says)
			}
			if c.lost && shards != arrayShards-1 {
				t.Errorf("%d parts, want all but one\n%s", shards, says)
			}
			if asked := a.server.total(); asked > arrayHosts+arrayFlight {
				t.Errorf("%d requests for %d hosts", asked, arrayHosts)
			}
		})
	}
}

// TestServersParallel does the same with GNU parallel, over ssh to two hosts of which one vanishes from the network.
func TestServersParallel(t *testing.T) {
	t.Parallel()
	program := build(t)
	a := startArray(t, "parallel")
	job := `cd ` + a.dir + ` && seq 0 7 | HOME=$PWD parallel --will-cite --ssh "ssh -F $PWD/ssh_config" -S 1/n1,1/n2 --retries 5 \
		"cd $PWD && wget --shard {}/8 $*"`
	says := a.run(t, program, "kill", append([]string{"sh", "-c", job, "sh"}, a.args()...)...)
	if records, shards := a.joined(t); len(records) != arrayHosts || shards != arrayShards {
		t.Errorf("%d of %d hosts have a record, in %d parts\n%s", len(records), arrayHosts, shards, says)
	}
	if asked := a.server.total(); asked > arrayHosts+arrayFlight {
		t.Errorf("%d requests for %d hosts", asked, arrayHosts)
	}
}
