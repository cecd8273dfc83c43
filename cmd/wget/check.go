package wget

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"wget/internal/fetch"
	"wget/internal/report"
)

// config is a command line that has been checked: the targets, how to ask them,
// and how to show what came.
type config struct {
	specs    []fetch.Spec   // targets among the arguments
	files    []string       // input files; "-" is stdin
	from     []string       // records of earlier runs, in place of asking; "-" is stdin
	tlsFiles []file         // files that have been read
	defaults fetch.Defaults // for targets that do not say otherwise
	demo     bool           // the sample servers answer
	fetch    fetch.Options
	report   report.Options
	format   report.Format
	keep     keep
	shard    shard
	args     []string // as they were given
	output   string   // file for the records; "" and "-" are stdout
	baseline string   // file of records to compare with; "" for none
	page     string   // file for the report page; "" for none
	quiet    bool     // no closing lines
	fail     bool     // a status of 400 or more is a failure
	exitZero bool     // records call for no exit code
}

// config checks the flags and the arguments. set reports whether a flag is on the
// command line.
func (f *flags) config(set func(string) bool, args []string, s streams) (*config, error) {
	if err := f.checkPairs(set); err != nil {
		return nil, err
	}
	f.expand(set)
	if err := f.checkValues(); err != nil {
		return nil, err
	}
	format, err := f.checkedFormat(s)
	if err != nil {
		return nil, err
	}
	ports, err := parseEach(f.ports, parsePort, showing("--port %s: %w"))
	if err != nil {
		return nil, err
	}
	c := &config{
		files: f.inputs, from: f.from, demo: f.demo, output: f.output, page: f.page, baseline: f.baseline, quiet: f.quiet, fail: f.fail, exitZero: f.exitZero || f.dir != "",
		defaults: fetch.Defaults{TLS: f.https, Ports: ports, Path: fetch.RequestTarget(f.path)},
		format:   format,
		keep:     keep{resume: f.resume, again: f.again, dir: f.dir},
		tlsFiles: f.tlsFiles(),
	}
	if c.report, err = f.reportOptions(set, s, os.Getenv); err != nil {
		return nil, err
	}
	if c.fetch, err = f.fetchOptions(set, s.err); err != nil {
		return nil, err
	}
	if err := c.checkKept(); err != nil {
		return nil, err
	}
	if c.shard, err = f.shard.shard(os.Getenv); err != nil {
		return nil, err
	}
	c.fetch.Rate /= float64(c.shard.step())
	return c, c.addTargets(args, s)
}

// checkPairs refuses flags that contradict each other.
func (f *flags) checkPairs(set func(string) bool) error {
	for _, pair := range [][2]string{
		{"inet4-only", "inet6-only"},
		{"quiet", "verbose"},
		{"head", "method"},
		{"http1.0", "http1.1"},
		{"http1.0", "http2"},
		{"http1.1", "http2"},
		{"http1.0", "http2-prior-knowledge"},
		{"http1.1", "http2-prior-knowledge"},
		{"from", "demo"},
		{"baseline", "group"},
		{"baseline", "fields"},
		{"proxy", "no-proxy"},
		{"noproxy", "no-proxy"},
		{"proxy", "unix-socket"},
		{"all-ips", "unix-socket"},
		{"demo", "unix-socket"},
		{"from", "continue"},
		{"from", "out"},
		{"from", "shard"},
		{"baseline", "continue"},
		{"baseline", "out"},
		{"baseline", "shard"}, // the hosts of the other shards would be gone
		{"out", "output-document"},
		{"out", "retry-failed"},
	} {
		if set(pair[0]) && set(pair[1]) {
			return usage("--%s and --%s contradict each other", pair[0], pair[1])
		}
	}
	var chosen formatFlag
	for _, short := range f.formatFlags() {
		switch {
		case !short.given:
		case chosen.given && chosen.format != short.format:
			return usage("--%s and --%s contradict each other", chosen.flag, short.flag)
		case set("format") && f.format != short.format:
			return usage("--%s and --format %s contradict each other", short.flag, f.format)
		default:
			chosen = short
		}
	}
	switch {
	case f.output == "" && set("output-document"):
		return usage("--output-document: an empty name; - is stdout")
	case set("report") && isStdout(f.page):
		return usage("--report: the page goes to a file of its own")
	case set("report") && (f.resume || set("out")):
		return usage("--report does not go with -c and --out: when all is recorded, --from makes the page")
	case f.resume && f.dir == "" && isStdout(f.output):
		return usage("-c needs -O FILE: the file is what says how far the run has come")
	case f.again && !f.resume:
		return usage("--retry-failed needs -c")
	case f.quiet && f.progress == "bar":
		return usage("--quiet and --progress bar contradict each other")
	case f.keyFile != "" && f.certFile == "":
		return usage("--private-key needs --certificate")
	}
	return f.checkEmpty(set)
}

