package report

import "wget/internal/fetch"

// Recorded counts targets and their records.
type Recorded struct {
	Summary
	Reached int // targets that answered, of several addresses at one at least
	Missed  int // the other targets
}

// Add counts a target by its records.
func (r *Recorded) Add(target []Entry) {
	answered := false
	for _, e := range target {
		r.Summary.addEntry(e)
		answered = answered || e.Kind == ""
	}
	if answered {
		r.Reached++
	} else {
		r.Missed++
	}
}

// Finished is a format without the records of targets that were canceled, since
// they are to be asked again. With ordered, it has none of what comes after the
// first of them either, so that what is asked again comes in order. The records of
// one target are together, and are counted in recorded.
func Finished(f Format, ordered bool, recorded *Recorded) Format {
	whole := f.New
	f.New = func(o Options) Reporter { return &finished{Reporter: whole(o), ordered: ordered, recorded: recorded} }
	return f
}

type finished struct {
	Reporter
	ordered  bool
	ended    bool // nothing more is recorded
	recorded *Recorded

	// Of the target at hand, kept for their memory.
	entries  []Entry
	text     []byte // records of all addresses but the last
	canceled bool
}

func (f *finished) Record(b []byte, r *fetch.Result) []byte {
	e := entryOf(r)
	if e.Edge == 0 {
		f.entries, f.text, f.canceled = f.entries[:0], f.text[:0], false
	}
	f.entries = append(f.entries, e)
	f.canceled = f.canceled || e.Kind == fetch.KindCanceled
	if !e.IsLast() {
		f.text = f.Reporter.Record(f.text, r)
		return b
	}
	f.ended = f.ended || f.canceled && f.ordered
	if f.canceled || f.ended {
		return b
	}
	f.recorded.Add(f.entries)
	return f.Reporter.Record(append(b, f.text...), r)
}

// entryOf is what will be read back of the record of r.
func entryOf(r *fetch.Result) Entry {
	e := Entry{Index: r.Target.Index, Status: r.Head.Status}
	if r.Err != nil {
		e.Kind = r.Err.Kind
	}
	if r.Edge != nil {
		e.Edge, e.Edges = r.Edge.N, r.Edge.Of
	}
	return e
}
