package report_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wget/internal/fetch"
	"wget/internal/report"
	"wget/internal/testrecord"
	"wget/internal/testserver"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A reply is what a host says before it closes; what it cannot say goes into edit.
type reply struct {
	target string
	bytes  string
	edit   func(*fetch.Result)
	then   []string // what the hosts say that its redirects lead to
}

func samples() []reply {
	failure := func(stage fetch.Stage, kind fetch.Kind, err error, hint string) func(*fetch.Result) {
		return func(r *fetch.Result) {
			*r = fetch.Result{
				Target: r.Target, Begun: r.Begun, Hops: r.Hops, Reply: fetch.Reply{Target: r.Reply.Target, Times: fetch.Times{DNS: 4 * time.Millisecond, Total: 4 * time.Millisecond}},
				Err: &fetch.Error{Stage: stage, Kind: kind, Err: err, Hint: hint},
			}
		}
	}
	return []reply{
		{"sina.com.cn", "HTTP/1.1 302 Found\r\nServer: nginx\r\nSet-Cookie: a=1\r\nLocation: https://www.sina.com.cn/\r\nset-cookie: b=2\r\n\r\n<html>", nil, nil},
		{"http://sohu.com:8080/a?b=c", "HTTP/1.0 200\r\nserver: x\r\n\r\n", nil, nil},
		{"[2001:db8::1]", "HTTP/1.1 404 Not Found\r\n\r\n", nil, nil},
		{"bücher.example", "HTTP/1.1 500 Internal Server Error\r\nX-Empty:\r\nX-Spaces: \t a  b \t\r\n\r\n", nil, nil},
		{"https://user:secret@tls.example", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", func(r *fetch.Result) {
			r.Times.TLS = 15 * time.Millisecond
			r.Session = &fetch.Session{
				Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Curve: "X25519", ALPN: "http/1.1", ServerName: "tls.example",
				Verified: true, Stapled: true,
				Described: []fetch.Certificate{
					{
						Subject: "CN=tls.example", Issuer: "CN=Sample CA,O=\"Quoted\"", Names: []string{"tls.example", "*.tls.example", "192.0.2.1"},
						Serial: "04d2", SHA256: strings.Repeat("0a", 32), Key: "ECDSA P-256",
						NotBefore: time.Unix(1700000000, 0).UTC(), NotAfter: time.Unix(1800000000, 0).UTC(),
					},
					{Subject: "CN=Sample CA,O=\"Quoted\"", Issuer: "CN=Root", SHA256: strings.Repeat("0b", 32)},
					{SHA256: strings.Repeat("0c", 32)},
				},
			}
		}, nil},
		{"hints.example", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nLink: </b.css>\r\n\r\n", nil, nil},
		{"odd.example", "\r\nHTTP/2.0\t299  Odd \nX-Fold: a\r\n  b\r\nno colon\r\n: no name\r\nSp ace : x\r\nContent-Length: 1\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n", nil, nil},
		{"hostile.example", "HTTP/1.1 200 \x1b[31mred\r\nX-Esc: \x1b]0;owned\x07\r\nX-C1: \xc2\x9b31m\r\nX-Bidi: \xe2\x80\xaegnp.exe\r\nX-Latin: caf\xe9\r\nX-UTF8: café ☃\r\nX-Nul: a\x00b\r\nX-CR: a\rb\r\nX-Quote: \"\\\r\nX-Fake: \\x1b\r\n\r\n", nil, nil},
		{"cut.example", "HTTP/1.1 200 OK\r\nServer: x\r\nX-Half: y", nil, nil},
		{"not.http.example", "SSH-2.0-OpenSSH_9.2\x1b[0m\r\n", nil, nil},
		{"0.9.example", "<html>hello</html>\r\n", nil, nil},
		{"empty.example", "", nil, nil},
		{"refused.example", "", failure(fetch.StageConnect, fetch.KindRefused, syscall.ECONNREFUSED, ""), nil},
		{"nosuch.example", "", failure(fetch.StageDNS, fetch.KindNotFound, errors.New("no such host"), ""), nil},
		{"https://expired.example", "", failure(fetch.StageTLS, fetch.KindCertificate, errors.New("expired\x1b[31m\n"), "skip the check with -k"), nil},
		{"bad host", "", nil, nil},
		{
			"chain.example/#part", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 301 Moved Permanently\r\nLocation: //www.chain.example\r\n\r\n",
			func(r *fetch.Result) {
				r.Hops[0].Proxy = "http://proxy.example:3128"
				r.Hops[1].Target.TLS, r.Hops[1].Target.Port = true, 443
				r.Hops[1].Session = &fetch.Session{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"}
				r.Hops[1].Withheld = []string{"Authorization", "Cookie"}
			},
			[]string{"HTTP/1.1 302 Found\r\nX-Esc: \x1b[31m\r\nLocation: /caf\xe9 x\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"},
		},
		{"torn.example", "HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n", nil, []string{"HTTP/1.1 302 Found\r\nLocation: /b\r\nLocation: /c\r\n\r\n"}},
		{
			"gone.example", "HTTP/1.1 302 Found\r\nLocation: http://refused.example/\r\n\r\n",
			failure(fetch.StageConnect, fetch.KindRefused, syscall.ECONNREFUSED, ""),
			[]string{""},
		},
	}
}

// results asks for the samples over pipes, then makes all that varies the same in every run.
func results(t testing.TB) []*fetch.Result {
	t.Helper()
	addr := netip.MustParseAddr("203.0.113.9")
	var list []*fetch.Result
	for i, s := range samples() {
		answers := [][]byte{[]byte(s.bytes)}
		for _, then := range s.then {
			answers = append(answers, []byte(then))
		}
		r := ask(t, s.target, answers...)
		r.Target.Index = i
		r.Begun = time.Date(2026, 11, 25, 18, 54, 0, 123_000_000, time.UTC)
		r.Times = fetch.Times{}
		if r.Target.Err == nil {
			r.Addr = netip.AddrPortFrom(addr, r.Target.Port)
			r.Times = fetch.Times{
				DNS: 2100 * time.Microsecond, Connect: 10300 * time.Microsecond,
				FirstByte: 21 * time.Millisecond, Total: 21200 * time.Microsecond,
			}
		}
		for i := range r.Hops {
			r.Hops[i].Addr = netip.AddrPortFrom(addr, r.Hops[i].Target.Port)
			r.Hops[i].Times = fetch.Times{Connect: time.Millisecond, FirstByte: 2 * time.Millisecond, Total: 3 * time.Millisecond}
		}
		if s.edit != nil {
			s.edit(r)
		}
		list = append(list, r)
	}
	return list
}

// ask asks a target, in the clear even if it is https, and gets the answers in turn.
func ask(t testing.TB, text string, answers ...[]byte) *fetch.Result {
	t.Helper()
	spec, err := fetch.Parse(text, fetch.Defaults{})
	targets := slices.Collect(spec.All())
	if err != nil {
		targets = []fetch.Target{fetch.BadTarget(text, err)}
	}
	tls := targets[0].TLS
	targets[0].TLS = false
	results := fetch.All(t.Context(), slices.Values(targets), fetch.Options{
		Routes: []fetch.Route{{Addrs: []netip.Addr{netip.MustParseAddr("203.0.113.9")}}},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			answer := answers[0]
			answers = answers[1:]
			return testserver.Pipe(testserver.Answer(string(answer)))(ctx, network, address)
		},
		Location: len(answers) > 1, MaxRedirect: len(answers) - 1,
	})
	r := <-results
	r.Target.TLS = tls
	if len(r.Hops) == 0 {
		r.Reply.Target.TLS = tls
	}
	for range results {
		t.Error("more than one result of", text)
	}
	return r
}

