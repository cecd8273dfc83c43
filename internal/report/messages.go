package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wget/internal/fetch"
)

// messages words what stderr says about hosts:
//
//	wget sohu.com...
//	sohu.com tried > 192.0.2.1:80: connection refused after 0.00021 s
//	sohu.com request > GET / HTTP/1.1
//	sohu.com timing > connect 0.010 s, first byte 0.021 s, total 0.021 s
//	https://sohu.com tls > TLS 1.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768, …
//	sohu.com withheld > Authorization: not for https://other.example/
//	sohu.com@192.0.2.3 absent > cache-control, strict-transport-security
//	sohu.com anomaly > bare-lf: a line ends with LF alone (RFC 9112 section 2.2)
//	sohu.com error > connect: connection refused
//	sohu.com hint > …
type messages struct {
	program  string
	palette  palette
	verbose  bool
	detailed bool
	errors   bool
	canceled bool // errors of hosts that were canceled too

	edges edges // of the target at hand, if verbose
}

// newMessages turns on the errors if the reader of some sink would not see
// them in the records.
func newMessages(sinks []Sink, o Options) messages {
	return messages{
		edges:    edges{rule: newRule()},
		program:  cmp.Or(o.Program, "wget"),
		palette:  newPalette(o, o.ColorErr),
		verbose:  o.Verbose,
		detailed: o.Detailed,
		canceled: !o.CountInterrupted,
		errors: slices.ContainsFunc(sinks, func(s Sink) bool {
			if f := s.format(); f.ShowsErrors {
				return !f.Opens && len(o.Columns) > 0 && !showsErrors(o.Columns)
			}
			return o.Group == nil && o.Baseline == nil
		}),
	}
}

// appendStart announces a target whose turn has come.
func (m *messages) appendStart(b []byte, t *fetch.Target) []byte {
	b = append(append(b, m.program...), ' ')
	b = m.palette.host(t).appendEscaped(b, []byte(t.Text))
	return append(b, "...\n"...)
}

// appendResult appends the messages about one result.
func (m *messages) appendResult(b []byte, r *fetch.Result) []byte {
	if m.verbose {
		b = m.appendChain(b, r)
		for a := range r.Anomalies().All() {
			b = m.appendLine(b, r, "anomaly", m.palette.note, a.Name+": "+a.Meaning)
		}
		if isEdge(r) && isAnswered(r) {
			m.edges.results = append(m.edges.results, r)
		}
	}
	if m.errors && r.Err != nil && (m.canceled || r.Err.Kind != fetch.KindCanceled) {
		b = m.appendLine(b, r, "error", m.palette.err, r.Err.Error())
		if r.Err.Hint != "" {
			b = m.appendLine(b, r, "hint", m.palette.note, r.Err.Hint)
		}
	}
	return b
}

// appendAbsent tells which fields an address of a target lacks that most of its
// addresses send, once all of them have come. Fields of one reply do not count.
func (m *messages) appendAbsent(b []byte) []byte {
	results := m.edges.results
	m.edges.results = nil
	sections := make([]section, len(results))
	counts := make(map[string]int)
	var names []string
	for i, r := range results {
		sections[i] = sectionOf(&r.Head)
		for _, name := range sections[i].names {
			if counts[name]++; counts[name] == 1 && !m.edges.rule.isReply(name) {
				names = append(names, name)
			}
		}
	}
	for i, r := range results {
		var absent []string
		for _, name := range names {
			if sections[i].lines[name] == nil && 2*counts[name] > len(results) {
				absent = append(absent, name)
			}
		}
		if len(absent) > 0 {
			b = m.appendLine(b, r, "absent", m.palette.note, strings.Join(absent, ", "))
		}
	}
	return b
}

// appendChain tells of each request what its answer does not: the credentials
// that were dropped, the proxy, if it is not that of the request before, and the
// TLS session.
func (m *messages) appendChain(b []byte, r *fetch.Result) []byte {
	proxy := ""
	for reply := range r.Replies() {
		if len(reply.Withheld) > 0 {
			b = m.appendLine(b, r, "withheld", m.palette.note, strings.Join(reply.Withheld, ", ")+": not for "+reply.Target.URL())
		}
		if reply.Proxy != "" && reply.Proxy != proxy {
			b = m.appendLine(b, r, "proxy", m.palette.note, reply.Proxy)
		}
		proxy = reply.Proxy
		if m.detailed {
			b = m.appendTried(b, r, reply)
		}
		if reply.Session != nil {
			for _, line := range sessionLines(reply.Session, r) {
				b = m.appendLine(b, r, "tls", m.palette.note, line)
			}
		}
		if m.detailed {
			b = m.appendSent(b, r, reply)
		}
	}
	return b
}

// appendTried tells which addresses were tried.
func (m *messages) appendTried(b []byte, r *fetch.Result, reply *fetch.Reply) []byte {
	if reply.Trace == nil {
		return b
	}
	for _, a := range reply.Trace.Tried {
		came := "connected"
		if a.Err != nil {
			came = a.Err.Error()
		}
		b = m.appendLine(b, r, "tried", m.palette.note, fmt.Sprintf("%s: %s after %s", a.To, came, inSeconds(a.After)))
	}
	return b
}

// appendSent tells the request that was sent, without credentials, and when each
// step was over.
func (m *messages) appendSent(b []byte, r *fetch.Result, reply *fetch.Reply) []byte {
	if reply.Trace == nil {
		return b
	}
	for line := range strings.Lines(string(reply.Trace.Request)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			b = m.appendLine(b, r, "request", m.palette.note, withoutSecret(line))
		}
	}
	var steps []string
	for _, step := range []struct {
		name string
		at   time.Duration
	}{
		{"dns", reply.Times.DNS},
		{"connect", reply.Times.Connect},
		{"tls", reply.Times.TLS},
		{"first byte", reply.Times.FirstByte},
		{"total", reply.Times.Total},
	} {
		if step.at > 0 {
			steps = append(steps, step.name+" "+inSeconds(step.at))
		}
	}
	return m.appendLine(b, r, "timing", m.palette.note, strings.Join(steps, ", "))
}

// withoutSecret hides the value of a field that holds credentials, and passwords in
// the URLs of others.
func withoutSecret(line string) string {
	name, value, found := strings.Cut(line, ":")
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "cookie2":
		return name + ": ***"
	}
	if !found {
		return line
	}
	return name + ":" + fetch.MaskUsers(value)
}

// appendLine appends "TARGET WORD > TEXT". The text may hold a server's bytes.
func (m *messages) appendLine(b []byte, r *fetch.Result, word string, colour paint, text string) []byte {
	b = m.palette.host(&r.Target).appendEscaped(b, []byte(label(r)))
	b = append(b, ' ')
	b = append(b, colour.on...)
	b = append(b, word...)
	b = append(b, colour.off...)
	b = append(b, " > "...)
	b = appendEscaped(b, []byte(text))
	return append(b, '\n')
}
