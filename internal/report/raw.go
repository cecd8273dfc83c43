package report

import "wget/internal/fetch"

// raw is the format of that name: the bytes of the header sections and nothing
// else.
type raw struct{ unframed }

func newRaw(Options) Reporter { return raw{} }

func (raw) Record(b []byte, r *fetch.Result) []byte {
	for i := range r.Hops {
		b = appendRawSections(b, &r.Hops[i])
	}
	if !isShown(r) {
		return b
	}
	return appendRawSections(b, &r.Reply)
}

func appendRawSections(b []byte, r *fetch.Reply) []byte {
	for i := range r.Interim {
		b = append(b, r.Interim[i].Raw...)
	}
	return append(b, r.Head.Raw...)
}
