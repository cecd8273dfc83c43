package wget

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"wget/internal/fetch"
)

// foreignFlags are flags that hands bring from another program, and what is told
// about them.
type foreignFlags struct {
	names []string // with their dashes
	told  string
}

// foreign lists the flags of GNU wget and curl that this command does not have. A
// flag that this command gets leaves the list: a test says so.
func foreign() []foreignFlags {
	return []foreignFlags{
		{
			[]string{"--wait", "--random-wait", "--waitretry"},
			"--wait is a flag of GNU wget; here --rate 30/m starts a host every two seconds, and --per-ip 1 spares an address",
		},
		{[]string{"-w"}, "curl's --write-out is --fields LIST here; GNU wget's --wait is --rate 30/m, which starts a host every two seconds"},
		{[]string{"-o", "--output-file", "--output", "-a", "--append-output", "--dump-header"}, "records go to a file with -O FILE, and messages with 2> FILE"},
		{[]string{"-s", "--silent", "--no-progress-meter"}, "-q drops the closing lines and the progress, and 2> /dev/null all messages"},
		{[]string{"--show-error", "--include"}, "headers and errors are shown as it is"},
		{[]string{"-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json-data", "-F", "--form", "--post-data", "--post-file", "--body-data", "--body-file", "--upload-file", "-G", "--get"}, "no request has a body here; -X METHOD changes the method"},
		{[]string{"--debug", "--trace", "--trace-ascii"}, "-v tells more"},
		{[]string{"-u", "--user", "--password", "--http-user", "--http-password", "--basic"}, "credentials stand in the target, as in http://USER:PASSWORD@HOST/"},
		{[]string{"--proxy-user", "--proxy-password"}, "credentials of a proxy stand in its URL, as in -x http://USER:PASSWORD@HOST:PORT"},
		{[]string{"-A", "--accept"}, "the user agent is -U AGENT; as a filter of GNU wget's it is a download flag"},
		{[]string{"-e", "--execute", "--referer"}, "a referer is -H 'Referer: URL'; there is no .wgetrc whose commands could be run"},
		{[]string{"--cookie", "--cookie-jar", "--load-cookies", "--save-cookies"}, "cookies are neither kept nor read; send one with -H 'Cookie: NAME=VALUE'"},
		{[]string{"--cacert", "--ca-directory", "--capath"}, "the certificates to trust are --ca-certificate FILE"},
		{[]string{"--cert"}, "the client certificate is --certificate FILE"},
		{[]string{"-E"}, "the client certificate is --certificate FILE; as --adjust-extension of GNU wget's it is a download flag"},
		{[]string{"--key"}, "the key of the client certificate is --private-key FILE"},
		{[]string{"--tlsv1.2", "--tlsv1.3", "--tls-max-version", "--secure-protocol"}, "the versions of TLS are --tls-min and --tls-max"},
		{[]string{"--interface"}, "the local address is --bind-address ADDRESS"},
		{[]string{"--retry"}, "further tries are -t N"},
		{[]string{"--max-redirs"}, "the bound on redirects is --max-redirect N"},
		{[]string{"--location-trusted"}, "with -L, credentials go to the origin that they are meant for, and to no other"},
		{[]string{"--ipv4", "--ipv6"}, "the family is -4 or -6"},
		{[]string{"--url"}, "a target is an argument of its own"},
		{[]string{"--parallel"}, "hosts are asked at the same time as it is; --parallel-max bounds how many"},
		{[]string{"--raw", "--lines"}, "a format is --format raw or --format lines"},
		{[]string{"--write-out"}, "chosen fields are shown by --fields LIST"},
		{[]string{"--compressed"}, "no body is read; ask for a coding with -H 'Accept-Encoding: gzip'"},
		{[]string{"--background"}, "run it in the background with & at the end"},
		{[]string{"-b"}, "a cookie, as with curl, is -H 'Cookie: NAME=VALUE'; GNU wget's --background is & at the end"},
		{[]string{"-D"}, "headers are what goes to -O FILE; as --domains of GNU wget's it is a download flag"},
		{downloadFlags(), "it is a download flag of GNU wget; this one only shows response headers"},
	}
}

