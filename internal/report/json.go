package report

import "wget/internal/fetch"

// ndjson is the json format: one record per line (NDJSON).
type ndjson struct {
	unframed
	writer recordWriter
}

func newJSON(o Options) Reporter {
	if o.Baseline != nil {
		return &changesJSON{differences: newDifferences(o)}
	}
	writer := recordWriter{includeRaw: o.IncludeRaw, pairs: o.Pairs}
	if o.Group != nil {
		writer.group = newSigner(*o.Group).name
	}
	if len(o.Columns) > 0 {
		return &flatJSON{picker: newPicker(o.Columns, writer)}
	}
	return &ndjson{writer: writer}
}

func (j *ndjson) Record(b []byte, r *fetch.Result) []byte {
	return append(j.writer.append(b, r), '\n')
}

// flatJSON is the json format with chosen fields: one object per line, whose keys
// are the fields as they were asked for.
type flatJSON struct {
	unframed
	picker *picker
}

func (j *flatJSON) Record(b []byte, r *fetch.Result) []byte {
	j.picker.take(r)
	b = append(b, '{')
	for i := range j.picker.columns {
		f := &j.picker.columns[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, []byte(f.Name))
		b = append(b, ':')
		b = j.picker.appendJSON(b, f, r)
	}
	return append(b, '}', '\n')
}
