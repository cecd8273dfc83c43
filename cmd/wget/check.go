package wget

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
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
	ports, err := parseEach("--port %s: %w", f.ports, parsePort)
	if err != nil {
		return nil, err
	}
	c := &config{
		files: f.inputs, from: f.from, demo: f.demo, output: f.output, quiet: f.quiet, fail: f.fail, exitZero: f.exitZero || f.dir != "",
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
		{"out", "output-document"},
		{"out", "retry-failed"},
	} {
		if set(pair[0]) && set(pair[1]) {
			return usage("--%s and --%s contradict each other", pair[0], pair[1])
		}
	}
	var chosen string
	for _, short := range f.formatFlags() {
		switch {
		case !short.given:
		case chosen != "" && chosen != short.format:
			return usage("--%s and --%s contradict each other", chosen, short.format)
		case set("format") && f.format != short.format:
			return usage("--%s and --format %s contradict each other", short.flag, f.format)
		default:
			chosen = short.format
		}
	}
	switch {
	case f.output == "" && set("output-document"):
		return usage("--output-document: an empty name; - is stdout")
	case f.unixSocket == "" && set("unix-socket"):
		return usage("--unix-socket: an empty path")
	case f.dir == "" && set("out"):
		return usage("--out: an empty name")
	case f.resume && f.dir == "" && isStdout(f.output):
		return usage("-c needs -O FILE: the file is what says how far the run has come")
	case f.again && !f.resume:
		return usage("--retry-failed needs -c")
	case f.quiet && f.progress == "bar":
		return usage("--quiet and --progress bar contradict each other")
	case f.keyFile != "" && f.certFile == "":
		return usage("--private-key needs --certificate")
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

// fetchOptions says how to ask. A bound that this process cannot keep is lowered,
// and stderr says so.
func (f *flags) fetchOptions(set func(string) bool, stderr io.Writer) (o fetch.Options, err error) {
	o = fetch.Options{
		Protocol: "HTTP/1.1", Method: f.method, UserAgent: f.userAgent, ServerName: f.sni, NoSNI: set("sni") && f.sni == "",
		DNS: dns.Config{Timeout: time.Duration(f.dnsTimeout)}, ConnectTimeout: time.Duration(f.connectTimeout),
		ReadTimeout: time.Duration(f.readTimeout), MaxTime: time.Duration(f.maxTime),
		Tries: f.tries, RetryRefused: f.retryRefused,
		Location: f.location, MaxRedirect: f.maxRedirect, AllowPrivate: f.allowPrivate,
		UnixSocket: f.unixSocket,
		MaxHeader:  int(f.maxHeader), Parallel: f.parallel, PerAddr: f.perIP, Rate: float64(f.rate), Trace: f.verbose > 1, AllAddrs: f.allIPs, Ordered: f.keepOrder,
	}
	if most := maxParallel(); f.parallel > most {
		fmt.Fprintf(stderr, "%s: --parallel-max %d: this process may open %d connections at once (ulimit -n)\n", f.program, f.parallel, most)
		o.Parallel = most
	}
	switch {
	case f.http10:
		o.Protocol = "HTTP/1.0"
	case f.http2, f.http2Known:
		o.Protocol, o.PriorKnowledge = "HTTP/2", f.http2Known
	}
	switch {
	case f.ipv4:
		o.Family = 4
	case f.ipv6:
		o.Family = 6
	}
	if f.bindAddress != "" {
		if o.LocalAddr, err = parseLocalAddr(f.bindAddress, o.Family); err != nil {
			return o, usage("--bind-address %q: %w", f.bindAddress, err)
		}
	}
	if o.DNS.Servers, err = parseEach("--dns-servers %q: %w", f.dnsServers, parseServer); err != nil {
		return o, err
	}
	if o.Header, err = parseEach("--header %q: %w", f.headers, parseHeader); err != nil {
		return o, err
	}
	if o.Routes, err = f.routes(); err != nil {
		return o, err
	}
	if o.Proxies, err = f.proxies(set, os.Getenv); err != nil {
		return o, err
	}
	o.TLS, err = f.tlsConfig()
	return o, err
}

// routes reads --connect-to and --resolve.
func (f *flags) routes() (routes []fetch.Route, err error) {
	for _, text := range f.connectTo {
		if routes, err = fetch.AddConnectTo(routes, text); err != nil {
			return nil, usage("--connect-to %q: %w", text, err)
		}
	}
	for _, text := range f.resolve {
		if routes, err = fetch.AddResolve(routes, text); err != nil {
			return nil, usage("--resolve %q: %w", text, err)
		}
	}
	return routes, nil
}

// reportOptions says how to show results.
func (f *flags) reportOptions(set func(string) bool, s streams, env func(string) string) (o report.Options, err error) {
	o = report.Options{
		Program: f.program, IncludeRaw: f.includeRaw, Verbose: f.verbose > 0, Detailed: f.verbose > 1,
		Color:    useColor(f.color, s.out, env) && (isStdout(f.output) || f.color == "always"),
		ColorErr: useColor(f.color, s.err, env),
		Progress: f.progressOptions(s, env),
		Pairs:    f.pairs,

		CountInterrupted: isTerminal(s.err),
	}
	if set("fields") {
		if o.Columns, err = report.ParseColumns(f.fields); err != nil {
			return o, usage("--fields: %w", err)
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
		if o.Baseline, err = readBaseline(f.baseline); err != nil {
			return o, err
		}
		o.Wide = f.wide
	}
	if o.Match, err = parseEach("--match %q: %w", f.match, report.ParseCondition); err != nil {
		return o, err
	}
	for _, checks := range []struct {
		flag  string
		texts []string
		want  bool
	}{{"--expect", f.expect, true}, {"--fail-if", f.failIf, false}} {
		conditions, err := parseEach(checks.flag+" %q: %w", checks.texts, report.ParseCondition)
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
		case err != nil && isFile(text):
			return usage("%s: %w; -i reads targets from a file", shown, errors.Unwrap(err))
		case err != nil:
			return usage("%s: %w", shown, errors.Unwrap(err))
		case isFile(text) && !c.quiet:
			fmt.Fprintf(s.err, "wget: %s is asked as a host, and there is a file of that name: -i reads targets from a file\n", report.Escape(shown))
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
