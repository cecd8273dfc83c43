package wget

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"
)

// gnuFlag is a flag of GNU wget that this command does not have.
type gnuFlag struct{ name, shorthand string }

// flagError words an error in the flags. A flag of GNU wget gets an answer of its
// own.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usage("%w", err)
	}
	name, dashes := unknown.GetSpecifiedName(), "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	isGiven := func(f gnuFlag) bool { return dashes == "--" && f.name == name || dashes == "-" && f.shorthand == name }
	switch {
	case slices.ContainsFunc(pauseFlags(), isGiven):
		return usage("--wait is a flag of GNU wget; here --rate 30/m starts a host every two seconds, and --per-ip 1 spares an address")
	case slices.ContainsFunc(downloadFlags(), isGiven):
		return usage("%s%s is a download flag of GNU wget; this wget only shows response headers", dashes, name)
	}
	return usage("%w", err)
}

// pauseFlags lists the flags of GNU wget that pause between requests.
func pauseFlags() []gnuFlag { return []gnuFlag{{"wait", "w"}, {"random-wait", ""}} }

// downloadFlags lists the flags of GNU wget that are about downloads. A flag that
// this command gets leaves the list: a test says so.
func downloadFlags() []gnuFlag {
	return []gnuFlag{
		// What to download.
		{"recursive", "r"},
		{"level", "l"},
		{"mirror", ""},
		{"page-requisites", "p"},
		{"no-parent", "n"},
		{"accept", "A"},
		{"reject", "R"},
		{"accept-regex", ""},
		{"reject-regex", ""},
		{"domains", "D"},
		{"exclude-domains", ""},
		{"span-hosts", ""},
		{"relative", ""},
		{"include-directories", ""},
		{"exclude-directories", ""},
		{"follow-ftp", ""},
		{"follow-tags", ""},
		{"ignore-tags", ""},
		{"base", "B"},
		{"force-html", ""},
		{"strict-comments", ""},
		{"post-data", ""},
		{"post-file", ""},
		{"body-data", ""},
		{"body-file", ""},
		// Where to put it.
		{"directory-prefix", "P"},
		{"no-directories", "n"},
		{"no-host-directories", "n"},
		{"force-directories", ""},
		{"protocol-directories", ""},
		{"cut-dirs", ""},
		{"adjust-extension", "E"},
		{"html-extension", ""},
		{"content-disposition", ""},
		{"trust-server-names", ""},
		{"backups", ""},
		{"save-headers", ""},
		{"unlink", ""},
		{"convert-links", ""},
		{"convert-file-only", ""},
		{"backup-converted", "K"},
		{"delete-after", ""},
		{"warc-file", ""},
		// How to go about it.
		{"continue", "c"},
		{"start-pos", ""},
		{"no-clobber", "n"},
		{"timestamping", "N"},
		{"limit-rate", ""},
		{"quota", ""},
		{"background", "b"},
		{"output-file", "o"},
		{"append-output", "a"},
	}
}
