package wget

import "github.com/spf13/cobra"

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

// completeWords has the shell offer the words of the flags that know a few.
func completeWords(c *cobra.Command, f *flags) {
	shells := choice{flag: "completion", words: []string{"bash", "zsh", "fish"}}
	for _, choice := range append(f.choices(), shells) {
		c.RegisterFlagCompletionFunc(choice.flag, cobra.FixedCompletions(choice.words, cobra.ShellCompDirectiveNoFileComp))
	}
}
