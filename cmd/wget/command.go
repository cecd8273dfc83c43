package wget

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wget/internal/fetch"
	"wget/internal/report"
)

// flags holds the values as they stand on the command line.
type flags struct {
	inputs   []string
	https    bool
	ports    []string
	path     string
	demo     bool
	complete string

	method    string
	head      bool
	headers   []string
	userAgent string
	http10    bool
	http11    bool

	ipv4, ipv6  bool
	bindAddress string
	dnsServers  []string
	resolve     []string
	connectTo   []string

	insecure       bool
	ca, cert, key  string
	sni            string
	timeout        seconds
	dnsTimeout     seconds
	connectTimeout seconds
	readTimeout    seconds
	maxTime        seconds
	tries          int
	retryRefused   bool
	rate           perSecond
	maxHeader      int
	parallel       int
	perIP          int
	output         string
	format         string
	json           bool
	includeRaw     bool
	keepOrder      bool
	color          string
	quiet, verbose bool
	progress       string
	fail, exitZero bool
	serverResponse bool
}

// group is a part of the help text.
type group struct {
	title string
	flags *pflag.FlagSet
}

// groups declares every flag, by purpose.
func (f *flags) groups() []group {
	f.dnsTimeout = seconds(fetch.DefaultDNSTimeout)
	f.connectTimeout = seconds(fetch.DefaultConnectTimeout)
	f.readTimeout = seconds(fetch.DefaultReadTimeout)
	var list []group
	add := func(title string) *pflag.FlagSet {
		set := pflag.NewFlagSet(title, pflag.ContinueOnError)
		set.SortFlags = false
		list = append(list, group{title, set})
		return set
	}

	p := add("Targets")
	p.StringArrayVarP(&f.inputs, "input-file", "i", nil, "read targets from `FILE`, one per line; - is stdin; repeatable")
	p.BoolVar(&f.https, "https", false, "use https for targets without a scheme")
	p.StringSliceVar(&f.ports, "port", nil, "ask these ports of targets without one, as `LIST` 80,8080")
	p.StringVar(&f.path, "path", "/", "ask for `PATH` of targets without one")
	p.BoolVar(&f.demo, "demo", false, "ask sample servers inside the program instead of the network")

	p = add("Request")
	p.StringVarP(&f.method, "method", "X", "GET", "request `METHOD`")
	p.BoolVarP(&f.head, "head", "I", false, "send HEAD (alias --spider)")
	p.StringArrayVarP(&f.headers, "header", "H", nil, "send `FIELD` 'Name: value'; 'Name:' removes a default; repeatable")
	p.StringVarP(&f.userAgent, "user-agent", "U", "wget/"+version(), "send `AGENT` as User-Agent")
	p.BoolVarP(&f.http10, "http1.0", "0", false, "send GET / HTTP/1.0 and Host, nothing else")
	p.BoolVar(&f.http11, "http1.1", false, "send an HTTP/1.1 request (the default)")

	p = add("Connection")
	p.BoolVarP(&f.ipv4, "inet4-only", "4", false, "use IPv4 addresses only")
	p.BoolVarP(&f.ipv6, "inet6-only", "6", false, "use IPv6 addresses only")
	p.StringVar(&f.bindAddress, "bind-address", "", "connect from the local `ADDRESS`")
	p.StringSliceVar(&f.dnsServers, "dns-servers", nil, "look names up at these resolvers, as `LIST` ADDRESS[:PORT],...")
	p.StringArrayVar(&f.resolve, "resolve", nil, "use an address: `MAP` is HOST:PORT:ADDRESS; repeatable")
	p.StringArrayVar(&f.connectTo, "connect-to", nil, "connect elsewhere: `MAP` is HOST1:PORT1:HOST2:PORT2; repeatable")

	p = add("TLS")
	p.BoolVarP(&f.insecure, "no-check-certificate", "k", false, "accept any certificate (alias --insecure)")
	p.StringVar(&f.ca, "ca-certificate", "", "trust the certificates in `FILE` instead of the system's")
	p.StringVar(&f.cert, "certificate", "", "present the client certificate in `FILE`")
	p.StringVar(&f.key, "private-key", "", "its key, if in another `FILE`")
	p.StringVar(&f.sni, "sni", "", "send `NAME` as SNI and verify the certificate for it")

	p = add("Limits")
	p.VarP(&f.timeout, "timeout", "T", "set the three timeouts below (0 turns one off)")
	p.Var(&f.dnsTimeout, "dns-timeout", "for finding the addresses of a name")
	p.Var(&f.connectTimeout, "connect-timeout", "for connecting, TLS included")
	p.Var(&f.readTimeout, "read-timeout", "for the whole header section, from the request on")
	p.VarP(&f.maxTime, "max-time", "m", "for a host from start to end (0: only the above)")
	p.IntVarP(&f.tries, "tries", "t", 1, "ask up to `N` times when a failure may pass: timeout, reset, closed")
	p.BoolVar(&f.retryRefused, "retry-connrefused", false, "count a refused connection among these")
	p.IntVar(&f.maxHeader, "max-header", fetch.DefaultMaxHeader, "read header sections of at most `BYTES`")
	p.IntVar(&f.parallel, "parallel-max", defaultParallel(), "ask at most `N` hosts at once")
	p.IntVar(&f.perIP, "per-ip", 0, "ask at most `N` of them at one address (0: no bound)")
	p.Var(&f.rate, "rate", "start at most this many hosts, as 50/s or 600/m")

	p = add("Output")
	p.StringVarP(&f.output, "output-document", "O", "", "write to `FILE`; - is stdout")
	p.StringVar(&f.format, "format", report.Formats()[0].Name, "show results as `FORMAT`: "+formatNames())
	p.BoolVar(&f.json, "json", false, "short for --format json")
	p.BoolVar(&f.includeRaw, "include-raw", false, "add the header sections, base64, to JSON records")
	p.BoolVar(&f.keepOrder, "keep-order", false, "show results in the order of the targets")
	p.StringVar(&f.color, "color", "auto", "colour `WHEN` auto, always or never")
	p.BoolVarP(&f.quiet, "quiet", "q", false, "no closing lines and no progress")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "announce each host and explain anomalies on stderr")
	p.StringVar(&f.progress, "progress", "auto", "show progress as `STYLE` auto, bar or none")
	p.BoolVarP(&f.serverResponse, "server-response", "S", false, "accepted for GNU wget's sake: headers are what this prints")
	p.Lookup("server-response").Hidden = true

	p = add("Verdict")
	p.BoolVarP(&f.fail, "fail", "f", false, "count a status of 400 or more as failure")
	p.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 when every target has a record")

	p = add("About")
	p.BoolP("help", "h", false, "show this help")
	p.BoolP("version", "V", false, "show the version")
	p.StringVar(&f.complete, "completion", "", "print the completion script for `SHELL`: bash, zsh or fish")
	return list
}

