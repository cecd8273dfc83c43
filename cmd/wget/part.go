package wget

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// parts is the directory of --out. It has a file for each shard of a list, and
// run.json, which says of which list and of how many shards:
//
//	run.json  part-00000-of-00002.ndjson  .part-00001-of-00002.ndjson
//
// A part has its name once it is whole. Until then a dot stands before it, and
// the process at work has it locked: a part that nobody has locked is what a dead
// process has left, and is gone on with.
type parts struct {
	dir   string
	shard shard
}

// name is the file name of the shard's part.
func (p parts) name() string {
	return fmt.Sprintf("part-%05d-of-%05d.ndjson", p.shard.number, p.shard.step())
}

func (p parts) path() string { return filepath.Join(p.dir, p.name()) }

// unfinished is where the part is written.
func (p parts) unfinished() string { return filepath.Join(p.dir, "."+p.name()) }

// open opens the part for this process alone, and waits while another has it. The
// error is errWhole if there is nothing to do.
func (p parts) open(ctx context.Context, waiting func()) (*journal, error) {
	for told := false; ; told = true {
		if err := p.checkMissing(); err != nil {
			return nil, err
		}
		j, err := openJournal(p.unfinished())
		if err != nil {
			return nil, err
		}
		locked, err := tryLock(j.file)
		if err != nil {
			j.file.Close()
			return nil, fileError(err)
		}
		if locked {
			switch err = p.checkMissing(); err {
			case nil:
				return j, nil
			case errWhole:
				os.Remove(p.unfinished()) // if it was made anew after another process had finished
			}
			j.file.Close()
			return nil, err
		}
		j.file.Close()
		if !told {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lockInterval):
		}
	}
}

// checkMissing gives errWhole if the part has its name.
func (p parts) checkMissing() error {
	_, err := os.Stat(p.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fileError(err)
	}
	return errWhole
}

// lockInterval is how often a lock is tried for. A process that waits has nothing
// else to do.
const lockInterval = 200 * time.Millisecond

// publish closes the part and gives it its name, so that it lasts.
func (p parts) publish(f *os.File) error {
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := renameOpen(f, p.path()); err != nil {
		return err
	}
	return syncDir(p.dir)
}

// runFile is run.json.
type runFile struct {
	Shards int    `json:"shards"`
	List   string `json:"list,omitempty"` // fingerprint; "" until a list that comes through a pipe has been read
}

func (r runFile) text() []byte {
	text, _ := json.Marshal(r) // of a number and a string
	return append(text, '\n')
}

// agree makes the directory one for this list and its number of shards, or else
// refuses to mix them. list is "" if it is not known yet.
func (p parts) agree(ctx context.Context, list string) error {
	if err := os.MkdirAll(p.dir, 0o777); err != nil {
		return fileError(err)
	}
	if err := p.checkNames(); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(p.dir, "run.json"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fileError(err)
	}
	defer f.Close()
	for {
		locked, err := tryLock(f)
		switch {
		case err != nil:
			return fileError(err)
		case locked:
			return p.agreeLocked(f, list)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockInterval):
		}
	}
}

func (p parts) agreeLocked(f *os.File, list string) error {
	text, err := io.ReadAll(f)
	if err != nil {
		return fileError(err)
	}
	run := runFile{Shards: p.shard.step()}
	if len(text) > 0 { // else the file is new
		run = runFile{}
		if err := json.Unmarshal(text, &run); err != nil || !bytes.Equal(run.text(), text) {
			return usage("%s is not of this program: give another directory", f.Name())
		}
	}
	switch {
	case run.Shards != p.shard.step():
		return usage("--out %s holds the parts of %d shards, not of %d: give another directory, or --shard I/%[2]d", p.dir, run.Shards, p.shard.step())
	case list != "" && run.List != "" && run.List != list:
		return usage("--out %s holds the parts of another list: give another directory", p.dir)
	case len(text) > 0 && (run.List != "" || list == ""):
		return nil
	}
	run.List = list
	if _, err := f.WriteAt(run.text(), 0); err != nil {
		return fileError(err)
	}
	if err := f.Sync(); err != nil {
		return fileError(err)
	}
	return nil
}

// checkNames refuses a directory that has the parts of another number of shards,
// even if it has lost its run.json.
func (p parts) checkNames() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return fileError(err)
	}
	form := regexp.MustCompile(`^\.?part-\d{5,}-of-(\d{5,})\.ndjson$`)
	want := fmt.Sprintf("%05d", p.shard.step())
	for _, e := range entries {
		if match := form.FindStringSubmatch(e.Name()); match != nil && match[1] != want {
			return usage("--out %s holds %s, and there are to be %d shards: give another directory", p.dir, e.Name(), p.shard.step())
		}
	}
	return nil
}

// newDigest begins a fingerprint of the list: what is not in the input files, and
// yet says what the targets are. The files are to be added as they are.
func (c *config) newDigest() hash.Hash {
	h := sha256.New()
	fmt.Fprintf(h, "%v %v %s\n", c.defaults.TLS, c.defaults.Ports, c.defaults.Path)
	for _, text := range c.args {
		fmt.Fprintln(h, text)
	}
	return h
}

func fingerprint(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// fingerprint reads the inputs, all of them regular files, ahead of the run.
func (c *config) fingerprint(ctx context.Context, inputs []input) (string, error) {
	h := c.newDigest()
	for _, in := range inputs {
		text := bufio.NewReader(untilDone(ctx, in.open))
		if start, _ := text.Peek(2); isUTF16(start) {
			return "", errUTF16(in)
		}
		if _, err := io.Copy(h, text); err != nil {
			return "", fileError(fmt.Errorf("reading %s: %w", in.name, err))
		}
	}
	return fingerprint(h), context.Cause(ctx)
}
