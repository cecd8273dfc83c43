package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"wget/internal/fetch"
)

// Baseline is the results of an earlier run, as far as they are compared.
type Baseline struct {
	signer signer
	order  []*earlier
	byURL  map[string][]*earlier // by what was asked first, and the address
	byText map[string][]*earlier // by the target as typed, and the address
	byHost map[string][]*earlier // by the target as typed
}

// earlier is one earlier result.
type earlier struct {
	target string
	edge   bool // it is of one of the target's addresses
	signed []signed
	failed bool

	partial bool // others of its fields may have come
	found   bool // this run has a result for it, or need not have one

	superseded bool // by a later record of the target
}

// ReadBaseline reads the records of an earlier run. With latest, of several records
// of a target the last one counts. The error is that of reading, or a [*LineError].
func ReadBaseline(r io.Reader, latest bool) (*Baseline, error) {
	b := &Baseline{signer: byRule(), byURL: make(map[string][]*earlier), byText: make(map[string][]*earlier), byHost: make(map[string][]*earlier)}
	last := make(map[place][]*earlier)
	var before *fetch.Result
	number := 0
	for record, err := range Records(r) {
		number++
		if err != nil {
			return nil, err
		}
		if err := record.Check(); err != nil {
			return nil, &LineError{number, fmt.Errorf("no record: %w", err)}
		}
		result := record.Result()
		old := b.add(result)
		if latest && record.Index >= 0 {
			at := place{record.Index, record.Target}
			if !follows(before, result) {
				for _, old := range last[at] {
					old.found, old.superseded = true, true
				}
				last[at] = nil
			}
			last[at] = append(last[at], old)
		}
		before = result
	}
	return b, nil
}

// place is where a target stands in the input.
type place struct {
	index  int
	target string
}

// add enters an earlier result.
func (b *Baseline) add(r *fetch.Result) *earlier {
	old := &earlier{target: label(r), edge: r.Edge != nil, signed: b.sign(r), failed: r.Err != nil, partial: r.Partial}
	url, text := keysOf(r)
	b.order = append(b.order, old)
	if url != "" {
		b.byURL[url] = append(b.byURL[url], old)
	}
	b.byText[text] = append(b.byText[text], old)
	b.byHost[r.Target.Text] = append(b.byHost[r.Target.Text], old)
	return old
}

// sign is what counts of a result, with the fields of a name together: a record
// keeps no other order of them.
func (b *Baseline) sign(r *fetch.Result) []signed {
	list := b.signer.sign(r)
	first := make(map[string]int)
	for i, s := range list {
		if _, known := first[s.name]; !known {
			first[s.name] = i
		}
	}
	slices.SortStableFunc(list, func(a, b signed) int { return cmp.Compare(first[a.name], first[b.name]) })
	return list
}

// keysOf is what a result is found by in another run. The URL of what was no target
// is "".
func keysOf(r *fetch.Result) (url, text string) {
	first := &r.Reply
	if len(r.Hops) > 0 {
		first = &r.Hops[0]
	}
	at := ""
	if r.Edge != nil {
		at = "@" + r.Edge.Addr.String()
	}
	if url = first.Target.URL(); url != "" {
		url += at
	}
	return url, r.Target.Text + at
}

// take finds the earlier result for a new one, which is not found again.
func (b *Baseline) take(r *fetch.Result) *earlier {
	url, text := keysOf(r)
	for _, list := range [][]*earlier{b.byURL[url], b.byText[text]} {
		for _, old := range list {
			if !old.found {
				old.found = true
				return old
			}
		}
	}
	return b.takeHost(r)
}

// takeHost finds the earlier results of a host that had addresses in one of the two
// runs only, as if its lookup failed in the other: what was known of the host stands
// for each of its addresses, and the other way round.
func (b *Baseline) takeHost(r *fetch.Result) (first *earlier) {
	for _, old := range b.byHost[r.Target.Text] {
		switch {
		case old.edge == (r.Edge != nil), old.found && old.edge, old.superseded:
		case first == nil:
			first = old
			fallthrough
		default:
			old.found = true
		}
	}
	return first
}