// drain is drainForeign for results of this program. The error is also that of a
// record that its schema does not know.
func drain(list []*fetch.Result, f report.Format, o report.Options) (stdout, stderr []byte, s report.Summary, err error) {
	stdout, stderr, s, err = drainForeign(list, f, o)
	if f.Name == "json" && len(o.Columns) == 0 && o.Baseline == nil && err == nil {
		_, err = recordSchema().Check(stdout)
	}
	return stdout, stderr, s, err
}

// drainForeign shows results one by one, as if each had to be waited for.
func drainForeign(list []*fetch.Result, f report.Format, o report.Options) (stdout, stderr []byte, s report.Summary, err error) {
	feed := make(chan *fetch.Result)
	go func() {
		defer close(feed)
		for _, r := range list {
			feed <- r
		}
	}()
	var out, errors bytes.Buffer
	s, err = report.Drain(feed, nil, []report.Sink{{Format: f, Out: &out}}, &errors, o, func(error) {})
	return out.Bytes(), errors.Bytes(), s, err
}

// recordSchema is the schema that every record of the tests is held against.
var recordSchema = sync.OnceValue(func() *testrecord.Schema {
	schema, err := testrecord.Load("../../docs/record.schema.json")
	if err != nil {
		panic(err)
	}
	return schema
})

