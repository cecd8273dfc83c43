package report

import "wget/internal/fetch"

// Finished is a format without the records of targets that were canceled, since
// they are to be asked again. With ordered, it has none of what comes after the
// first of them either, so that what is asked again comes in order. The records
// that it has are counted in recorded.
func Finished(f Format, ordered bool, recorded *Summary) Format {
	whole := f.New
	f.New = func(o Options) Reporter { return &finished{Reporter: whole(o), ordered: ordered, recorded: recorded} }
	return f
}

type finished struct {
	Reporter
	ordered  bool
	ended    bool // nothing more is recorded
	recorded *Summary
}

func (f *finished) Record(b []byte, r *fetch.Result) []byte {
	canceled := r.Err != nil && r.Err.Kind == fetch.KindCanceled
	f.ended = f.ended || canceled && f.ordered
	if canceled || f.ended {
		return b
	}
	f.recorded.add(r)
	return f.Reporter.Record(b, r)
}
