package wget

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wget/internal/fetch"
	"wget/internal/report"
)

// writeManual writes the manual page, in the macros of man(7). The page has no
// date, so that the same build always writes the same page.
func writeManual(w io.Writer, c *cobra.Command, groups []group) {
	name := c.Name()
	fmt.Fprintf(w, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n", strings.ToUpper(name), name, version())
	fmt.Fprint(w, ".ad l\n.nh\n") // ragged, and no hyphen that could be taken for part of a word
	fmt.Fprintf(w, ".SH NAME\n%s \\- %s\n", name, strings.TrimSuffix(strings.ToLower(c.Short[:1])+c.Short[1:], "."))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B %s\n%s\n", name, roff(strings.TrimPrefix(c.Use, name+" ")))
	fmt.Fprint(w, ".SH DESCRIPTION\n")
	for i, text := range description() {
		if i > 0 {
			fmt.Fprint(w, ".PP\n")
		}
		fmt.Fprintln(w, roffText(text))
	}
	fmt.Fprint(w, ".SH OPTIONS\n")
	for _, g := range groups {
		fmt.Fprintf(w, ".SS %s\n", g.title)
		g.flags.VisitAll(func(f *pflag.Flag) { writeFlag(w, f) })
	}
	fmt.Fprint(w, ".SH FORMATS\n")
	for _, f := range report.Formats() {
		writeItem(w, bold(f.Name), f.About)
	}
	fmt.Fprint(w, ".SH EXIT STATUS\n")
	for _, e := range exitCodes() {
		writeItem(w, bold(e.list()), e.meaning)
	}
	fmt.Fprintf(w, ".PP\n%s\n", lowestWins)
	fmt.Fprint(w, ".SH ENVIRONMENT\n")
	for _, v := range variables() {
		writeItem(w, bold(strings.Join(v.names, ", ")), v.meaning)
	}
	fmt.Fprint(w, ".SH EXAMPLES\n")
	for _, e := range examples(name) {
		writeItem(w, bold(e.command), e.purpose)
	}
	fmt.Fprint(w, ".SH SEE ALSO\n.BR curl (1),\n.BR jq (1)\n")
}

// description tells what the flags and formats are about. A word in backquotes
// stands for another, as in the usage of a flag.
func description() []string {
	return []string{
		"All targets are asked at once, each with a GET over a connection of its own. Reading stops at the empty line that ends the " +
			"header section, and the connection is closed: the body is not read.",
		"A target is a host, `HOST:PORT`, an http:// or https:// `URL`, an IPv4 or IPv6 address, or a `CIDR` block. " + targetsFrom +
			" A file has one target per line; # begins a comment.",
		"A header line is shown on stdout as `TARGET` header > `LINE`, in the order in which targets answer, and a failure on stderr as " +
			"`TARGET` error > `STAGE`: `CAUSE`. Bytes that would not be safe to look at are escaped as \\xNN. In the formats json, csv and " +
			"table each target has one record, reached or not.",
	}
}

// variable is what some variables of the environment mean.
type variable struct {
	names   []string
	meaning string
}

// variables lists the variables of the environment that change what the command
// does, those that only the packages below read included.
func variables() []variable {
	list := []variable{
		{[]string{"NO_COLOR"}, "with --color auto: no colour"},
		{[]string{"CLICOLOR_FORCE", "FORCE_COLOR"}, "with --color auto: colour also where the output is no terminal"},
		{[]string{"TERM"}, "dumb: a terminal without colour and progress"},
		{[]string{"http_proxy"}, "the proxy for http, as for --proxy"},
		{[]string{"https_proxy", "HTTPS_PROXY"}, "the proxy for https"},
		{[]string{"all_proxy", "ALL_PROXY"}, "the proxy where these are not set"},
		{[]string{"no_proxy", "NO_PROXY"}, "hosts to ask without a proxy, as for --noproxy"},
		{[]string{"SSL_CERT_FILE", "SSL_CERT_DIR"}, "where the system's trusted certificates are; not on macOS and Windows"},
		{[]string{"GODEBUG"}, "settings of Go's packages, which win over those of --no-check-certificate"},
		{[]string{"LOCALDOMAIN", "RES_OPTIONS"}, "search domains and options of the resolver, as in resolv.conf"},
	}
	for _, e := range engines() {
		names := []string{e.number}
		if e.count != "" {
			names = append(names, e.count)
		}
		list = append(list, variable{names, "the task in an array job of " + e.name + ", for --shard auto"})
	}
	return list
}

// writeFlag writes the entry of a flag.
func writeFlag(w io.Writer, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	tag := bold("--" + f.Name)
	if f.Shorthand != "" {
		tag = bold("-"+f.Shorthand) + ", " + tag
	}
	argument, _ := pflag.UnquoteUsage(f)
	switch {
	case argumentIsOptional(f):
		tag += "[=" + italic(argument) + "]"
	case argument != "":
		tag += " " + italic(argument)
	}
	meaning := f.Usage
	if value := defaultText(f); value != "" {
		meaning += " (default " + value + ")"
	}
	writeItem(w, tag, meaning)
}

// defaultText is the default of a flag as documents have it, the same on every
// machine. It is empty where the flag does nothing unless it is given.
func defaultText(f *pflag.Flag) string {
	switch {
	case f.Name == "parallel-max":
		return fmt.Sprintf("%d, or fewer by the limit on descriptors", fetch.DefaultParallel)
	case f.DefValue == "false", f.DefValue == "0", f.DefValue == "[]":
		return ""
	}
	return f.DefValue
}

// writeItem writes a tag, which is roff already, and below it what the tag means.
func writeItem(w io.Writer, tag, meaning string) {
	fmt.Fprintf(w, ".TP\n%s\n%s\n", tag, roffText(meaning))
}

func bold(text string) string   { return `\fB` + roff(text) + `\fR` }
func italic(text string) string { return `\fI` + roff(text) + `\fR` }

// roff writes a text so that a formatter shows each of its characters as it is.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
}

// roffText is [roff] for a paragraph, which becomes one line, since formatters set
// a wider space after a sentence that ends a line. Flags are bold, and words in
// backquotes italic.
func roffText(text string) string {
	flag := regexp.MustCompile(`(^|[ (])((\\-){1,2}[[:alnum:]]((\\-|\.)?[[:alnum:]])*)`)
	quoted := regexp.MustCompile(`\\\(ga(.*?)\\\(ga`)
	line := flag.ReplaceAllString(roff(text), `$1\fB$2\fR`)
	line = quoted.ReplaceAllString(line, `\fI$1\fR`)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line // not a request
	}
	return line
}
