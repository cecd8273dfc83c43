package report

import "wget/internal/fetch"

// raw is the format of that name: the bytes of the header sections and nothing
// else.
type raw struct{ unframed }

func newRaw(Options) Reporter { return raw{} }

func (raw) Record(b []byte, r *fetch.Result) []byte {
	for i := range r.Hops {
		b = append(b, r.Hops[i].Raw...)
	}
	if !isShown(r) {
		return b
	}
	return append(b, r.Raw...)
}
