package report

import "io"

// Options says how results are shown. The zero value has no colour and no
// progress.
type Options struct {
	Program    string // what the program calls itself on stderr
	Color      bool   // colour the records
	ColorErr   bool   // colour stderr
	FewColors  bool   // the terminal has 16 colours and not 256
	IncludeRaw bool   // add the raw header sections, in formats that HasRaw
	Pairs      bool   // list fields in order, names as they came, in json

	// Columns are shown, and nothing else, in formats that HasColumns; empty means
	// the format's own choice.
	Columns  []Column
	Match    []*Condition // only results that all of them are true of are shown
	Checks   []Check
	Group    *GroupBy    // say each distinct answer once, in formats that HasGroups; nil says each answer
	Wide     bool        // name every host of a group
	Baseline *Baseline   // show what is not as it was, in formats that HasGroups; nil shows all
	Partial  func() bool // asked at the end: results that were to come have not, so what the baseline has more is not gone; nil says no
	Width    int         // of the terminal that a table must fit, in columns; 0 means that it need not

	Detailed bool // tell of each request on stderr: what was tried, what was sent, and how long it took
	Verbose  bool // explain anomalies on stderr
	Progress Progress

	before *coloured // for all that is written beside each other; nil for a palette alone

	CountInterrupted bool // stderr does not name the hosts that were canceled; Summary.Interrupted counts them
}

// groupBy says which answers are alike, also where groups are not asked for.
func (o *Options) groupBy() GroupBy {
	if o.Group == nil {
		return GroupBy{}
	}
	return *o.Group
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
		return Formats()[0]
	}
	return s.Format
}

// Format is a way to show results.
type Format struct {
	Name  string // the word for --format
	About string // a phrase for the help text

	Batched     bool // records wait for each other while more results are ready: few writes for scripts
	ShowsErrors bool // a record says why its target failed, so stderr does not
	Opens       bool // a record does so whatever Options.Columns are: it opens to all that is known
	Binary      bool // bytes as they came, which a terminal would obey
	HasRaw      bool // obeys Options.IncludeRaw
	HasGroups   bool // obeys Options.Group
	HasColumns  bool // obeys Options.Columns
	Resumable   bool // its records can be read back, by [Entries]

	New func(Options) Reporter
}

// Formats lists the ways to show results; the first is the default.
func Formats() []Format {
	return []Format{
		{Name: "lines", About: "one line per header, coloured per host in a terminal", HasColumns: true, HasGroups: true, New: newLines},
		{
			Name: "json", About: "one object per record and line (NDJSON)",
			Batched: true, ShowsErrors: true, HasRaw: true, HasColumns: true, HasGroups: true, Resumable: true, New: newJSON,
		},
		{Name: "csv", About: "comma-separated values with a header line (RFC 4180)", Batched: true, ShowsErrors: true, HasColumns: true, New: newCSV},
		{Name: "table", About: "aligned columns for people, a row per host", Batched: true, ShowsErrors: true, HasColumns: true, New: newTable},
		{Name: "raw", About: "the header sections as they came, to the byte", Binary: true, New: newRaw},
	}
}

// LookupFormat finds a format by its name.
func LookupFormat(name string) (f Format, found bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