func formatNames() string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

const examples = `  wget sina.com.cn sohu.com 163.com        ask three hosts
  wget --demo sina.com.cn                  the same without a network
  wget https://example.com/a?b=c [::1]:80  URLs, ports, IPv6
  cat hosts.txt | wget --json | jq .       a record per host, for scripts
  wget -T 2 -f -q -i hosts.txt && echo ok  a check that all is well`

const exitCodes = `  0 all well     4 network        7 protocol
  1 other        5 certificate    8 status of 400 or more, with --fail
  2 usage        6 401 or 407, with --fail
  3 file
  The lowest of 2 to 8 wins; 130 and 143 after SIGINT and SIGTERM.`

// newCommand is the command line; run gets what it says. Help, version and
// completion scripts go to talk.
func newCommand(s streams, talk io.Writer, run func(*Config) error) *cobra.Command {
	f := new(flags)
	groups := f.groups()
	c := &cobra.Command{
		Use:           "wget [flags] [HOST | HOST:PORT | URL | CIDR]...",
		Short:         "Ask hosts for their HTTP response headers and print exactly what came.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if f.complete != "" {
				return completion(c, f.complete)
			}
			config, err := f.config(c.Flags().Changed, args, s)
			if err != nil {
				return err
			}
			return run(config)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // a host may have that name
	}
	c.SetIn(s.in)
	c.SetOut(talk)
	c.SetErr(s.err)
	c.Flags().SortFlags = false
	c.SetVersionTemplate(fmt.Sprintf("wget %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
	for _, g := range groups {
		c.Flags().AddFlagSet(g.flags)
	}
	c.Flags().SetNormalizeFunc(alias)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return refuse(err) })
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		out := c.OutOrStdout()
		fmt.Fprintf(out, "%s\n\nUsage:\n  %s\n\nTargets come from the arguments, from -i, or else from stdin.\n\nExamples:\n%s\n", c.Short, c.Use, examples)
		for _, g := range groups {
			fmt.Fprintf(out, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(80))
		}
		fmt.Fprintf(out, "\nFormats:\n")
		for _, f := range report.Formats() {
			fmt.Fprintf(out, "  %-6s %s\n", f.Name, f.About)
		}
		fmt.Fprintf(out, "\nExit codes:\n%s\n", exitCodes)
	})
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(strings.Split(formatNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{"auto", "bar", "none"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("completion", cobra.FixedCompletions([]string{"bash", "zsh", "fish"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// alias maps the other names that a flag goes by.
func alias(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "spider":
		name = "head"
	case "insecure":
		name = "no-check-certificate"
	}
	return pflag.NormalizedName(name)
}

// refuse words an error in the flags. Those of GNU wget that download, or
// pause, get an answer of their own.
func refuse(err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name, short := unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()
		if name == "wait" || name == "random-wait" || short != "" && name == "w" {
			return usage("--wait is a flag of GNU wget; here --rate 30/m starts a host every two seconds, and --per-ip 1 spares an address")
		}
		if short == "" && slices.Contains(downloadFlags(), name) {
			return usage("--%s is a download flag of GNU wget; this wget only shows response headers", name)
		}
		if short != "" && strings.Contains("rlKpPNnEbARDxcaoB", name) {
			return usage("-%s is a download flag of GNU wget; this wget only shows response headers", name)
		}
	}
	return usageError{err}
}

// downloadFlags are GNU wget's flags for what this program does not do.
func downloadFlags() []string {
	return []string{
		"recursive", "level", "delete-after", "convert-links", "convert-file-only", "backup-converted", "mirror",
		"page-requisites", "directory-prefix", "timestamping", "no-clobber", "no-parent", "no-directories",
		"no-host-directories", "force-directories", "protocol-directories", "cut-dirs", "adjust-extension",
		"html-extension", "background", "accept", "reject", "accept-regex", "reject-regex", "domains",
		"exclude-domains", "span-hosts", "follow-ftp", "follow-tags", "ignore-tags", "relative",
		"include-directories", "exclude-directories", "strict-comments", "content-disposition",
		"trust-server-names", "start-pos", "limit-rate", "quota", "warc-file", "base", "force-html",
		"save-headers", "unlink", "backups", "output-file", "append-output", "post-data", "post-file",
		"body-data", "body-file",
	}
}

func completion(c *cobra.Command, shell string) error {
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

// config checks the flags and fills in what depends on the machine.
func (f *flags) config(changed func(string) bool, args []string, s streams) (*Config, error) {
	if err := f.check(changed); err != nil {
		return nil, err
	}
	format, err := f.chosenFormat(changed)
	if err != nil {
		return nil, err
	}
	c := &Config{
		Files: f.inputs, Demo: f.demo, Output: f.output, Quiet: f.quiet, Fail: f.fail, ExitZero: f.exitZero,
		Defaults: fetch.Defaults{TLS: f.https, Path: fetch.RequestTarget(f.path)},
		Fetch: fetch.Options{
			Protocol: "HTTP/1.1", Method: f.method, UserAgent: f.userAgent, ServerName: f.sni,
			MaxTime: time.Duration(f.maxTime), Tries: f.tries, RetryRefused: f.retryRefused, MaxHeader: f.maxHeader, Parallel: f.parallel, PerAddr: f.perIP, Rate: float64(f.rate), Ordered: f.keepOrder,
		},
		Format: format,
		Report: report.Options{
			IncludeRaw: f.includeRaw, Verbose: f.verbose,
			Color: useColor(f.color, s.out, os.Getenv), ColorErr: useColor(f.color, s.err, os.Getenv),
			Progress: newProgress(f, s, os.Getenv),
		},
	}
	if most := maxParallel(); f.parallel > most {
		fmt.Fprintf(s.err, "wget: --parallel-max %d: this process may open %d connections at once (ulimit -n)\n", f.parallel, most)
		c.Fetch.Parallel = most
	}
	if !toStdout(f.output) && f.color != "always" {
		c.Report.Color = false
	}
	if c.Format.Binary && f.output == "" && isTerminal(s.out) {
		return nil, usage("raw bytes from servers can take over a terminal: send them to a pipe or a file, or insist with -O -")
	}
	if f.head {
		c.Fetch.Method = "HEAD"
	}
	if f.http10 {
		c.Fetch.Protocol = "HTTP/1.0"
	}
	switch {
	case f.ipv4:
		c.Fetch.Family = 4
	case f.ipv6:
		c.Fetch.Family = 6
	}
	for _, t := range []struct {
		name  string
		value seconds
		into  *time.Duration
	}{
		{"dns-timeout", f.dnsTimeout, &c.Fetch.DNSTimeout},
		{"connect-timeout", f.connectTimeout, &c.Fetch.ConnectTimeout},
		{"read-timeout", f.readTimeout, &c.Fetch.ReadTimeout},
	} {
		if *t.into = time.Duration(t.value); changed("timeout") && !changed(t.name) {
			*t.into = time.Duration(f.timeout)
		}
	}
	if err := f.lists(c); err != nil {
		return nil, err
	}
	if c.Fetch.TLS, err = newTLSConfig(f.insecure, f.ca, f.cert, f.key); err != nil {
		return nil, err
	}
	return c, f.targets(c, args, s)
}

// lists reads the flags that have a notation of their own.
func (f *flags) lists(c *Config) (err error) {
	if c.Defaults.Ports, err = parsePorts(f.ports); err != nil {
		return err
	}
	if f.bindAddress != "" {
		if c.Fetch.LocalAddr, err = netip.ParseAddr(f.bindAddress); err != nil {
			return usage("--bind-address %q: not an IP address", f.bindAddress)
		}
	}
	for _, text := range f.dnsServers {
		server, err := parseServer(text)
		if err != nil {
			return err
		}
		c.Fetch.DNSServers = append(c.Fetch.DNSServers, server)
	}
	for _, text := range f.headers {
		field, err := parseHeader(text)
		if err != nil {
			return err
		}
		c.Fetch.Header = append(c.Fetch.Header, field)
	}
	for _, text := range f.resolve {
		route, err := parseResolve(text)
		if err != nil {
			return err
		}
		c.Fetch.Routes = append(c.Fetch.Routes, route)
	}
	for _, text := range f.connectTo {
		route, err := parseConnectTo(text)
		if err != nil {
			return err
		}
		c.Fetch.Routes = append(c.Fetch.Routes, route)
	}
	return nil
}

// targets reads the arguments, and turns to stdin if there is nothing else.
func (f *flags) targets(c *Config, args []string, s streams) error {
	if f.demo && len(args)+len(f.inputs) == 0 {
		args = []string{"sina.com.cn", "sohu.com", "163.com"}
	}
	for _, text := range args {
		spec, err := fetch.Parse(text, c.Defaults)
		if err != nil {
			return usage("%s: %w", fetch.WithoutUser(text), errors.Unwrap(err))
		}
		if c.Demo && spec.TLS() {
			return usage("%s: the sample servers of --demo speak http only", fetch.WithoutUser(text))
		}
		c.Specs = append(c.Specs, spec)
	}
	if len(args)+len(c.Files) == 0 {
		if isTerminal(s.in) {
			return usage("no target: name a host, or send a list to stdin")
		}
		c.Files = []string{"-"}
	}
	return nil
}

// check refuses values that cannot be, and flags that contradict each other.
func (f *flags) check(changed func(string) bool) error {
	for _, pair := range [][2]string{
		{"inet4-only", "inet6-only"},
		{"quiet", "verbose"},
		{"head", "method"},
		{"http1.0", "http1.1"},
	} {
		if changed(pair[0]) && changed(pair[1]) {
			return usage("--%s and --%s contradict each other", pair[0], pair[1])
		}
	}
	switch {
	case !slices.Contains([]string{"auto", "always", "never"}, f.color):
		return usage("--color %q: auto, always or never", f.color)
	case !slices.Contains([]string{"auto", "bar", "none"}, f.progress):
		return usage("--progress %q: auto, bar or none", f.progress)
	case f.quiet && f.progress == "bar":
		return usage("--quiet and --progress bar contradict each other")
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
	case f.perIP < 0:
		return usage("--per-ip %d: at least 1, or 0 for no bound", f.perIP)
	}
	return nil
}

// chosenFormat is the format that the flags name.
func (f *flags) chosenFormat(changed func(string) bool) (report.Format, error) {
	name := f.format
	if f.json {
		name = "json"
	}
	format, known := report.LookupFormat(name)
	switch {
	case changed("format") && f.format != name:
		return format, usage("--json and --format %s contradict each other", f.format)
	case !known:
		return format, usage("--format %q: known are %s", name, formatNames())
	case f.includeRaw && !format.HasRaw:
		return format, usage("--include-raw needs --json")
	}
	return format, nil
}