// mark says what became of a host.
type mark string

// The marks, in the order in which they are shown.
const (
	markChanged mark = "~"
	markFails   mark = "!"
	markNew     mark = "+"
	markGone    mark = "-"
)

func (m mark) String() string {
	return map[mark]string{markChanged: "changed", markFails: "fails", markNew: "new", markGone: "gone"}[m]
}

// change is one thing that differs between two runs.
type change struct {
	name     string
	old, new string
	had, has bool // there is an old value, a new one
}

// String is how lines show a change.
func (c change) String() string {
	switch {
	case c.had && c.has:
		return fmt.Sprintf("%s: %s -> %s", c.name, c.old, c.new)
	case c.name == "error" && c.new != "":
		return c.name + ": " + c.new
	case c.had:
		return strings.TrimSuffix(fmt.Sprintf("- %s: %s", c.name, c.old), ": ")
	}
	return strings.TrimSuffix(fmt.Sprintf("+ %s: %s", c.name, c.new), ": ")
}

// compare says what became of a host since an earlier run; "" if nothing did.
func compare(old *earlier, r *fetch.Result, now []signed) (mark, []change) {
	if old == nil {
		return markNew, nil
	}
	before := old.signed
	if (old.partial || r.Partial) && !old.failed && r.Err == nil {
		before, now = common(before, now), common(now, before)
	}
	switch {
	case slices.Equal(before, now):
		return "", nil
	case !old.failed && r.Err != nil:
		return markFails, []change{{name: now[0].name, new: now[0].value, has: true}}
	case old.failed && r.Err == nil:
		return markChanged, []change{{name: old.signed[0].name, old: old.signed[0].value, had: true, new: fmt.Sprintf("answers with %d", r.Head.Status), has: true}}
	}
	lost, gained := difference(before, now)
	var changes []change
	for _, s := range lost {
		c := change{name: s.name, old: s.value, had: true}
		if i := slices.IndexFunc(gained, func(g signed) bool { return g.name == s.name }); i >= 0 {
			c.new, c.has = gained[i].value, true
			gained = slices.Delete(gained, i, i+1)
		}
		changes = append(changes, c)
	}
	for _, s := range gained {
		changes = append(changes, change{name: s.name, new: s.value, has: true})
	}
	if len(changes) == 0 {
		changes = append(changes, change{name: "order of the fields", has: true})
	}
	return markChanged, changes
}

// common is the status of an answer and its fields of names that another has, too.
func common(list, other []signed) []signed {
	both := slices.Clone(list[:1])
	for _, s := range list[1:] {
		if slices.ContainsFunc(other[1:], func(o signed) bool { return o.name == s.name }) {
			both = append(both, s)
		}
	}
	return both
}

// differences counts what became of the hosts since an earlier run.
type differences struct {
	baseline *Baseline
	counts   map[mark]int
	same     int
	partial  func() bool // Options.Partial
}

func newDifferences(o Options) differences {
	d := differences{baseline: o.Baseline, counts: make(map[mark]int), partial: o.Partial}
	if d.partial == nil {
		d.partial = func() bool { return false }
	}
	return d
}

// add finds out about one result.
func (d *differences) add(r *fetch.Result) (mark, []change) {
	if r.Err != nil && r.Err.Kind == fetch.KindCanceled {
		d.baseline.take(r)
		return "", nil
	}
	m, changes := compare(d.baseline.take(r), r, d.baseline.sign(r))
	if m == "" {
		d.same++
	} else {
		d.counts[m]++
	}
	return m, changes
}

// gone lists the earlier results that this run has none for, and counts them.
func (d *differences) gone() (list []*earlier) {
	if d.partial() {
		return nil
	}
	for _, old := range d.baseline.order {
		if !old.found {
			list = append(list, old)
		}
	}
	if len(list) > 0 {
		d.counts[markGone] = len(list)
	}
	return list
}

// total is how many hosts are not as they were.
func (d *differences) total() (n int) {
	for _, count := range d.counts {
		n += count
	}
	return n
}