// A format's golden files hold what it prints of the samples: on stdout, and on stderr.
func TestGolden(t *testing.T) {
	list := results(t)
	type way struct {
		name   string
		format report.Format
		o      report.Options
	}
	ways := []way{
		{"lines.color", format(t, "lines"), report.Options{Color: true, ColorErr: true, Verbose: true}},
		{"lines.few.colors", format(t, "lines"), report.Options{Color: true, ColorErr: true, FewColors: true, Verbose: true}},
		{"lines.group.color", format(t, "lines"), report.Options{Group: new(report.GroupBy), Verbose: true, Color: true}},
		{"json.raw", format(t, "json"), report.Options{IncludeRaw: true, Verbose: true}},
	}
	for name, list := range map[string]string{
		"lines": "server,status,x-fold,seconds.total", "json": "status,Server,header.set-cookie,error.kind,tls.subject,time",
		"csv": "target,server,x-utf8,x-esc,header.status,tls.not_after,anomalies", "table": "target,proto,reason,x-utf8",
	} {
		columns, err := report.ParseColumns(list)
		if err != nil {
			t.Fatal(err)
		}
		ways = append(ways, way{name + ".fields", format(t, name), report.Options{Columns: columns}})
	}
	ways = append(
		ways,
		way{"lines.group", format(t, "lines"), report.Options{Group: new(report.GroupBy), Verbose: true}},
		way{"json.group", format(t, "json"), report.Options{Group: new(report.GroupBy)}},
		way{"json.pairs", format(t, "json"), report.Options{Pairs: true}},
		way{"table.60", format(t, "table"), report.Options{Width: 60, Color: true}},
		way{"table.200", format(t, "table"), report.Options{Width: 200}},
	)
	for _, f := range report.Formats() {
		ways = append(ways, way{f.Name, f, report.Options{}})
	}
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			out, stderr, summary, err := drain(list, w.format, w.o)
			if err != nil || summary.Total() != len(list) {
				t.Errorf("%d records of %d results, error %v", summary.Total(), len(list), err)
			}
			golden(t, w.name+".golden", out)
			golden(t, w.name+".stderr.golden", stderr)
		})
	}
}

// Names and values of every width stand in columns, at each width of a terminal and in a pipe.
func TestGoldenWidths(t *testing.T) {
	var list []*fetch.Result
	for i, text := range []string{"中文主机.example", "e\u0301\u0323a\u0300.example", "한국어.example", "👩‍👩‍👧.example", "a.example", "…¡.example"} {
		r := ask(t, "h.test", []byte(fmt.Sprintf("HTTP/1.1 %d OK\r\nServer: %s\r\nLocation: https://%[2]s/%s\r\n\r\n", 200+i, text, strings.Repeat("界e\u0301", 8*i))))
		r.Target.Text = text
		list = append(list, r)
	}
	gone := ask(t, "h.test", nil)
	gone.Target.Text = "日本.example"
	list = append(list, gone)
	for _, width := range []int{0, 60, 80, 200} {
		out, _, _, err := drain(list, format(t, "table"), report.Options{Width: width})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("table.wide.%d.golden", width), out)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("../../testdata/golden", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: go test ./internal/report -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// format is the format of that name.
func format(t testing.TB, name string) report.Format {
	t.Helper()
	f, found := report.LookupFormat(name)
	if !found {
		t.Fatalf("no format %s", name)
	}
	return f
}

// The zero format and options are the first format.
func TestZeroOptions(t *testing.T) {
	list := results(t)
	zero, _, _, _ := drain(list, report.Format{}, report.Options{})
	first, _, _, _ := drain(list, report.Formats()[0], report.Options{})
	if !bytes.Equal(zero, first) {
		t.Errorf("the zero options print\n%s\nand the first format\n%s", zero, first)
	}
}

func TestLookupFormat(t *testing.T) {
	for _, f := range report.Formats() {
		if found, known := report.LookupFormat(f.Name); !known || found.Name != f.Name || f.About == "" {
			t.Errorf("%q: known %t, about %q", f.Name, known, f.About)
		}
	}
	for _, name := range []string{"", "JSON", "yaml"} {
		if _, known := report.LookupFormat(name); known {
			t.Errorf("%q is a format", name)
		}
	}
}

// A format does what its row in the table says, and nothing else.
func TestFormatCapabilities(t *testing.T) {
	list := results(t)
	for _, f := range report.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			out, stderr, _, _ := drain(list, f, report.Options{})
			for _, cause := range []string{"connection refused", "no such host", "closed without a reply"} {
				if inRecord := bytes.Contains(out, []byte(cause)); inRecord != f.ShowsErrors {
					t.Errorf("ShowsErrors is %t and the records hold %q: %t", f.ShowsErrors, cause, inRecord)
				}
			}
			if f.ShowsErrors != (len(stderr) == 0) {
				t.Errorf("ShowsErrors is %t and stderr has\n%s", f.ShowsErrors, stderr)
			}
			if r, bad := unsafe(strings.ReplaceAll(string(out), "\n", "")); bad != f.Binary {
				t.Errorf("Binary is %t and the first unsafe character is %q", f.Binary, r)
			}
			withRaw, _, _, _ := drain(list, f, report.Options{IncludeRaw: true})
			if more := !bytes.Equal(withRaw, out); more != f.HasRaw {
				t.Errorf("HasRaw is %t and IncludeRaw changes the records: %t", f.HasRaw, more)
			}
		})
	}
}

