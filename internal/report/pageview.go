package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wget/internal/fetch"
)

// pageView is what main.html shows: numbers and texts, all of them ready.
type pageView struct {
	Title   string
	Time    string // when the run was, and how long; "" without a request
	Totals  []pageTotal
	Strip   []pageSlice // all records, by class
	Panels  []pagePanel
	Chart   *chart // nil without an answer
	Caption string // of the table without JavaScript
	Noun    string // for what a row is
	Records string // how many there are
	Columns []pageColumn
	Rows    []pageRow
}

// pageTotal is a number and its name.
type pageTotal struct{ Name, Value string }

// pageSlice is a part of a whole, in per cent of it.
type pageSlice struct {
	Class       string // in page.css
	From, Share measure
}

// pagePanel is a list of counts below a heading.
type pagePanel struct {
	Title, Note string
	Bars        []pageBar
}

// pageBar is a count and the records in it.
type pageBar struct {
	Label, Note string
	Class       string // in page.css
	Count       string
	Share       measure // of the longest bar, or of the whole, in per cent
	Words       string  // that filter the table; "" if nothing does
	Rest        string  // stands before the count
	RestWords   string  // that filter the table by the rest
}

// pageColumn is a column of the table.
type pageColumn struct {
	Name    string
	Numeric bool
}

// appendMain appends all that is visible.
func (p *page) appendMain(b []byte, s *Summary) []byte {
	t := &p.tally
	hosts := amount(s.Total()-s.further, "host", "hosts")
	v := pageView{
		Title: "Response headers of " + hosts, Time: t.time(), Totals: totals(s, t), Strip: strip(s),
		Noun: "hosts", Records: hosts, Rows: p.first,
	}
	if s.addresses {
		v.Noun, v.Records = "addresses", amount(s.Total(), "address", "addresses")
		v.Title += ", " + v.Records
	}
	if t.records < s.Total() {
		v.Records = Thousands(t.records) + " of " + v.Records + " match"
		v.Noun += " that match"
	}
	if len(p.first) < t.records {
		v.Caption = fmt.Sprintf("The first %d of %s %s. With JavaScript all are here, to sort and to search.", len(p.first), Thousands(t.records), v.Noun)
	}
	for i, c := range p.picker.columns {
		v.Columns = append(v.Columns, pageColumn{c.Name, p.values[i].some && !p.values[i].text})
	}
	if s.firstByte.count > 0 {
		v.Chart = newChart(&s.firstByte)
	}
	for _, panel := range []pagePanel{
		statusPanel(s), t.checksPanel(&s.Checks), failurePanel(s), t.certificatesPanel(), t.groupsPanel(),
		t.fieldsPanel("Security fields", false), t.fieldsPanel("Caching fields", true),
	} {
		if len(panel.Bars)+len(panel.Note) > 0 {
			v.Panels = append(v.Panels, panel)
		}
	}
	main := template.Must(template.New("main").Parse(string(pageFile("main.html"))))
	out := bytes.NewBuffer(b)
	_ = main.Execute(out, v) // into memory
	return out.Bytes()
}

// time tells when the run was, and how long.
func (t *tally) time() string {
	if t.begun.IsZero() {
		return ""
	}
	return t.begun.UTC().Format("2 January 2006, 15:04:05 UTC") + ", took " + inSeconds(t.ended.Sub(t.begun))
}

func totals(s *Summary, t *tally) []pageTotal {
	list := []pageTotal{{"answered", Thousands(s.Answered)}, {"failed", Thousands(s.Failed)}}
	if s.firstByte.count > 0 {
		list = append(list, pageTotal{"median first byte", inSeconds(s.firstByte.quantile(0.5))}, pageTotal{"99th percentile", inSeconds(s.firstByte.quantile(0.99))})
	}
	if s.Checks.Judged > 0 {
		list = append(list, pageTotal{"failed a check", Thousands(s.Checks.Failed)})
	}
	return list
}

// strip is all records as parts of a line: the classes of statuses, then the
// failures.
func strip(s *Summary) (list []pageSlice) {
	from := measure(0)
	add := func(class string, n int) {
		if n > 0 {
			share := percent(n, s.Total())
			list = append(list, pageSlice{class, from, share})
			from += share
		}
	}
	for class := range 10 {
		add("class"+strconv.Itoa(class), s.inClass(class))
	}
	add("failed", s.Failed)
	return list
}

