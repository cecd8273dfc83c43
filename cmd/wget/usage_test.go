package wget_test

import (
	"bytes"
	"strings"
	"testing"

	"wget/cmd/wget"
	"wget/internal/testserver"
)

// inProcess runs a command line against nobody: whatever it asks for is refused.
func inProcess(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	nobody, err := testserver.HoldPort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	var out, errs bytes.Buffer
	args = append([]string{"--connect-to", "::" + nobody.LocalAddr().String()}, args...)
	code = wget.Main(t.Context(), append([]string{"wget"}, args...), strings.NewReader(stdin), &out, &errs, nil)
	return code, out.String(), errs.String()
}

// A command line that cannot be obeyed is answered with one line, exit code 2,
// and nothing else.
func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args string // separated by |
		want string // what the line must hold
	}{
		{"", "empty host"},
		{"ftp://h.test", `unknown scheme "ftp"`},
		{"h.test:0", "from 1 to 65535"},
		{"h.test:70000", "from 1 to 65535"},
		{"h.test:abc", "from 1 to 65535"},
		{"http://:80", "empty host"},
		{"http:///x", "empty host"},
		{"two hosts", "spaces"},
		{"h.test\x1b[2J", "U+001B"},
		{"h.test/\r\nX: y", "U+000D"},
		{"h.test/\nX: y", "U+000A"},
		{"h.test/\x00", "U+0000"},
		{"h.test/\u009b", "U+009B"},
		{"h.test/\xff", "UTF-8"},
		{"192.0.2.0/33", "CIDR"},
		{"2001:db8::/200", "CIDR"},
		{"256.1.1.1", "IPv4 address"},
		{"[::1", "missing ]"},
		{"a..b", "empty label"},
		{"good.test|h.test:0|also.test", "h.test:0: "},

		{"http:", "empty host"},
		{"http://https://h.test", "two schemes"},
		{"http//h.test", "missing colon"},
		{"192.0.2.0/24:8080", "no CIDR block"},
		{"10.0.0.0/255.0.0.0", "netmask"},
		{"[2001:db8::]/64", "no CIDR block"},
		{"192.0.2.1-9", "range"},
		{"0x7f.1", "IPv4 address"},
		{"256.0.0.1.", "IPv4 address"},
		{"h1:80,h2:80", "several targets"},
		{"h1.test h2.test", "several targets"},
		{"h1.test\th2.test", "of its own"},

		{"--port|0|h", "--port 0: "},
		{"--port|70000|h", "--port 70000: "},
		{"--port|80,abc|h", "--port abc: "},
		{"--path|/\r\nX: y|h", "--path"},
		{"--path|/\x00|h", "--path"},

		{"-X|GET /|h", "--method"},
		{"-X|GET\r\nX: y|h", "--method"},
		{"-X||h", "--method"},
		{"-H|no colon|h", "missing colon"},
		{"-H|two words: x|h", "field name"},
		{"-H|: x|h", "field name"},
		{"-H|A: b\r\nX: y|h", "CR, LF or NUL"},
		{"-H|A: b\nX: y|h", "CR, LF or NUL"},
		{"-H|A: \x00|h", "CR, LF or NUL"},
		{"-H|A\r: b|h", "field name"},
		{"-H|Authorization: Bearer sesame\r|h", "--header: the value of Authorization cannot hold CR, LF or NUL"},
		{"-U|a\r\nX: y|h", "CR, LF or NUL"},

		{"--bind-address|localhost|h", "--bind-address"},
		{"--bind-address|192.0.2.1|h", "not an address of this machine"},
		{"--bind-address|2001:db8::1|h", "not an address of this machine"},
		{"--bind-address|127.0.0.1|-6|h", "contradicts -6"},
		{"--bind-address|::ffff:127.0.0.1|-6|h", "contradicts -6"},
		{"--bind-address|::1|-4|h", "4"}, // contradicts it, or is no address where there is no IPv6
		{"--dns-servers||h", "--dns-servers: an empty list"},
		{"--dns-servers|127.0.0.1,,127.0.0.2|h", `--dns-servers "": not an IP address`},
		{"--dns-servers|localhost|h", "not an IP address"},
		{"--dns-servers|127.0.0.1:dns|h", "not an IP address"},
		{"--dns-servers|127.0.0.1:0|h", "from 1 to 65535"},
		{"--dns-servers|[::1]:0|h", "from 1 to 65535"},
		{"--dns-servers|[::1|h", "not an IP address"},
		{"--dns-servers|::1]|h", "not an IP address"},
		{"--dns-servers|::1:53|h", "write [::1]:53 for port 53 of ::1, and [::1:53] for the address"},
		{"--resolve|:80:127.0.0.1|h", "HOST:PORT:ADDRESS"},
		{"--resolve|a b:80:127.0.0.1|h", "spaces"},
		{"--resolve|-h|h", "-HOST:PORT"},
		{"--connect-to|a b:80:g:80|h", "HOST1: a host cannot hold spaces"},
		{"--connect-to|h:80:a b:80|h", "HOST2: a host cannot hold spaces"},
		{"--resolve|h:80|h", "HOST:PORT:ADDRESS"},
		{"--resolve|h:80:name|h", "HOST:PORT:ADDRESS"},
		{"--resolve|h:0:127.0.0.1|h", "from 1 to 65535"},
		{"--connect-to|h:80|h", "HOST1:PORT1:HOST2:PORT2"},
		{"--connect-to|h:80:g:0|h", "from 1 to 65535"},

		{"-T|soon|h", "duration"},
		{"-T|-1|h", "duration"},
		{"-T|NaN|h", "duration"},
		{"-T|1e300|h", "--timeout"},
		{"-T|1e-10|h", "--timeout"},
		{"--read-timeout|0.4ns|h", "--read-timeout"},
		{"--read-timeout||h", "duration"},
		{"-m|5 s|h", "duration"},
		{"--per-ip|-1|h", "--per-ip -1"},
		{"--per-ip|many|h", "--per-ip"},
		{"-w|2|h", "--rate"},
		{"--wait=2|h", "--rate"},
		{"--progress|loud|h", "auto, bar or none"},
		{"-q|--progress|bar|h", "contradict"},
		{"--max-header|0|h", "--max-header 0"},
		{"--max-header|-1|h", "--max-header -1"},
		{"--max-header|many|h", "--max-header"},
		{"--parallel-max|0|h", "--parallel-max 0"},

		{"--format|yaml|h", `"yaml"`},
		{"--color|blue|h", `"blue"`},
		{"--completion|tcsh", `"tcsh"`},

		{"-4|-6|h", "contradict"},
		{"-q|-v|h", "contradict"},
		{"-I|-X|POST|h", "contradict"},
		{"--spider|-X|POST|h", "contradict"},
		{"-0|--http1.1|h", "contradict"},
		{"-0|--http2|h", "contradict"},
		{"--http1.1|--http2-prior-knowledge|h", "contradict"},
		{"--json|--format|lines|h", "contradict"},
		{"--json-pairs|--csv|h", "--json-pairs and --csv contradict"},
		{"--csv|--table|h", "--csv and --table contradict"},
		{"--include-raw|h", "--include-raw needs --json"},
		{"--json-pairs|--fields|target,headers|h", "choose one"},
		{"--json|--fields|fields,headers|h", "choose one"},

		{"-c|h", "-c needs -O FILE"},
		{"-c|-O|-|h", "-c needs -O FILE"},
		{"-c|-O|x|--format|raw|h", "-c needs --json"},
		{"--out|x|--format|table|h", "--out needs --json"},
		{"--out|x|-O|y|h", "contradict"},
		{"--out||h", "an empty name"},
		{"--baseline||h", "--baseline: an empty name"},
		{"--ca-certificate||h", "--ca-certificate: an empty name"},
		{"--certificate||h", "--certificate: an empty name"},
		{"--private-key||h", "--private-key: an empty name"},
		{"--bind-address||h", "--bind-address: an empty address"},
		{"--sni|a b|h", `--sni "a b": a host cannot hold spaces`},
		{"--sni|a\nb|h", "control character U+000A"},
		{"--sni|a:443|h", "a host cannot hold"},
		{"--tls-min||h", "--tls-min: an empty version"},
		{"--tls-max=|h", "--tls-max: an empty version"},
		{"--curves||h", "--curves: an empty list"},
		{"--port||h", "--port: an empty list"},
		{"--group=|h", "--group: an empty list"},
		{"--completion=|h", "--completion: an empty name"},
		{"-|h", "- is no host: -i - reads targets from stdin"},
		{"h|/dev/stdin", "/dev/stdin is no host: -i - reads targets from stdin"},
		{"192.0.2.0/24#comment", "no CIDR block"},
		{"--retry-failed|h", "--retry-failed needs -c"},
		{"--shard|1|h", "a shard is I/N"},
		{"--shard|2/2|h", "0/2 to 1/2"},
		{"--shard|0/2|--shard|1/2|h", "a second shard"},

		{"--no-such-flag|h", "unknown flag"},
		{"-Z|h", "unknown shorthand flag"},
		{"--method", "needs an argument"},
		{"--json=perhaps|h", "invalid argument"},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, stdout, stderr := inProcess(t, "", strings.Split(c.args, "|")...)
			if code != 2 || stdout != "" {
				t.Errorf("exit code %d, stdout %q, want 2 and nothing", code, stdout)
			}
			if !strings.HasPrefix(stderr, "wget: ") || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
				t.Errorf("%q, want one line", stderr)
			}
			if !strings.Contains(stderr, c.want) {
				t.Errorf("%q, want it to hold %q", stderr, c.want)
			}
			if strings.ContainsAny(strings.TrimSuffix(stderr, "\n"), "\x00\r\n\x1b") || strings.Contains(stderr, "\u009b") {
				t.Errorf("control characters in %q", stderr)
			}
			if strings.Contains(stderr, "sesame") {
				t.Errorf("credentials in %q", stderr)
			}
		})
	}
}

