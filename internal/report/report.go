package report

import (
	"io"

	"wget/internal/fetch"
)

// Options says how results are shown. The zero value has no colour and no
// progress.
type Options struct {
	Program    string // what the program calls itself on stderr
	Color      bool   // colour the records
	ColorErr   bool   // colour stderr
	IncludeRaw bool   // add the raw header sections, in formats that HasRaw
	Pairs      bool   // list fields in order, names as they came, in formats that HasPairs

	// Columns are shown, and nothing else, in formats that HasColumns; empty means
	// the format's own choice.
	Columns  []Column
	Match    []*Condition // only results that all of them are true of are shown
	Checks   []Check
	Group    *GroupBy  // say each distinct answer once, in formats that HasGroups; nil says each answer
	Wide     bool      // name every host of a group
	Baseline *Baseline // show what is not as it was, in formats that HasGroups; nil shows all
	Width    int       // of the terminal that a table must fit, in columns; 0 means that it need not

	Verbose  bool // explain anomalies on stderr
	Progress Progress

	CountInterrupted bool // stderr does not name the hosts that were canceled; Summary.Interrupted counts them
}

// Sink is a destination for the records, and the format in which it gets them.
type Sink struct {
	Format   Format // the zero value means the first of Formats
	Out      io.Writer
	Terminal bool // Out is the terminal that stderr is: the bar makes room for each write
}

// format is the format of the sink, also if it is the default.
func (s Sink) format() Format {
	if s.Format.New == nil {
		return formats()[0]
	}
	return s.Format
}

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

// gatherer is a Reporter that renders the results of one target together. It
// need not have been given all of them.
type gatherer interface {
	Reporter
	// Whole is called when the last result of a target is over.
	Whole(b []byte) []byte
}

// Format is a way to show results.
type Format struct {
	Name  string // the word for --format
	About string // a phrase for the help text

	Held        bool // the first records wait for each other, so that columns fit
	Batched     bool // records wait for each other while more results are ready: few writes for scripts
	ShowsErrors bool // a record says why its target failed, so stderr does not
	Binary      bool // bytes as they came, which a terminal would obey
	HasRaw      bool // obeys Options.IncludeRaw
	HasPairs    bool // obeys Options.Pairs
	HasGroups   bool // obeys Options.Group
	HasColumns  bool // obeys Options.Columns

	New func(Options) Reporter
}

// formats lists the ways to show results; the first is the default.
func formats() []Format {
	return []Format{
		{Name: "lines", About: "one line per header, coloured per host in a terminal", HasColumns: true, HasGroups: true, New: newLines},
		{
			Name: "json", About: "one object per record and line (NDJSON)",
			Batched: true, ShowsErrors: true, HasRaw: true, HasPairs: true, HasColumns: true, HasGroups: true, New: newJSON,
		},
		{Name: "csv", About: "comma-separated values with a header line (RFC 4180)", Batched: true, ShowsErrors: true, HasColumns: true, New: newCSV},
		{Name: "table", About: "aligned columns for people, a row per host", Held: true, Batched: true, ShowsErrors: true, HasColumns: true, New: newTable},
		{Name: "raw", About: "the header sections as they came, to the byte", Binary: true, New: newRaw},
	}
}

// Formats lists the ways to show results; the first is the default.
func Formats() []Format { return formats() }

// LookupFormat finds a format by its name.
func LookupFormat(name string) (f Format, found bool) {
	for _, f := range formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
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
