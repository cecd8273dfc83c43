// Package wget is the command: it reads flags and targets, connects package
// fetch to package report, and turns the end of a run into an exit code. The
// way from the flags to the exit code is drawn in docs/architecture.md.
package wget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"wget/internal/report"
)

// Main runs the command line args and returns its exit code. The first of args is
// the name that the program was called by, and calls itself. The end of ctx ends
// the run early; its cause is an [Interrupted] if a signal ended it. The replies of
// --demo are the files of samples under testdata/demo.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, samples fs.FS) int {
	s := streams{stdin, untilStuck(ctx, stdout), untilStuck(ctx, stderr)}
	name := programName(args[0])
	asking, ended := make(chan struct{}), make(chan outcome, 1)
	go func() { ended <- execute(ctx, name, args[1:], s, samples, sync.OnceFunc(func() { close(asking) })) }()
	var end outcome
	select {
	case end = <-ended:
	case <-ctx.Done():
		end = interrupted(asking, ended)
	}
	end.signal = signalOf(ctx)
	if end.err != nil {
		fmt.Fprintf(s.err, "%s: %s\n", name, report.Escape(end.message()))
		var wrong *report.ConditionError
		if errors.As(end.err, &wrong) {
			fmt.Fprint(s.err, wrong.Place())
		}
	}
	return end.code()
}

// interrupted is the outcome of a command whose context has ended. Before the
// first host is asked, a command can be blocked where it knows no context, as when
// it opens a pipe: there is nothing to wait for.
func interrupted(asking <-chan struct{}, ended <-chan outcome) outcome {
	select {
	case <-asking:
		return <-ended
	default:
		return outcome{}
	}
}

// execute runs the command line, and calls asking before the first host is asked.
func execute(ctx context.Context, name string, args []string, s streams, samples fs.FS, asking func()) (end outcome) {
	printed := &checkedWriter{w: s.out}
	command := newCommand(name, s, printed, func(c *config) {
		if len(c.from) > 0 {
			end = replay(ctx, c, s, asking)
		} else {
			end = run(ctx, c, s, samples, asking)
		}
	})
	command.SetArgs(expandGNU(args))
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		completionUsage(command.Flags())
	}
	if err := command.ExecuteContext(ctx); err != nil {
		end.err = err
	}
	if printed.err != nil {
		end.err = fileError(fmt.Errorf("writing: %w", printed.err))
	}
	return end
}

// newCommand declares the command line. The command calls run with the checked
// flags, or writes help, version, the manual page or a completion script to stdout.
func newCommand(name string, s streams, stdout io.Writer, run func(*config)) *cobra.Command {
	f := &flags{program: name}
	groups := f.groups()
	c := &cobra.Command{
		Use:           name + " [flags] [HOST | HOST:PORT | URL | CIDR]...",
		Short:         "Ask hosts for their HTTP response headers and print exactly what came.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkSwallowed(c.Flags()); err != nil {
				return err
			}
			if f.completion != "" {
				return writeCompletion(c, f.completion)
			}
			if f.manual {
				writeManual(c.OutOrStdout(), c, groups)
				return nil
			}
			checked, err := f.config(given(c.Flags()), args, s)
			if err == nil {
				run(checked)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // a host may have that name
	}
	c.SetIn(s.in)
	c.SetOut(stdout)
	c.SetErr(s.err)
	c.Flags().SortFlags = false
	for _, g := range groups {
		c.Flags().AddFlagSet(g.flags)
	}
	c.Flags().SetNormalizeFunc(alias)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagError(err, c.Flags()) })
	c.SetVersionTemplate(fmt.Sprintf("%s %s (%s %s/%s)\n", name, version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { writeHelp(c.OutOrStdout(), terminalWidth(s.out), c, groups) })
	completeWords(c, f)
	return c
}

// programName is the name of the program that was called by a path.
func programName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), ".exe")
}

// checkedWriter remembers the first error of w, since cobra drops it.
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

// streams are stdin, stdout and stderr of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}
