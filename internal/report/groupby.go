package report

import "wget/internal/fetch"

// GroupBy says when two answers are alike. The zero value compares them by rule:
// the same status, and the same fields in the same order, where the tables of the rule
// say what counts of each field.
type GroupBy struct {
	Exact   bool     // the lines, as they came
	Columns []Column // these, as they are shown, and nothing else
}

// ParseGroupBy reads the value of --group: "" for the rule, "exact", or a list of
// columns.
func ParseGroupBy(how string) (GroupBy, error) {
	switch how {
	case "":
		return GroupBy{}, nil
	case "exact":
		return GroupBy{Exact: true}, nil
	}
	columns, err := ParseColumns(how)
	return GroupBy{Columns: columns}, err
}

// newSigner returns the signer that tells answers apart so.
func newSigner(by GroupBy) signer {
	switch {
	case len(by.Columns) > 0:
		return signer{columnsOf(newPicker(by.Columns, recordWriter{}))}
	case by.Exact:
		return signer{linesOf}
	}
	return byRule()
}

func columnsOf(p *picker) func(*fetch.Result) []signed {
	return func(r *fetch.Result) (list []signed) {
		p.take(r)
		for i := range p.columns {
			c := &p.columns[i]
			list = append(list, signed{c.Name, string(p.appendText(nil, c, r))})
		}
		return list
	}
}

func linesOf(r *fetch.Result) (list []signed) {
	for line := range r.Head.Lines() {
		list = append(list, signed{value: string(line)})
	}
	return list
}
