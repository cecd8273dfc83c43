package report

import "wget/internal/fetch"

// raw is the bytes and nothing else.
type raw struct {
	talk    palette
	verbose bool
}

func newRaw(o Options) Reporter { return &raw{newPalette(o.ColorErr), o.Verbose} }

func (w *raw) Report(out, talk []byte, r *fetch.Result) ([]byte, []byte) {
	if r.Err == nil || r.Err.Kind != fetch.KindMalformed {
		out = append(out, r.Raw...)
	}
	return out, appendTalk(talk, &w.talk, r, w.verbose)
}
