package wget

import (
	"strings"

	"github.com/spf13/pflag"

	"wget/internal/fetch"
	"wget/internal/fetch/dns"
	"wget/internal/report"
)

// flags holds the values as they stand on the command line.
type flags struct {
	program string // the name that the program was called by

	inputs []string
	https  bool
	ports  []string
	path   string
	allIPs bool
	from   []string
	demo   bool

	method     string
	head       bool
	headers    []string
	userAgent  string
	http10     bool
	http2      bool
	http2Known bool

	ipv4, ipv6  bool
	bindAddress string
	dnsServers  []string
	resolve     []string
	connectTo   []string
	proxy       string
	noProxyFor  string
	noProxy     bool
	unixSocket  string

	insecure bool
	caFile   string
	certFile string
	keyFile  string
	sni      string
	tlsMin   string
	tlsMax   string
	curves   []string

	timeout        seconds
	dnsTimeout     seconds
	connectTimeout seconds
	readTimeout    seconds
	maxTime        seconds
	tries          int
	retryRefused   bool
	maxHeader      byteSize
	parallel       int
	perIP          int
	rate           perSecond

	location     bool
	maxRedirect  int
	allowPrivate bool

	output      string
	format      string
	json        bool
	csv, table  bool
	group       string
	fields      string
	pairs, wide bool
	includeRaw  bool
	page        string
	keepOrder   bool
	color       string
	quiet       bool
	verbose     verbosity
	progress    string

	match, expect, failIf []string
	baseline              string
	fail                  bool
	exitZero              bool

	resume bool
	again  bool
	dir    string
	shard  shardFlag

	completion string
	manual     bool
}

// group is one part of the help text.
type group struct {
	title string
	flags *pflag.FlagSet
}

// groups declares every flag, by purpose. This is the only table of flags: help,
// completion and docs/flags.md follow it.
func (f *flags) groups() []group {
	var groups []group
	for _, g := range []struct {
		title   string
		declare func(*pflag.FlagSet)
	}{
		{"Targets", f.declareTargets},
		{"Request", f.declareRequest},
		{"Connection", f.declareConnection},
		{"TLS", f.declareTLS},
		{"Limits", f.declareLimits},
		{"Redirects", f.declareRedirects},
		{"Output", f.declareOutput},
		{"Verdict", f.declareVerdict},
		{"Long runs", f.declareLongRuns},
		{"About", f.declareAbout},
	} {
		set := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
		set.SortFlags = false
		g.declare(set)
		groups = append(groups, group{g.title, set})
	}
	return groups
}

func (f *flags) declareTargets(p *pflag.FlagSet) {
	p.StringArrayVarP(&f.inputs, "input-file", "i", nil, "read targets from `FILE`, one per line; - is stdin; repeatable")
	p.BoolVar(&f.https, "https", false, "use https for targets without a scheme")
	p.StringSliceVar(&f.ports, "port", nil, "ask these ports of targets without one, as `LIST` 80,8080")
	p.StringVar(&f.path, "path", "/", "ask for `PATH` of targets without one")
	p.BoolVar(&f.allIPs, "all-ips", false, "ask each address of a name, and show where they differ")
	p.StringArrayVar(&f.from, "from", nil, "show the records of an earlier run in `FILE` instead of asking; - is stdin; repeatable")
	p.BoolVar(&f.demo, "demo", false, "ask sample servers inside the program instead of the network")
}

func (f *flags) declareRequest(p *pflag.FlagSet) {
	p.StringVarP(&f.method, "method", "X", "GET", "request `METHOD`")
	p.BoolVarP(&f.head, "head", "I", false, "send HEAD (alias --spider)")
	p.StringArrayVarP(&f.headers, "header", "H", nil, "send `FIELD` 'Name: value'; 'Name:' removes a default, 'Name;' is sent empty; repeatable")
	p.StringVarP(&f.userAgent, "user-agent", "U", "wget/"+version(), "send `AGENT` as User-Agent")
	p.BoolVarP(&f.http10, "http1.0", "0", false, "send GET / HTTP/1.0 and Host, nothing else")
	p.Bool("http1.1", false, "send an HTTP/1.1 request (the default)")
	p.BoolVar(&f.http2, "http2", false, "speak HTTP/2 over TLS, with servers that agree to it")
	p.BoolVar(&f.http2Known, "http2-prior-knowledge", false, "speak HTTP/2 without TLS too, without asking")
}

