package wget

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Of any number of processes that begin a part at once, one writes it.
func TestPartsAtOnce(t *testing.T) {
	const shards, copies = 50, 8
	dir := t.TempDir()
	var group sync.WaitGroup
	for number := range shards {
		p := parts{dir, shard{number, shards}}
		var wrote atomic.Int32
		begin := make(chan struct{})
		for range copies {
			group.Go(func() {
				<-begin
				j, err := p.open(t.Context(), func() {})
				if err == errWhole {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := wrote.Add(1); n > 1 {
					t.Errorf("%s is written %d times", p.name(), n)
				}
				if _, err := fmt.Fprintln(j.file, "a record"); err != nil {
					t.Error(err)
				}
				if err := p.publish(j.file); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
	}
	group.Wait()
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != shards {
		t.Errorf("%d files, %v; want %d", len(names), err, shards)
	}
	for _, name := range names {
		if text, err := os.ReadFile(filepath.Join(dir, name.Name())); err != nil || string(text) != "a record\n" {
			t.Errorf("%s: %q, %v", name.Name(), text, err)
		}
	}
}