// statusPanel has a bar for each class, and the statuses in it for a note.
func statusPanel(s *Summary) pagePanel {
	panel := pagePanel{Title: "Status"}
	for class := range 10 {
		n := s.inClass(class)
		if n == 0 {
			continue
		}
		var notes []string
		for status := 100 * class; status < 100*class+100; status++ {
			if count := s.Statuses[status]; count > 0 {
				notes = append(notes, fmt.Sprintf("%03d × %s", status, Thousands(count)))
			}
		}
		panel.Bars = append(panel.Bars, pageBar{
			Label: strconv.Itoa(class) + "xx", Note: strings.Join(notes, ", "), Class: "class" + strconv.Itoa(class),
			Count: Thousands(n), Share: percent(n, s.Total()), Words: strconv.Itoa(class) + "xx",
		})
	}
	if s.Failed > 0 {
		panel.Bars = append(panel.Bars, pageBar{
			Label: "no answer", Class: "failed", Count: Thousands(s.Failed), Share: percent(s.Failed, s.Total()), Words: "failed",
		})
	}
	return panel
}

func failurePanel(s *Summary) pagePanel {
	panel := pagePanel{Title: "Failures"}
	for kind, n := range byCount(s.Kinds) {
		label := strings.ReplaceAll(string(kind), "_", " ")
		if kind == fetch.KindCanceled {
			label = "interrupted"
		}
		panel.Bars = append(panel.Bars, pageBar{
			Label: label, Class: "failed", Count: Thousands(n), Share: percent(n, s.Failed), Words: string(kind),
		})
	}
	return panel
}

func (t *tally) checksPanel(c *Checks) pagePanel {
	panel := pagePanel{Title: "Checks"}
	if c.Judged == 0 {
		return panel
	}
	if c.Failed == 0 {
		panel.Note = "Every host passed."
		return panel
	}
	panel.Note = fmt.Sprintf("%s of %s hosts failed.", Thousands(c.Failed), Thousands(c.Judged))
	for clause, n := range byCount(c.Counts) {
		bar := pageBar{Label: Escape(clause), Class: "failed", Count: Thousands(n), Share: percent(n, c.Judged)}
		if number, known := t.clauses[clause]; known {
			bar.Words = "c" + strconv.Itoa(number)
		}
		panel.Bars = append(panel.Bars, bar)
	}
	return panel
}

func (t *tally) certificatesPanel() pagePanel {
	panel := pagePanel{Title: "Certificates"}
	switch {
	case t.certs == 0:
		return panel
	case t.ending == 0:
		panel.Note = fmt.Sprintf("None of %s ends within 30 days.", Thousands(t.certs))
		return panel
	}
	panel.Note = fmt.Sprintf("Of %s, these end within 30 days, or have ended.", Thousands(t.certs))
	panel.Bars = append(panel.Bars, pageBar{
		Label: "all of them", Class: "class4", Count: Thousands(t.ending), Share: percent(t.ending, t.certs), Words: "ending",
	})
	for _, e := range t.soonest {
		panel.Bars = append(panel.Bars, pageBar{Label: e.host, Count: fromNow(e.left)})
	}
	return panel
}

// fromNow tells a time by how many whole days it is ahead.
func fromNow(days int) string {
	if days < 0 {
		return inDays(-days-1) + " ago"
	}
	return "in " + inDays(days)
}

// panelGroups is how many groups the page names.
const panelGroups = 6

func (t *tally) groupsPanel() pagePanel {
	panel := pagePanel{Title: "Groups of like answers"}
	groups := slices.SortedFunc(maps.Values(t.groups), func(a, b *alike) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.number, b.number))
	})
	if len(groups) == 0 {
		return panel
	}
	for _, g := range groups[:min(len(groups), panelGroups)] {
		hosts := strings.Join(g.hosts, ", ")
		if more := g.count - len(g.hosts); more > 0 {
			hosts += " and " + Thousands(more) + " more"
		}
		panel.Bars = append(panel.Bars, pageBar{
			Label: g.label, Note: hosts, Class: "plain", Count: Thousands(g.count), Share: percent(g.count, t.answered), Words: "g" + strconv.Itoa(g.number),
		})
	}
	panel.Note = fmt.Sprintf("%s, the largest first.", Thousands(len(groups)))
	if t.further > 0 {
		panel.Note = fmt.Sprintf("More than %s, the largest of these first.", Thousands(len(groups)))
	}
	return panel
}

func (t *tally) fieldsPanel(title string, caching bool) pagePanel {
	panel := pagePanel{Title: title}
	if t.answered == 0 {
		return panel
	}
	panel.Note = "Of " + amount(t.answered, "answer", "answers") + "."
	for i, f := range t.fields {
		if f.caching != caching {
			continue
		}
		bar := pageBar{
			Label: f.Name, Class: "plain", Count: Thousands(t.present[i]), Share: percent(t.present[i], t.answered), Words: "f" + strconv.Itoa(i),
		}
		if lacking := t.answered - t.present[i]; lacking > 0 {
			bar.Rest, bar.RestWords = Thousands(lacking)+" without", "answered -f"+strconv.Itoa(i)
		}
		panel.Bars = append(panel.Bars, bar)
	}
	return panel
}

func percent(n, of int) measure {
	if of == 0 {
		return 0
	}
	return 100 * measure(n) / measure(of)
}