func (f *flags) declareConnection(p *pflag.FlagSet) {
	p.BoolVarP(&f.ipv4, "inet4-only", "4", false, "use IPv4 addresses only")
	p.BoolVarP(&f.ipv6, "inet6-only", "6", false, "use IPv6 addresses only")
	p.StringVar(&f.bindAddress, "bind-address", "", "connect from the local `ADDRESS`")
	p.StringSliceVar(&f.dnsServers, "dns-servers", nil, "look names up at these resolvers, as `LIST` ADDRESS[:PORT],...")
	p.StringArrayVar(&f.resolve, "resolve", nil, "use an address: `MAP` is HOST:PORT:ADDRESS; repeatable")
	p.StringArrayVar(&f.connectTo, "connect-to", nil, "connect elsewhere: `MAP` is HOST1:PORT1:HOST2:PORT2; repeatable")
	p.StringVarP(&f.proxy, "proxy", "x", "", "ask through the proxy at `URL`; http, https, socks5, socks5h")
	p.StringVar(&f.noProxyFor, "noproxy", "", "ask the hosts of `LIST` without a proxy: names, addresses, blocks, *")
	p.BoolVar(&f.noProxy, "no-proxy", false, "use no proxy, not even one of the environment")
	p.StringVar(&f.unixSocket, "unix-socket", "", "connect to the Unix socket at `PATH`, whatever the host")
}

func (f *flags) declareTLS(p *pflag.FlagSet) {
	p.BoolVarP(&f.insecure, "no-check-certificate", "k", false, "look at anything: any certificate, TLS 1.0 and up, old ciphers and keys (alias --insecure)")
	p.StringVar(&f.caFile, "ca-certificate", "", "trust the certificates in `FILE` instead of the system's")
	p.StringVar(&f.certFile, "certificate", "", "present the client certificate in `FILE`")
	p.StringVar(&f.keyFile, "private-key", "", "its key, if in another `FILE`")
	p.StringVar(&f.sni, "sni", "", "send `NAME` as SNI and verify the certificate for it; '' sends none")
	p.StringVar(&f.tlsMin, "tls-min", "", "speak TLS `VERSION` 1.0, 1.1, 1.2 or 1.3 or a later one (1.2, with -k 1.0)")
	p.StringVar(&f.tlsMax, "tls-max", "", "speak TLS `VERSION` or an earlier one (1.3)")
	p.StringSliceVar(&f.curves, "curves", nil, "offer these key exchanges, as `LIST` X25519MLKEM768,X25519,P-256,P-384,P-521")
}

func (f *flags) declareLimits(p *pflag.FlagSet) {
	f.dnsTimeout = seconds(dns.DefaultTimeout)
	f.connectTimeout = seconds(fetch.DefaultConnectTimeout)
	f.readTimeout = seconds(fetch.DefaultReadTimeout)
	f.maxHeader = fetch.DefaultMaxHeader
	p.VarP(&f.timeout, "timeout", "T", "set the three timeouts below (0 turns one off)")
	p.Var(&f.dnsTimeout, "dns-timeout", "for finding the addresses of a name")
	p.Var(&f.connectTimeout, "connect-timeout", "for connecting, TLS included")
	p.Var(&f.readTimeout, "read-timeout", "for the whole header section, from the request on")
	p.VarP(&f.maxTime, "max-time", "m", "for a host from start to end (0: only the above)")
	p.IntVarP(&f.tries, "tries", "t", 1, "ask up to `N` times when a failure may pass: timeout, reset, closed, dns_failure, a shortage of the system")
	p.BoolVar(&f.retryRefused, "retry-connrefused", false, "count a refused connection among these")
	p.Var(&f.maxHeader, "max-header", "read header sections of at most so many bytes, as 65536, 64k or 1m")
	p.IntVar(&f.parallel, "parallel-max", defaultParallel(), "ask at most `N` hosts at once")
	p.IntVar(&f.perIP, "per-ip", 0, "ask at most `N` of them at one address (0: no bound)")
	p.Var(&f.rate, "rate", "begin at most this many requests, as 50/s or 600/m")
}

func (f *flags) declareRedirects(p *pflag.FlagSet) {
	p.BoolVarP(&f.location, "location", "L", false, "follow redirects, and show every answer")
	p.IntVar(&f.maxRedirect, "max-redirect", fetch.DefaultMaxRedirect, "follow at most `N` of them")
	p.BoolVar(&f.allowPrivate, "allow-private", false, "let them lead from a public address to a private one")
}

