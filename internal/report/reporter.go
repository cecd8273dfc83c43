package report

import "wget/internal/fetch"

// Reporter renders the records of one run in one format. Each method appends
// to b and returns the extended buffer; appending nothing is allowed.
//
// A Reporter may keep results, which nobody changes, and render them later:
// results that belong to one target (the same Target.Index) come one directly
// after the other.
type Reporter interface {
	// Begin is called once, before the first Record, and also if there is none.
	Begin(b []byte) []byte
	Record(b []byte, r *fetch.Result) []byte
	// End is called once, after the last Record.
	End(b []byte, s *Summary) []byte
}

// holder is a Reporter that holds the first records, until there are many or until
// it is told to release them.
type holder interface {
	Release(b []byte) []byte
}

// gatherer is a Reporter that renders the results of one target together. It
// need not have been given all of them.
type gatherer interface {
	// Whole is called when the last result of a target is over.
	Whole(b []byte) []byte
}

// unframed is embedded by a Reporter that has nothing to say before the first
// record and after the last.
type unframed struct{}

func (unframed) Begin(b []byte) []byte           { return b }
func (unframed) End(b []byte, _ *Summary) []byte { return b }

// isShown reports whether the last reply of r is shown by formats that print
// header sections as they came. The start of a reply that is not HTTP/1 is
// quoted in the error instead.
func isShown(r *fetch.Result) bool {
	return r.Err == nil || r.Err.Kind != fetch.KindMalformed || r.Err.Stage == fetch.StageRedirect
}

// label is what stands for a result in the lines: the target, and the address
// where the target has several.
func label(r *fetch.Result) string {
	if !isEdge(r) || !r.Edge.Addr.IsValid() {
		return r.Target.Text
	}
	return r.Target.Text + "@" + r.Edge.Addr.String()
}

// isEdge reports whether r is of one of several addresses.
func isEdge(r *fetch.Result) bool { return r.Edge != nil && r.Edge.Of > 1 }

// isLast reports whether r is the last result of its target.
func isLast(r *fetch.Result) bool { return !isEdge(r) || r.Edge.N == r.Edge.Of-1 }

// follows reports whether r is a further result of the target that the result
// before it is of; nil is none. Of what an earlier run has recorded, there may be
// some of a target's results only.
func follows(before, r *fetch.Result) bool {
	return before != nil && isEdge(before) && isEdge(r) && before.Edge.N < r.Edge.N &&
		before.Target.Index == r.Target.Index && before.Target.Text == r.Target.Text
}
