package wget

import (
	"fmt"
	"io"

	"wget/internal/report"
)

const examples = `  wget sina.com.cn sohu.com 163.com        ask three hosts
  wget --demo sina.com.cn                  the same without a network
  wget https://example.com/a?b=c [::1]:80  URLs, ports, IPv6
  cat hosts.txt | wget --json | jq .       a record per host, for scripts
  wget -T 2 -f -q -i hosts.txt && echo ok  a check that all is well`

// helpWidth is the width of the help text, in columns.
const helpWidth = 80

// writeHelp writes the help text.
func writeHelp(w io.Writer, purpose, synopsis string, groups []group) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n\nTargets come from the arguments, from -i, or else from stdin.\n\nExamples:\n%s\n", purpose, synopsis, examples)
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(helpWidth))
	}
	fmt.Fprint(w, "\nFormats:\n")
	for _, f := range report.Formats() {
		fmt.Fprintf(w, "  %-6s %s\n", f.Name, f.About)
	}
	fmt.Fprint(w, "\nExit codes:\n")
	for _, e := range exitCodes() {
		fmt.Fprintf(w, "  %-8s  %s\n", e.list(), e.meaning)
	}
	fmt.Fprint(w, "The lowest of 2 to 8 wins.\n")
}
