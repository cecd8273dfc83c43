package wget

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
)

// isStdout reports whether --output-document stands for stdout, which is not
// opened again: the file behind it would be emptied, and a socket cannot be.
func isStdout(name string) bool {
	return slices.Contains([]string{"", "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}, name)
}

// isStderr reports whether --output-document stands for stderr.
func isStderr(name string) bool {
	return slices.Contains([]string{"/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"}, name)
}

// openOutput opens the file for the records, or gives stdout or stderr, which
// closing leaves open. It may wait, as for the reader of a pipe. The file is still to
// be emptied.
func openOutput(ctx context.Context, name string, s streams) (output, error) {
	switch {
	case isStdout(name):
		return output{Writer: s.out}, nil
	case isStderr(name):
		return output{Writer: s.err}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return output{}, fileError(fmt.Errorf("--output-document: %w", err))
	}
	return output{untilStuck(ctx, f), f}, nil
}

// output is where records go.
type output struct {
	io.Writer
	file *os.File // nil for stdout and stderr
}

func (o output) close() error { return closeFile(o.file) }

// closeFile closes a file, if there is one.
func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// empty empties those of some files that are regular, nil being none. It is called once all
// outputs are open: where one cannot be opened, the others keep what they hold.
func empty(files ...*os.File) error {
	for _, f := range files {
		if f == nil {
			continue
		}
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			err = f.Truncate(0)
		}
		if err != nil {
			return fileError(err)
		}
	}
	return nil
}

// file is what a flag or a stream of the command line stands for.
type file struct {
	name string      // for messages
	info os.FileInfo // nil if there is no such file
}

// namedFile is the file with a name; names of streams lead to what they are.
func namedFile(label, name string) file {
	info, _ := os.Stat(name)
	return file{label + " " + name, info}
}

// streamFile is the file behind a stream.
func streamFile(name string, stream any) file {
	info, _ := statOf(stream)
	return file{name, info}
}

// isFed reports whether writing to f feeds those who read it. A terminal and a
// socket are different things to either side.
func (f file) isFed() bool {
	return f.info != nil && (f.info.Mode().IsRegular() || f.info.Mode()&os.ModeType == os.ModeNamedPipe || isBlockDevice(f.info))
}

func isBlockDevice(info os.FileInfo) bool {
	return info.Mode()&os.ModeType == os.ModeDevice
}

// outputs lists what the run writes to.
func (c *config) outputs(s streams) []file {
	records := namedFile("--output-document", c.output)
	switch {
	case c.keep.dir != "":
		records = namedFile("--out", parts{c.keep.dir, c.shard}.unfinished())
	case isStdout(c.output):
		records = streamFile("stdout", s.out)
	}
	list := []file{records, streamFile("stderr", s.err)}
	if c.page != "" {
		list = append(list, namedFile("--report", c.page))
	}
	return list
}

// inputs lists what the run reads.
func (c *config) inputs(s streams) (list []file) {
	add := func(flag string, names []string) {
		for _, name := range names {
			if isStdin(name) {
				list = append(list, streamFile("stdin", s.in))
			} else {
				list = append(list, namedFile(flag, name))
			}
		}
	}
	add("--input-file", c.files)
	add("--from", c.from)
	if c.baseline != "" {
		list = append(list, namedFile("--baseline", c.baseline))
	}
	return append(list, c.tlsFiles...)
}

// checkOutputs refuses an output that is also an input, by whatever name: it would
// be emptied before it is read, or be read without end.
func checkOutputs(outputs, inputs []file) error {
	for _, out := range outputs {
		for _, in := range inputs {
			if out.isFed() && in.info != nil && os.SameFile(out.info, in.info) {
				return usage("%s is also an input: %s", out.name, in.name)
			}
		}
	}
	return nil
}
