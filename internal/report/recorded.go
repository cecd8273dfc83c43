package report

import (
	"errors"
	"iter"
	"strings"
	"time"

	"wget/internal/fetch"
)

// Result is the result that a record was made of, as far as the record tells.
// Names of header fields are as they were recorded, and exact where the record
// holds the sections themselves. A record of chosen fields may lack the URL and the
// protocol: they are those of a target as it was typed.
func (r *Record) Result() *fetch.Result {
	index := max(r.Index, 0)
	answer := r.Answer
	if answer.URL == "" && (r.Error == nil || r.Error.Stage != fetch.StageTarget) {
		answer.URL = r.Target
	}
	if answer.Proto == "" && answer.Status > 0 {
		answer.Proto = "HTTP/1.1"
	}
	out := &fetch.Result{
		Target: fetch.RecordedTarget(index, r.Target, answer.URL),
		Begun:  r.Time,
		Tries:  max(r.Tries, 1),

		Partial: r.Partial,
	}
	odd := fetch.AnomaliesNamed(r.Anomalies)
	out.Reply = answer.reply(odd)
	out.Reply.Target.Index, out.Reply.Target.Text = index, r.Target
	for i := range r.Hops {
		isLast := answer.Proto == "" && len(answer.Interim) == 0 && i == len(r.Hops)-1
		out.Hops = append(out.Hops, r.Hops[i].reply(oddIf(isLast, odd)))
	}
	if r.Edge != nil {
		out.Edge = &fetch.Edge{N: r.Edge.N, Of: r.Edge.Of, Addr: r.Edge.Addr}
		if !r.Edge.Addr.IsValid() {
			out.Edge.Addr = out.LedTo(-1).Addr.Addr()
		}
	}
	if e := r.Error; e != nil {
		out.Err = &fetch.Error{Stage: e.Stage, Kind: e.Kind, Err: errors.New(unescape(e.Message)), Hint: e.Hint}
		switch {
		case e.Stage == fetch.StageTarget:
			out.Target.Err, out.Reply.Target.Err = out.Err, out.Err
		case !isShown(out):
			out.Head = fetch.Head{} // it was refused, whatever it looks like
		}
	}
	return out
}

// reply is the reply that an answer was made of. odd is what was odd in all
// sections of the record: it counts in the last of them, if that is one of these and
// not known to the byte.
func (a *Answer) reply(odd fetch.Anomalies) fetch.Reply {
	r := fetch.Reply{
		Target: fetch.RecordedTarget(0, a.URL, a.URL),
		Addr:   a.Addr, Proxy: a.Proxy, Raw: a.Raw, Size: a.Bytes,
		Session: a.TLS.session(),
		Times: fetch.Times{
			DNS: inTime(a.Seconds.DNS), Connect: inTime(a.Seconds.Connect), TLS: inTime(a.Seconds.TLS),
			FirstByte: inTime(a.Seconds.FirstByte), Total: inTime(a.Seconds.Total),
		},
	}
	if len(a.Raw) > 0 {
		r.Interim, r.Head = fetch.RecordedSections(a.Raw)
	}
	if r.Head.Proto != "" || len(a.Raw) > 0 && a.Proto == "" {
		return r
	}
	r.Interim = nil
	for i := range a.Interim {
		isLast := a.Proto == "" && i == len(a.Interim)-1
		r.Interim = append(r.Interim, a.Interim[i].head(oddIf(isLast, odd)))
	}
	if a.Proto != "" {
		r.Head = a.Section.head(odd)
	}
	return r
}

// oddIf is what was odd in all sections, if it is to count in this one.
func oddIf(counts bool, odd fetch.Anomalies) fetch.Anomalies {
	if counts {
		return odd
	}
	return 0
}

func (s *Section) head(odd fetch.Anomalies) fetch.Head {
	return fetch.RecordedHead(oneLine(s.Proto), s.Status, oneLine(s.Reason), s.fields(), odd)
}

// fields yields the fields in the order in which they were recorded.
func (s *Section) fields() iter.Seq2[string, string] {
	list := s.Pairs
	if list == nil {
		list = s.Headers
	}
	return func(yield func(name, value string) bool) {
		for _, f := range list {
			// Neither can hold a line end: those are where the section was split.
			if !yield(oneLine(f.Name), oneLine(f.Value)) {
				return
			}
		}
	}
}

// oneLine keeps a record that was made by somebody else from adding lines.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// inTime is a time that a record can hold again, whatever it has been written
// down as: no step takes less than none, or thirty years.
func inTime(seconds float64) time.Duration {
	return time.Duration(min(max(seconds, 0), 1e9) * float64(time.Second))
}

func (t *TLS) session() *fetch.Session {
	if t == nil {
		return nil
	}
	s := &fetch.Session{
		Version: t.Version, Cipher: t.Cipher, Curve: t.Curve, ALPN: t.ALPN, ServerName: t.SNI, Verified: t.Verified, Stapled: t.Stapled,
	}
	if t.SHA256 != "" || t.Subject != "" {
		s.Described = append(s.Described, fetch.Certificate(t.Certificate))
	}
	for _, c := range t.Chain {
		s.Described = append(s.Described, fetch.Certificate(c))
	}
	return s
}