// changesText is the lines format with --baseline. The same change of many hosts
// is said once, so changes are held until the end.
//
//	~ 972 hosts (a.test, b.test, …) server: nginx/1.2 -> nginx/1.4
//	! c.test error: connect: refused
//	2 changed, 1 fails, 0 new, 0 gone, 1201 as before
type changesText struct {
	unframed
	differences
	palette palette
	wide    bool
	list    []*changedHosts
	by      map[string]*changedHosts
}

// changedHosts are the hosts with the same change.
type changedHosts struct {
	mark  mark
	text  string
	count int
	hosts []string
}

func newChangesText(o Options) *changesText {
	return &changesText{differences: newDifferences(o), palette: newPalette(o, o.Color), wide: o.Wide, by: make(map[string]*changedHosts)}
}

func (c *changesText) Record(b []byte, r *fetch.Result) []byte {
	m, changes := c.add(r)
	switch {
	case m == "":
	case len(changes) == 0:
		c.note(m, "", label(r))
	default:
		for _, change := range changes {
			c.note(m, change.String(), label(r))
		}
	}
	return b
}

func (c *changesText) note(m mark, text, host string) {
	key := string(m) + text
	one := c.by[key]
	if one == nil {
		one = &changedHosts{mark: m, text: text}
		c.by[key] = one
		c.list = append(c.list, one)
	}
	if one.count++; c.wide || len(one.hosts) < shownHosts {
		one.hosts = append(one.hosts, host)
	}
}

func (c *changesText) End(b []byte, s *Summary) []byte {
	for _, old := range c.gone() {
		c.note(markGone, "", old.target)
	}
	s.Changes = c.total()
	marks := []mark{markChanged, markFails, markNew, markGone}
	slices.SortStableFunc(c.list, func(a, b *changedHosts) int {
		return cmp.Or(cmp.Compare(slices.Index(marks, a.mark), slices.Index(marks, b.mark)), cmp.Compare(b.count, a.count))
	})
	for _, one := range c.list {
		colour := c.palette.differs
		if one.mark == markFails {
			colour = c.palette.err
		}
		b = colour.appendEscaped(b, []byte(one.mark))
		b = append(b, ' ')
		b = appendEscaped(b, []byte(one.who()))
		if one.text != "" {
			b = append(b, ' ')
			b = appendEscaped(b, []byte(one.text))
		}
		b = append(b, '\n')
	}
	for _, m := range marks {
		b = fmt.Appendf(b, "%d %s, ", c.counts[m], m)
	}
	return fmt.Appendf(b, "%d as before\n", c.same)
}

// who names the hosts.
func (c *changedHosts) who() string {
	if c.count == 1 {
		return c.hosts[0]
	}
	names := strings.Join(c.hosts, ", ")
	if c.count > len(c.hosts) {
		names += ", …"
	}
	return fmt.Sprintf("%d hosts (%s)", c.count, names)
}

// changesJSON is the json format with --baseline: an object per host that is not
// as it was.
type changesJSON struct {
	unframed
	differences
}

func (c *changesJSON) Record(b []byte, r *fetch.Result) []byte {
	m, changes := c.add(r)
	if m == "" {
		return b
	}
	url, _ := keysOf(r)
	return appendChanged(b, label(r), url, m, changes)
}

func (c *changesJSON) End(b []byte, s *Summary) []byte {
	for _, old := range c.gone() {
		b = appendChanged(b, old.target, "", markGone, nil)
	}
	s.Changes = c.total()
	return b
}

func appendChanged(b []byte, target, url string, m mark, changes []change) []byte {
	b = append(b, `{"target":`...)
	b = appendString(b, []byte(target))
	if url != "" {
		b = appendMember(b, "url", url)
	}
	b = appendMember(b, "change", m.String())
	if len(changes) > 0 {
		b = append(b, `,"changes":[`...)
		for i, c := range changes {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"field":`...)
			b = appendString(b, []byte(c.name))
			if c.had {
				b = appendMember(b, "old", c.old)
			}
			if c.has {
				b = appendMember(b, "new", c.new)
			}
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}', '\n')
}