// checkEmpty refuses an empty value, as of a variable that is not set, where it
// would do as if the flag were not there. It means something in --path, --user-agent,
// --proxy, --noproxy and --sni; the other flags refuse it by themselves.
func (f *flags) checkEmpty(set func(string) bool) error {
	for _, v := range []struct{ flag, what, value string }{
		{"port", "list", strings.Join(f.ports, ",")},
		{"bind-address", "address", f.bindAddress},
		{"dns-servers", "list", strings.Join(f.dnsServers, ",")},
		{"unix-socket", "path", f.unixSocket},
		{"ca-certificate", "name", f.caFile},
		{"certificate", "name", f.certFile},
		{"private-key", "name", f.keyFile},
		{"tls-min", "version", f.tlsMin},
		{"tls-max", "version", f.tlsMax},
		{"curves", "list", strings.Join(f.curves, ",")},
		{"group", "list", f.group},
		{"baseline", "name", f.baseline},
		{"out", "name", f.dir},
		{"completion", "name", f.completion},
	} {
		if v.value == "" && set(v.flag) {
			return usage("--%s: an empty %s", v.flag, v.what)
		}
	}
	return nil
}

// expand sets the flags that --json, --head and --timeout are short for, and the
// format of records that are kept.
func (f *flags) expand(set func(string) bool) {
	if (f.resume || f.dir != "") && !set("format") {
		f.format = "json"
	}
	for _, short := range f.formatFlags() {
		if short.given {
			f.format = short.format
		}
	}
	if f.head {
		f.method = "HEAD"
	}
	for name, own := range map[string]*seconds{
		"dns-timeout": &f.dnsTimeout, "connect-timeout": &f.connectTimeout, "read-timeout": &f.readTimeout,
	} {
		if set("timeout") && !set(name) {
			*own = f.timeout
		}
	}
}

// formatFlag is a flag that is short for a format.
type formatFlag struct {
	flag, format string
	given        bool
}

func (f *flags) formatFlags() []formatFlag {
	return []formatFlag{
		{"json", "json", f.json}, {"json-pairs", "json", f.pairs}, {"csv", "csv", f.csv}, {"table", "table", f.table},
	}
}

// checkValues refuses values that cannot be.
func (f *flags) checkValues() error {
	for _, c := range f.choices() {
		if !slices.Contains(c.words, c.value) {
			return usage("--%s %q: %s or %s", c.flag, c.value, strings.Join(c.words[:len(c.words)-1], ", "), c.words[len(c.words)-1])
		}
	}
	switch {
	case !fetch.IsToken(f.method):
		return usage("--method %q: not a method name", f.method)
	case strings.ContainsAny(f.userAgent, "\r\n\x00"):
		return usage("--user-agent: a value cannot hold CR, LF or NUL")
	case strings.ContainsAny(f.path, "\r\n\x00"):
		return usage("--path: a path cannot hold CR, LF or NUL")
	case f.tries < 1:
		return usage("--tries %d: at least 1", f.tries)
	case f.maxHeader < 1:
		return usage("--max-header %d: at least 1 byte", f.maxHeader)
	case f.parallel < 1:
		return usage("--parallel-max %d: at least 1", f.parallel)
	case f.maxRedirect < 0:
		return usage("--max-redirect %d: at least 0", f.maxRedirect)
	case f.perIP < 0:
		return usage("--per-ip %d: at least 1, or 0 for no bound", f.perIP)
	}
	return nil
}

// checkedFormat is the format that the flags name. It refuses what the format
// cannot do.
func (f *flags) checkedFormat(s streams) (report.Format, error) {
	format, _ := report.LookupFormat(f.format)
	switch {
	case f.includeRaw && !format.HasRaw:
		return format, usage("--include-raw needs --json")
	case f.group != "" && !format.HasGroups:
		return format, usage("--group does not go with --format %s", f.format)
	case f.baseline != "" && !format.HasGroups:
		return format, usage("--baseline does not go with --format %s", f.format)
	case f.fields != "" && !format.HasColumns:
		return format, usage("--fields does not go with --format %s", f.format)
	case format.Binary && f.output == "" && isTerminal(s.out):
		return format, usage("raw bytes from servers can take over a terminal: send them to a pipe or a file, or insist with -O -")
	}
	return format, nil
}

// addTargets reads the arguments. Without any target it turns to the samples or
// to stdin.
func (c *config) addTargets(args []string, s streams) error {
	switch {
	case len(c.from) > 0 && len(args)+len(c.files) > 0:
		return usage("--from shows recorded hosts, and no others: name no target beside it")
	case len(c.from) > 0:
		return nil
	}
	if len(args)+len(c.files) == 0 {
		switch {
		case c.demo:
			args = demoHosts()
		case isTerminal(s.in):
			return usage("no target: name a host, or send a list to stdin")
		default:
			c.files = []string{"-"}
		}
	}
	c.args = args
	for _, text := range args {
		spec, err := fetch.Parse(text, c.defaults)
		switch shown := fetch.WithoutUser(text); {
		case isStdin(text):
			return usage("%s is no host: -i - reads targets from stdin", text)
		case err != nil && isFile(text):
			return usage("%s: %w; -i reads targets from a file", shown, errors.Unwrap(err))
		case err != nil:
			return usage("%s: %w", shown, errors.Unwrap(err))
		case isFile(text) && !c.quiet:
			fmt.Fprintf(s.err, "%s: %s is asked as a host, and there is a file of that name: -i reads targets from a file\n", c.report.Program, report.Escape(shown))
		}
		c.specs = append(c.specs, spec)
	}
	return nil
}

// isFile reports whether the text names a regular file.
func isFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}