// downloadFlags lists the flags of GNU wget that are about downloads.
func downloadFlags() []string {
	return []string{
		// What to download.
		"-r", "--recursive", "-l", "--level", "--mirror", "-p", "--page-requisites", "-np", "--no-parent", "-R", "--reject",
		"--accept-regex", "--reject-regex", "--domains", "--exclude-domains", "--span-hosts", "--relative",
		"--include-directories", "--exclude-directories", "--follow-ftp", "--follow-tags", "--ignore-tags",
		"-B", "--base", "--force-html", "--strict-comments", "--regex-type", "--ignore-case", "--rejected-log", "--no-glob",
		"--retr-symlinks", "--default-page",
		// Where to put it.
		"-P", "--directory-prefix", "-nd", "--no-directories", "-nH", "--no-host-directories", "--force-directories",
		"--protocol-directories", "--cut-dirs", "--adjust-extension", "--html-extension", "--content-disposition",
		"--trust-server-names", "--backups", "--save-headers", "--unlink", "--convert-links", "--convert-file-only",
		"-K", "--backup-converted", "--delete-after", "--remote-name", "--remote-header-name",
		"--restrict-file-names", "--no-remove-listing", "--preserve-permissions", "--xattr", "--content-on-error",
		"--warc-file", "--warc-header", "--warc-max-size", "--warc-cdx", "--warc-dedup", "--warc-tempdir", "--no-warc-compression",
		"--no-warc-digests", "--no-warc-keep-log",
		// How to go about it.
		"--start-pos", "-nc", "--no-clobber", "-N", "--timestamping", "--limit-rate", "-Q", "--quota",
		"--no-if-modified-since", "--no-use-server-timestamps", "--ignore-length", "--report-speed",
	}
}

// expandGNU puts long names in place of the flags of two letters that GNU wget
// has after one dash.
func expandGNU(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch arg {
		case "--":
			return args
		case "-nv":
			args[i] = "--no-verbose"
		}
	}
	return args
}

// flagError words an error in the flags. known are those that there are.
func flagError(err error, known *pflag.FlagSet) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
		number  *strconv.NumError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(unknown, known)
	case errors.As(err, &invalid) && errors.As(err, &number) && number.Func == "ParseBool":
		return invalidValue(invalid, errors.New("true or false is wanted"))
	case errors.As(err, &invalid) && errors.As(err, &number):
		return invalidValue(invalid, errors.New("a whole number is wanted"))
	case errors.As(err, &invalid):
		return invalidValue(invalid, invalid.Unwrap())
	case errors.As(err, &syntax):
		return usage("bad flag syntax: %s", fetch.WithoutUser(syntax.GetSpecifiedFlag()))
	}
	return usage("%w", err)
}

// invalidValue words a value that a flag's own parser refused. GNU wget's -m has
// no value.
func invalidValue(e *pflag.InvalidValueError, reason error) error {
	name, more := e.GetFlag().Name, ""
	if name == "max-time" {
		more = " (GNU wget's -m, for mirror, is a download flag)"
	}
	if strings.Contains(e.GetValue(), "@") {
		return usage("%w%s", swallowed(name), more)
	}
	return usage("invalid argument %q for --%s: %w%s", e.GetValue(), name, reason, more)
}

// checkSwallowed refuses an @ in the value of a flag whose values have none. Where the value
// of a flag is left out, the flag takes the target behind it, perhaps with credentials, and no
// error is to show them.
func checkSwallowed(known *pflag.FlagSet) (err error) {
	free := []string{
		"header", "user-agent", "path", "proxy", "match", "expect", "fail-if", "unix-socket",
		"input-file", "from", "baseline", "output-document", "report", "out", "ca-certificate", "certificate", "private-key",
	}
	known.Visit(func(f *pflag.Flag) {
		if strings.Contains(f.Value.String(), "@") && !slices.Contains(free, f.Name) {
			err = swallowed(f.Name)
		}
	})
	return err
}

func swallowed(flag string) error {
	return usage("--%s: no value of it has an @, so it is not shown (a target may stand in its place)", flag)
}

// unknownFlag tells what a flag of another program is here, or else names the
// nearest flag.
func unknownFlag(e *pflag.NotExistError, known *pflag.FlagSet) error {
	kind, flag := "flag", "--"+fetch.WithoutUser(e.GetSpecifiedName())
	if shorthands := e.GetSpecifiedShortnames(); shorthands != "" {
		kind, flag = "shorthand flag", "-"+e.GetSpecifiedName()
		if two := "-" + shorthands; slices.Contains(downloadFlags(), two) {
			flag = two
		}
	}
	for _, f := range foreign() {
		if slices.Contains(f.names, flag) {
			return usage("%s: %s", flag, f.told)
		}
	}
	if near := nearest(e.GetSpecifiedName(), known); near != "" && kind == "flag" {
		return usage("unknown flag: %s (did you mean --%s? --help lists all)", flag, near)
	}
	return usage("unknown %s: %s (--help lists all)", kind, flag)
}

// nearest is the flag whose name differs least, or "" if none is similar.
func nearest(name string, known *pflag.FlagSet) (near string) {
	least := len(name)/3 + 2
	known.VisitAll(func(f *pflag.Flag) {
		d := distance(name, f.Name)
		if strings.HasPrefix(f.Name, name) {
			d = 1
		}
		if !f.Hidden && d < least {
			near, least = f.Name, d
		}
	})
	return near
}

// distance is the number of characters to insert, delete or replace to make b of
// a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			replaced := diagonal
			if a[i] != b[k] {
				replaced++
			}
			diagonal = row[k+1]
			row[k+1] = min(replaced, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}
