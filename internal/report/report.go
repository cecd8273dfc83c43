package report

import (
	"slices"

	"wget/internal/fetch"
)

// Options says how results are shown. The zero value is plain text without
// colour.
type Options struct {
	Format     string // a name from Formats; "" means the first
	Color      bool   // colour what goes to stdout
	ColorErr   bool   // colour what goes to stderr
	IncludeRaw bool   // add the raw header sections to records that can hold them
	Quiet      bool   // no closing lines
	Verbose    bool   // announce each host and explain anomalies
	Progress   Progress
}

// Reporter renders records.
type Reporter interface {
	// Report appends to out what of r belongs on stdout, and to talk what
	// belongs on stderr.
	Report(out, talk []byte, r *fetch.Result) ([]byte, []byte)
}

// Format is a way to show results.
type Format struct {
	Name  string
	About string // for the help text

	// batched formats are written when nothing more is waiting; the others
	// write each record by itself.
	batched bool
	make    func(Options) Reporter
}

// formats lists the ways to show results; the first is the default.
func formats() []Format {
	return []Format{
		{"lines", "one line per header, coloured per host in a terminal", false, newText},
		{"json", "one object per record and line (NDJSON)", true, newJSON},
		{"raw", "the header sections as they came, to the byte", false, newRaw},
	}
}

// Formats lists the names that Options.Format can have, with what they are.
func Formats() []Format { return formats() }

// IsFormat reports whether name is that of a format.
func IsFormat(name string) bool {
	return slices.ContainsFunc(formats(), func(f Format) bool { return f.Name == name })
}

func (o Options) format() Format {
	for _, f := range formats() {
		if f.Name == o.Format {
			return f
		}
	}
	return formats()[0]
}
