package wget

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wget/internal/report"
)

// Sentences that the help text and the manual page share.
const (
	targetsFrom = "Targets come from the arguments, from -i, or else from stdin."
	lowestWins  = "The lowest of 2 to 9 wins."
)

// example is a command line and what it is good for.
type example struct{ command, purpose string }

func examples(name string) []example {
	return []example{
		{name + " sina.com.cn sohu.com 163.com", "ask three hosts"},
		{name + " --demo sina.com.cn", "the same without a network"},
		{name + " https://example.com/a?b=c [::1]:80", "URLs, ports, IPv6"},
		{"cat hosts.txt | " + name + " --json | jq .", "a record per host, for scripts"},
		{name + " -T 2 -f -q -i hosts.txt && echo ok", "a check that all is well"},
	}
}

// The help text is at most so many columns wide, and at least: narrower lines
// would be hard to read where they are wrapped twice.
const (
	widestHelp    = 100
	narrowestHelp = 40
)

// writeHelp writes the help text for a terminal of some columns.
func writeHelp(w io.Writer, columns int, c *cobra.Command, groups []group) {
	width := min(max(columns, narrowestHelp), widestHelp)
	fmt.Fprintf(w, "%s\n\nUsage:\n", wrapped(c.Short, 0, width))
	fmt.Fprintf(w, "  %s\n\n%s\n\nExamples:\n", wrapped(c.Use, 4, width-2),
		wrapped(targetsFrom, 0, width))
	for _, e := range examples(c.Name()) {
		writeRow(w, width, 40, e.command, e.purpose)
	}
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s:\n%s", g.title, usages(g.flags, width))
	}
	fmt.Fprint(w, "\nFormats:\n")
	for _, f := range report.Formats() {
		writeRow(w, width, 6, f.Name, f.About)
	}
	fmt.Fprint(w, "\nExit codes:\n")
	for _, e := range exitCodes() {
		writeRow(w, width, 8, e.list(), e.meaning)
	}
	fmt.Fprintln(w, lowestWins)
}

// usages is what pflag writes of flags, but an optional argument as --flag[=HOW],
// where pflag has --flag HOW[="default"], which reads as if HOW could stand by itself.
func usages(flags *pflag.FlagSet, width int) string {
	text := flags.FlagUsagesWrapped(width)
	flags.VisitAll(func(f *pflag.Flag) {
		if !argumentIsOptional(f) {
			return
		}
		argument, _ := pflag.UnquoteUsage(f)
		was := fmt.Sprintf("--%s %s[=%q]", f.Name, argument, f.NoOptDefVal)
		is := fmt.Sprintf("--%s[=%s]", f.Name, argument)
		text = strings.Replace(text, was, fmt.Sprintf("%-*s", len(was), is), 1)
	})
	return text
}

// argumentIsOptional reports whether a flag that wants an argument may stand without one.
func argumentIsOptional(f *pflag.Flag) bool {
	return f.NoOptDefVal != "" && f.Value.Type() != "bool"
}

// writeRow writes a word and what it means beside it, or below it where there is
// too little room.
func writeRow(w io.Writer, width, column int, word, meaning string) {
	if column+4+len(meaning) <= width {
		fmt.Fprintf(w, "  %-*s  %s\n", column, word, meaning)
		return
	}
	if column > width/3 {
		fmt.Fprintf(w, "  %s\n      %s\n", wrapped(word, 4, width-2), wrapped(meaning, 6, width-6))
		return
	}
	fmt.Fprintf(w, "  %-*s  %s\n", column, word, wrapped(meaning, column+4, width-column-4))
}

// wrapped breaks a text at spaces into lines of at most width columns, all but the
// first indented.
func wrapped(text string, indent, width int) string {
	var b strings.Builder
	used := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case used == 0:
		case used+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String()
}