// GNU wget's flags for what this program does not do get an answer of their own.
func TestDownloadFlags(t *testing.T) {
	for _, args := range []string{
		"-r", "--recursive", "-l|2", "--level=2", "-p", "--page-requisites", "-P|dir", "--directory-prefix=dir",
		"--mirror", "-K", "-k|-r", "-N", "--timestamping", "-nc", "--no-clobber", "-np", "--no-parent", "-nd", "-nH", "-E",
		"--adjust-extension", "-A|jpg", "--accept=jpg", "-R|jpg", "--reject=jpg", "-D|a.test",
		"--force-directories", "-B|url", "--base=url",
		"--cut-dirs=1", "--limit-rate=1k", "--quota=1m", "--warc-file=x", "--span-hosts", "--convert-links",
		"--content-disposition", "--save-headers", "--delete-after", "-qr",
		"-Q|1m", "--warc-header=x", "--no-warc-digests", "--no-if-modified-since", "--restrict-file-names=unix", "--ignore-length",
		"--no-use-server-timestamps", "--content-on-error", "--default-page=x", "--retr-symlinks", "--preserve-permissions", "--xattr",
	} {
		t.Run(args, func(t *testing.T) {
			code, stdout, stderr := inProcess(t, "", append(strings.Split(args, "|"), "h.test")...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "download flag") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// Durations are GNU wget's seconds, or Go's with a unit; 0 is none.
func TestDurations(t *testing.T) {
	for _, d := range []string{"5", "0.5", "300ms", "5s", "1m30s", "0", "1e3"} {
		for _, name := range []string{"-T", "--timeout", "--dns-timeout", "--connect-timeout", "--read-timeout", "-m", "--max-time"} {
			if code, _, stderr := inProcess(t, "", name, d, "h.test"); code != 4 || !strings.Contains(stderr, "connection refused") {
				t.Errorf("%s %s: exit code %d, %q", name, d, code, stderr)
			}
		}
	}
}

// A line has its bound, and a comment none. What is no UTF-8 is escaped in text.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	list := "# " + long + "\nh.test # " + long + "\n" + long + "\n\xe4.test\n"
	code, stdout, _ := inProcess(t, list, "-q", "--csv", "--fields", "target,error.kind", "--keep-order")
	want := "target,error.kind\nh.test,refused\n" + long[:80] + "...,bad_target\n\\xe4.test,bad_target\n"
	if code != 2 || stdout != want {
		t.Errorf("exit code %d, %q, want 2 and %q", code, stdout, want)
	}
}

// A bad line in a list is a record with an error; it never stops the list, and
// never reaches a terminal as it is.
func TestBadLines(t *testing.T) {
	for _, line := range []string{
		"two words", "ftp://h.test", "h.test:0", "h\x1b[31m.test", "h.test/\xff", "h.test/\x00", "a\rb", "192.0.2.0/99",
		strings.Repeat("x", 100<<10), "http://user:hunter2" + strings.Repeat("y", 70<<10) + "@h.test",
	} {
		code, stdout, stderr := inProcess(t, "a.test\n"+line+"\nb.test\n", "--keep-order")
		if code != 2 || stdout != "" {
			t.Errorf("%.20q: exit code %d, stdout %q", line, code, stdout)
		}
		if got := strings.Count(stderr, "\n"); got != 5 {
			t.Errorf("%.20q: %d lines on stderr, want 3 records and the closing lines:\n%.2000s", line, got, stderr)
		}
		first, _, _ := strings.Cut(stderr, "\n")
		if first != "a.test error > connect: connection refused" || !strings.Contains(stderr, "\nb.test error > connect: connection refused\n3 hosts: 0 answered, 3 failed in ") {
			t.Errorf("%.20q: a record is missing:\n%.2000s", line, stderr)
		}
		if !strings.Contains(stderr, " error > target: ") || strings.ContainsAny(stderr, "\x00\r\x1b") || len(stderr) > 2000 {
			t.Errorf("%.20q: %.2000q", line, stderr)
		}
		if strings.Contains(stderr, "hunter2") {
			t.Errorf("credentials in %.2000q", stderr)
		}
	}
}

// A word of a list, or behind --, is a host and never a flag or a command.
func TestHostsAreNoFlags(t *testing.T) {
	code, stdout, _ := inProcess(t, "help\ncompletion\n--help\n-k\n", "--json", "--keep-order", "-q")
	if code != 4 || strings.Count(stdout, `"kind":"refused"`) != 4 {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	code, stdout, stderr := inProcess(t, "", "--keep-order", "-q", "--", "help", "version", "-k")
	if code != 4 || stdout != "" || strings.Count(stderr, "connection refused") != 3 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
