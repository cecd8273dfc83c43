package wget

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// writeCompletion writes the completion script for a shell to the command's
// stdout.
func writeCompletion(c *cobra.Command, shell string) error {
	out := c.OutOrStdout()
	switch shell {
	case "bash":
		return c.GenBashCompletionV2(out, true)
	case "zsh":
		return c.GenZshCompletion(out)
	case "fish":
		return c.GenFishCompletion(out, true)
	}
	return usage("--completion %q: bash, zsh and fish are known", shell)
}

// completionUsage takes the marks off the values in the descriptions that a shell
// shows: only the help text reads them.
func completionUsage(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
}

// completeWords has the shell offer the words of the flags that know a few.
func completeWords(c *cobra.Command, f *flags) {
	more := []choice{
		{flag: "completion", words: []string{"bash", "zsh", "fish"}},
		{flag: "method", words: []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"}},
	}
	for _, choice := range append(f.choices(), more...) {
		c.RegisterFlagCompletionFunc(choice.flag, cobra.FixedCompletions(choice.words, cobra.ShellCompDirectiveNoFileComp))
	}
}