// A summary counts every record once.
func TestSummary(t *testing.T) {
	list := results(t)
	_, _, s, _ := drain(list, report.Format{}, report.Options{})
	kinds := make(map[fetch.Kind]int)
	var statuses [1000]int
	answered, failed := 0, 0
	for _, r := range list {
		if r.Err != nil {
			failed++
			kinds[r.Err.Kind]++
		} else {
			answered++
			statuses[r.Head.Status]++
		}
	}
	want := report.Summary{Answered: answered, Failed: failed, Statuses: statuses, Kinds: kinds}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(report.Summary{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		s    report.Summary
		took time.Duration
		want string
	}{
		{report.Summary{}, 0, "0 hosts: 0 answered, 0 failed in 0.00 s"},
		{report.Summary{Answered: 1}, 14 * time.Millisecond, "1 host: 1 answered, 0 failed in 0.01 s"},
		{report.Summary{Answered: 2, Failed: 1}, 61 * time.Second, "3 hosts: 2 answered, 1 failed in 61.00 s"},
	} {
		if got := c.s.Line(c.took); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestBreakdown(t *testing.T) {
	answered := func(status int, firstByte time.Duration) *fetch.Result {
		return &fetch.Result{Reply: fetch.Reply{Head: fetch.Head{Status: status}, Times: fetch.Times{FirstByte: firstByte}}}
	}
	failed := func(kind fetch.Kind) *fetch.Result { return &fetch.Result{Err: &fetch.Error{Kind: kind, Err: io.EOF}} }
	for _, c := range []struct {
		name string
		list []*fetch.Result
		want string
	}{
		{"nothing", nil, ""},
		{"no answer", []*fetch.Result{
			failed(fetch.KindTimeout), failed(fetch.KindRefused), failed(fetch.KindReset), failed(fetch.KindReset),
		}, "failed: reset 2, refused 1, timeout 1\n"},
		{"answers", []*fetch.Result{
			answered(200, time.Millisecond), answered(204, time.Millisecond), answered(404, 2*time.Second),
			answered(99, 0), answered(999, time.Minute), failed(fetch.KindClosed),
		}, "status: 0xx 1, 2xx 2, 4xx 1, 9xx 1\nfailed: closed 1\nfirst byte: median 0.00099 s, 99th percentile 61 s\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, s, _ := drain(c.list, report.Format{}, report.Options{})
			if got := s.Breakdown(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Neighbours differ in colour, and so do the ports of a host; a host keeps its
// colour while its lines go on.
func TestNeighboursDifferInColour(t *testing.T) {
	lines, _ := report.LookupFormat("lines")
	var list []*fetch.Result
	for i := range 200 {
		list = append(list, ask(t, fmt.Sprintf("h.test:%d", 8000+i), []byte("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")))
	}
	out, _, _, _ := drain(list, lines, report.Options{Color: true})
	before, colour := "", ""
	for line := range strings.Lines(string(out)) {
		sequence, rest, _ := strings.Cut(strings.TrimPrefix(line, "\x1b["), "m")
		label, _, _ := strings.Cut(rest, " header")
		if (label == before) != (sequence == colour) {
			t.Fatalf("%q after %q: colours %s and %s", label, before, sequence, colour)
		}
		before, colour = label, sequence
	}
}
