// Package wget is the command: it reads flags and targets, wires fetch to
// report, and turns what came of it into an exit code.
//
//	command.go ──▶ config.go ──▶ run.go ──▶ exit.go
//	flags          Config        hosts.go ▶ fetch.All ▶ report.Drain
//
// command.go is the only file that knows cobra.
package wget

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"strings"
)

// Main runs the command line and returns its exit code. samples holds the
// replies of --demo under testdata/demo.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, samples fs.FS) int {
	s := streams{stdin, stdout, stderr}
	talk := &checkedWriter{w: stdout}
	command := newCommand(s, talk, func(c *Config) error { return run(ctx, c, s, samples) })
	command.SetArgs(args)
	err := command.ExecuteContext(ctx)
	if talk.err != nil {
		err = fileError{err: fmt.Errorf("writing: %w", talk.err)}
	}
	return exitCode(err, stderr)
}

// checkedWriter remembers the error that cobra drops.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// streams are the three files of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// version is that of the build: a tag, a pseudo-version, or "devel".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
