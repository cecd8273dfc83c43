package report

import (
	"bytes"
	"strconv"

	"wget/internal/fetch"
)

// text is the lines format:
//
//	sina.com.cn header > HTTP/1.1 302 Found
//
// Failures are talk:
//
//	sohu.com error > connect: connection refused
type text struct {
	out, talk palette
	verbose   bool

	label, code []byte // of the section at hand, kept for their memory
}

func newText(o Options) Reporter {
	return &text{out: newPalette(o.Color), talk: newPalette(o.ColorErr), verbose: o.Verbose}
}

func (t *text) Report(out, talk []byte, r *fetch.Result) ([]byte, []byte) {
	if r.Err == nil || r.Err.Kind != fetch.KindMalformed {
		for i := range r.Interim {
			out = t.appendHead(out, r, &r.Interim[i])
		}
		out = t.appendHead(out, r, &r.Head)
	}
	return out, appendTalk(talk, &t.talk, r, t.verbose)
}

func (t *text) appendHead(out []byte, r *fetch.Result, h *fetch.Head) []byte {
	t.label = t.out.host(r.Target.Host).appendEscaped(t.label[:0], []byte(r.Target.Text))
	t.label = append(t.label, " header > "...)
	t.code = strconv.AppendInt(t.code[:0], int64(h.Status), 10)
	code := t.code
	for line := range h.Lines() {
		out = append(out, t.label...)
		if p := t.out.status(h.Status); p.on != "" && bytes.HasPrefix(line, []byte("HTTP/")) {
			before, after, _ := bytes.Cut(line, code)
			out = appendEscaped(out, before)
			out = p.appendEscaped(out, code)
			out = appendEscaped(out, after)
			code = nil
		} else {
			out = appendEscaped(out, line)
		}
		out = append(out, '\n')
	}
	return out
}

// appendTalk appends what formats without error records say on stderr.
func appendTalk(talk []byte, p *palette, r *fetch.Result, verbose bool) []byte {
	say := func(what string, paint paint, message string) {
		talk = p.host(r.Target.Host).appendEscaped(talk, []byte(r.Target.Text))
		talk = append(talk, ' ')
		talk = append(talk, paint.on...)
		talk = append(talk, what...)
		talk = append(talk, paint.off...)
		talk = append(talk, " > "...)
		talk = appendEscaped(talk, []byte(message))
		talk = append(talk, '\n')
	}
	if verbose {
		for a := range r.Anomalies().All() {
			say("anomaly", p.note, a.Name+": "+a.Meaning)
		}
	}
	if r.Err != nil {
		say("error", p.err, r.Err.Error())
		if r.Err.Hint != "" {
			say("hint", p.note, r.Err.Hint)
		}
	}
	return talk
}
