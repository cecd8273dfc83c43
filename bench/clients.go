//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// A client is a program that asks the hosts of a list for their headers and prints them.
type client struct {
	name  string
	argv  func(l *lab, j job) []string
	input list // what stands in the file given to it
	stdin bool // and whether it reads that file as its stdin
	talks bool // prints headers to stderr
	deep  bool // can have thousands of hosts in flight
	tls   bool

	named   bool               // its list has names
	ordered bool               // prints records in the order of the list
	fate    func(i int) string // what must come of host i in its list; nil: all are answered

	// What its output must hold once for each host: the status line and the last field.
	status, last string
}

// A job is a list of hosts on one port, and how many of them to have in flight.
type job struct {
	net             network
	port            int
	https           bool
	hosts, parallel int
	tally           *tally // to reconcile the records with, instead of counting answers
}

// A list is a way to write down host i, one per line.
type list func(j job, i int) string

func hostList(j job, i int) string { return j.net.host(i) }

func urlList(j job, i int) string {
	scheme := "http"
	if j.https {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s:%d/", scheme, j.net.host(i), j.port)
}

func nameList(_ job, i int) string { return hostName(i) }

func curlList(j job, i int) string { return fmt.Sprintf("url = %q", urlList(j, i)) }

// file writes the list of a job, and says where it is.
func (l *lab) file(kind list, j job) (string, error) {
	f, err := os.Create(l.path("list"))
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	for i := range j.hosts {
		fmt.Fprintln(w, kind(j, i))
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return "", err
	}
	return f.Name(), f.Close()
}

const systemPython = "/usr/bin/python3" // the one that the distribution's aiohttp belongs to

func clients() []client {
	const status, last = "HTTP/1.1 200 OK", "Accept-Ranges: bytes"
	python := func(script string) func(*lab, job) []string {
		return func(l *lab, j job) []string {
			return []string{systemPython, l.path("peers/" + script), strconv.Itoa(j.port), strconv.Itoa(j.parallel)}
		}
	}
	return []client{
		{
			name: "floor", input: hostList, stdin: true, deep: true, status: status, last: last,
			argv: func(l *lab, j job) []string {
				return []string{l.path("floor"), "-c", strconv.Itoa(j.parallel), strconv.Itoa(j.port)}
			},
		},
		{
			name: "wget", input: hostList, deep: true, tls: true, status: status, last: last,
			argv: ours(),
		},
		{
			name: "wget-other", input: hostList, deep: true, tls: true, status: status, last: last,
			argv: func(l *lab, j job) []string { return append([]string{l.other}, ours()(l, j)[1:]...) },
		},
		{
			name: "wget-http2", input: hostList, tls: true, status: "HTTP/2 200", last: "accept-ranges: bytes",
			argv: ours("--http2"),
		},
		{
			name: "wget-json", input: hostList, deep: true, tls: true, status: `"status":200`, last: `"accept-ranges"`,
			argv: ours("--json"),
		},
		{
			name: "wget-held", input: hostList, status: status, last: last,
			argv: ours("--keep-order"),
		},
		{
			name: "wget-csv", input: hostList, deep: true, status: ",200,", last: ",200,",
			argv: ours("--csv"),
		},
		{
			name: "wget-group", input: hostList, deep: true, status: `"status":200`, last: `"group"`,
			argv: ours("--json", "--group"),
		},
		{
			name: "wget-policy", input: hostList, deep: true, status: status, last: last,
			argv: ours("--expect", "status < 400", "--expect", "hsts == -1 || hsts >= 300",
				"--fail-if", `server matches "^Apache/\\d+"`, "--expect", `all(cookies, .Path == "/")`),
		},
		{
			name: "wget-kept", input: hostList, status: `"status":200`, last: `"accept-ranges"`,
			argv: func(l *lab, j job) []string { // and what it has written is printed, so that it can be counted
				const script = `rm -f "$0" && "$@" -c -O "$0" && cat "$0"`
				return append([]string{"sh", "-c", script, "/dev/shm/wget-bench.ndjson"}, ours()(l, j)...)
			},
		},
		{
			name: "wget-ordered", input: hostList, ordered: true, status: `"status":200`, last: `"accept-ranges"`,
			argv: ours("--json", "--keep-order"),
		},
		{
			name: "wget-faulty", input: faultyList, fate: fateOf,
			argv: ours("--json", "--read-timeout", "2s"),
		},
		{
			name: "wget-names", input: nameList, named: true, status: status, last: last,
			argv: ours("--dns-servers", dnsServer),
		},
		{
			name: "wget-resolv.conf", input: nameList, named: true, status: status, last: last,
			argv: ours(),
		},
		{
			name: "wget-lossy", input: nameList, named: true, status: `"status":200`, last: `"accept-ranges"`,
			argv: ours("--json", "--dns-servers", lossyServer),
		},
		{
			name: "curl", input: curlList, tls: true, status: status, last: last,
			argv: curl("--http1.1"),
		},
		{
			name: "curl-http2", input: curlList, tls: true, status: "HTTP/2 200", last: "accept-ranges: bytes",
			argv: curl("--http2"),
		},
		{
			name: "gnu-wget", input: urlList, talks: true, tls: true, status: status, last: last,
			argv: func(l *lab, _ job) []string { // one by one: it knows no other way
				return []string{"wget", "--no-config", "--no-check-certificate", "--spider", "-S", "-i", l.path("list")}
			},
		},
		{
			name: "lesson", input: hostList, stdin: true, deep: true, status: status, last: last,
			argv: python("lesson.py"),
		},
		{
			name: "aiohttp", input: hostList, stdin: true, deep: true, status: status, last: last,
			argv: python("with_aiohttp.py"),
		},
	}
}

func ours(more ...string) func(*lab, job) []string {
	return func(l *lab, j job) []string {
		argv := []string{l.wget, "--port", strconv.Itoa(j.port), "--parallel-max", strconv.Itoa(j.parallel), "-i", l.path("list")}
		if j.https {
			argv = append(argv, "--https", "-k")
		}
		return append(argv, more...)
	}
}

func curl(protocol string) func(*lab, job) []string {
	return func(l *lab, j job) []string {
		return []string{
			"curl", "-q", "-sS", "-I", "-k", protocol, "--parallel", "--parallel-max", strconv.Itoa(j.parallel),
			"-K", l.path("list"),
		}
	}
}

func names() []string {
	var all []string
	for _, c := range clients() {
		all = append(all, c.name)
	}
	return all
}

// pick returns the clients of these names, in the order of clients().
func pick(wanted []string) ([]client, error) {
	var picked []client
	left := map[string]bool{}
	for _, name := range wanted {
		left[name] = true
	}
	for _, c := range clients() {
		if left[c.name] {
			picked = append(picked, c)
			delete(left, c.name)
		}
	}
	for name := range left {
		return nil, fmt.Errorf("there is no client %q", name)
	}
	return picked, nil
}

// missing says why a client cannot run here, or not like this.
func (c client) missing(l *lab, p point) error {
	if p.https && !c.tls {
		return errors.New("it knows no TLS")
	}
	if p.delay > 0 && !p.https && !c.deep {
		return errors.New("it cannot have thousands in flight")
	}
	if c.named && !p.names {
		return errors.New("it takes a resolver")
	}
	if c.fate != nil && !p.faulty {
		return errors.New("it takes hosts that misbehave")
	}
	program := c.argv(l, job{})[0]
	if _, err := exec.LookPath(program); err != nil {
		return err
	}
	if c.name == "aiohttp" {
		return quiet(exec.Command(program, "-c", "import aiohttp"))
	}
	return nil
}
