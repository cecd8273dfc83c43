package wget

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"wget/internal/report"
)

// reportOptions says how to show results.
func (f *flags) reportOptions(set func(string) bool, s streams, env func(string) string) (o report.Options, err error) {
	o = report.Options{
		Program: f.program, IncludeRaw: f.includeRaw, Verbose: f.verbose > 0, Detailed: f.verbose > 1,
		Color:    useColor(f.color, s.out, env) && (isStdout(f.output) || f.color == "always"),
		ColorErr: useColor(f.color, s.err, env), FewColors: hasFewColors(env("TERM")),
		Progress: f.progressOptions(s, env),
		Pairs:    f.pairs,

		CountInterrupted: isTerminal(s.err),
	}
	if set("fields") {
		if o.Columns, err = report.ParseColumns(f.fields); err != nil {
			return o, usage("--fields: %w", err)
		}
		if hasColumn(o.Columns, "headers") && (o.Pairs || hasColumn(o.Columns, "fields")) {
			return o, usage("--fields: a record has headers or, with --json-pairs, fields: choose one of them")
		}
	}
	if set("group") {
		by, err := report.ParseGroupBy(strings.TrimPrefix(f.group, groupByRule))
		if err != nil {
			return o, usage("--group: %w", err)
		}
		o.Group, o.Wide = &by, f.wide
	}
	if f.baseline != "" {
		if o.Baseline, err = readBaseline(f.baseline, len(f.from) == 0); err != nil {
			return o, err
		}
		o.Wide = f.wide
	}
	if o.Match, err = parseEach(f.match, report.ParseCondition, wrongCondition("--match")); err != nil {
		return o, err
	}
	for _, checks := range []struct {
		flag  string
		texts []string
		want  bool
	}{{"--expect", f.expect, true}, {"--fail-if", f.failIf, false}} {
		conditions, err := parseEach(checks.texts, report.ParseCondition, wrongCondition(checks.flag))
		if err != nil {
			return o, err
		}
		for _, c := range conditions {
			o.Checks = append(o.Checks, report.Check{Condition: c, Want: checks.want})
		}
	}
	if isStdout(f.output) && isTerminal(s.out) && !f.wide {
		o.Width = terminalWidth(s.out)
	}
	return o, nil
}

// wrongCondition words the error of an expression. One with a word that could hold
// credentials is not shown: it is probably a target that was taken for the value.
func wrongCondition(flag string) func(text string, err error) error {
	return func(text string, err error) error {
		if slices.ContainsFunc(strings.Fields(text), mayHoldCredentials) {
			return usage("%s: the expression is wrong; it has an @ behind a colon, and is not shown", flag)
		}
		return usage("%s %q: %w", flag, text, err)
	}
}

// mayHoldCredentials reports whether a word has a colon, and an @ behind it.
func mayHoldCredentials(word string) bool {
	_, behind, _ := strings.Cut(word, ":")
	return strings.Contains(behind, "@")
}

// progressOptions decides how to show progress: as a bar where stderr is a
// terminal, as lines where stderr is none and --verbose is given, or as
// --progress says. There is no bar if stdout is a pipe: the program that reads
// the pipe may write to the same terminal, which would tear its lines and the bar.
// Nor is there one if targets are typed, which a bar would be drawn over.
func (f *flags) progressOptions(s streams, env func(string) string) report.Progress {
	p := report.Progress{Width: func() int { return terminalWidth(s.err) }}
	switch {
	case f.progress == "bar":
		p.Style = report.ProgressBar
	case f.progress == "none", f.quiet:
	case isTerminal(s.err):
		if env("TERM") != "dumb" && !(isStdout(f.output) && isPipe(s.out)) && !f.isTyped(s.in) {
			p.Style, p.Delay = report.ProgressBar, time.Second
		}
	case f.verbose > 0:
		p.Style = report.ProgressLines
	}
	return p
}

// isTyped reports whether an input is a terminal, or could be one.
func (f *flags) isTyped(stdin io.Reader) bool {
	return slices.ContainsFunc(f.inputs, func(name string) bool {
		if isStdin(name) {
			return isTerminal(stdin)
		}
		info, err := os.Stat(name)
		return err == nil && info.Mode()&os.ModeCharDevice != 0
	})
}