func (f *flags) declareOutput(p *pflag.FlagSet) {
	p.StringVarP(&f.output, "output-document", "O", "", "write to `FILE`; - is stdout")
	p.StringVar(&f.format, "format", report.Formats()[0].Name, "show results as `FORMAT`: "+strings.Join(formatNames(), ", "))
	p.BoolVar(&f.json, "json", false, "short for --format json")
	p.BoolVar(&f.csv, "csv", false, "short for --format csv")
	p.BoolVar(&f.table, "table", false, "short for --format table")
	p.StringVar(&f.fields, "fields", "", "show only `LIST`: keys of the record or names of header fields")
	p.BoolVar(&f.pairs, "json-pairs", false, "list header fields in JSON in order, names as they came; implies --json")
	p.BoolVar(&f.includeRaw, "include-raw", false, "add the header sections, base64, to JSON records")
	p.StringVar(&f.group, "group", "", "say each distinct answer once; `HOW` is exact or a list of fields")
	p.Lookup("group").NoOptDefVal = groupByRule
	p.StringVar(&f.page, "report", "", "write a page for a browser to `FILE`, beside the records")
	p.BoolVar(&f.wide, "wide", false, "do not cut what a terminal has no room for")
	p.BoolVar(&f.keepOrder, "keep-order", false, "show results in the order of the targets")
	p.StringVar(&f.color, "color", "auto", "colour `WHEN` auto, always or never")
	p.BoolVarP(&f.quiet, "quiet", "q", false, "no closing lines and no progress")
	p.VarP(&f.verbose, "verbose", "v", "tell more on stderr: starts, TLS, what was odd; -vv also what was tried and sent, and timing")
	p.Lookup("verbose").NoOptDefVal = "true"
	p.StringVar(&f.progress, "progress", "auto", "show progress as `STYLE` auto, bar or none")
	p.BoolP("server-response", "S", false, "accepted for GNU wget's sake: headers are what this prints")
	p.Bool("no-verbose", false, "accepted for GNU wget's sake, as -nv")
	for _, name := range []string{"server-response", "no-verbose"} {
		p.Lookup(name).Hidden = true
	}
}

func (f *flags) declareVerdict(p *pflag.FlagSet) {
	p.BoolVarP(&f.fail, "fail", "f", false, "count a status of 400 or more as failure")
	p.StringArrayVar(&f.match, "match", nil, "show only hosts that `EXPR` is true of; repeatable")
	p.StringArrayVar(&f.expect, "expect", nil, "check that `EXPR` is true of every host; repeatable")
	p.StringArrayVar(&f.failIf, "fail-if", nil, "check that `EXPR` is true of no host; repeatable")
	p.StringVar(&f.baseline, "baseline", "", "show what is not as in the records of an earlier run in `FILE`")
	p.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 when every target has a record")
}

func (f *flags) declareLongRuns(p *pflag.FlagSet) {
	p.BoolVarP(&f.resume, "continue", "c", false, "go on with the JSON records in -O FILE, whatever ended the run that wrote them")
	p.BoolVar(&f.again, "retry-failed", false, "with -c, ask those that failed again; the later record of a target counts")
	p.StringVar(&f.dir, "out", "", "write a part of a list to a file of its own in `DIR`, and go on with it; JSON")
	p.Var(&f.shard, "shard", "ask only every N-th target from the I-th on: 0/8 to 7/8, auto/N or auto in an array job")
}

func (f *flags) declareAbout(p *pflag.FlagSet) {
	p.BoolP("help", "h", false, "show this help")
	p.BoolP("version", "V", false, "show the version")
	p.StringVar(&f.completion, "completion", "", "print the completion script for `SHELL`: bash, zsh or fish")
	p.BoolVar(&f.manual, "man", false, "print the manual page, for man -l -")
}

// given reports whether a flag is on the command line. A switch that is turned off, as
// by --quiet=false, is not.
func given(flags *pflag.FlagSet) func(name string) bool {
	return func(name string) bool {
		f := flags.Lookup(name)
		return f.Changed && (f.Value.Type() != "bool" || f.Value.String() == "true")
	}
}

// groupByRule is the value of --group without one.
const groupByRule = "alike"

// alias maps the other name of a flag to the flag's own.
func alias(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "spider":
		name = "head"
	case "insecure":
		name = "no-check-certificate"
	}
	return pflag.NormalizedName(name)
}

// choice is a flag whose value is one of a few words.
type choice struct {
	flag  string
	value string
	words []string
}

// choices lists the flags whose value is one of a few words.
func (f *flags) choices() []choice {
	return []choice{
		{"format", f.format, formatNames()},
		{"color", f.color, []string{"auto", "always", "never"}},
		{"progress", f.progress, []string{"auto", "bar", "none"}},
	}
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}
