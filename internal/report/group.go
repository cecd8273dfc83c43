package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wget/internal/fetch"
)

// shownHosts is how many hosts of a group are named.
const shownHosts = 10

// groups is the lines format with --group: each distinct answer once, at the end.
//
//	group 1 hosts > 980: a.test, b.test
//	group 1 header > HTTP/1.1 301 Moved Permanently
//
// Its memory grows with the number of groups, and with the hosts only if all of
// them are to be named.
type groups struct {
	signer  signer
	palette palette
	picker  *picker // of the chosen fields; nil if all lines are shown
	wide    bool    // name all hosts
	verbose bool    // say what sets a group apart from the largest

	list []*group
	by   map[string]*group // by hash
}

// group is the results that are alike.
type group struct {
	signed []signed
	first  *fetch.Result
	count  int
	hosts  []string
}

func newGroups(o Options) *groups {
	g := &groups{
		signer: newSigner(*o.Group), palette: newPalette(o, o.Color), wide: o.Wide, verbose: o.Verbose,
		by: make(map[string]*group),
	}
	if len(o.Columns) > 0 {
		g.picker = newPicker(o.Columns, recordWriter{})
	}
	return g
}

func (*groups) Begin(b []byte) []byte { return b }

func (g *groups) Record(b []byte, r *fetch.Result) []byte {
	signed := g.signer.sign(r)
	key := hash(signed)
	one := g.by[key]
	if one == nil {
		one = &group{signed: signed, first: r}
		g.by[key] = one
		g.list = append(g.list, one)
	}
	if one.count++; g.wide || len(one.hosts) < shownHosts {
		one.hosts = append(one.hosts, label(r))
	}
	return b
}

func (g *groups) End(b []byte, _ *Summary) []byte {
	sortGroups(g.list)
	for i, one := range g.list {
		if i > 0 {
			b = append(b, '\n')
		}
		b = g.appendGroup(b, i+1, one)
		if i > 0 && g.verbose && one.first.Err == nil && g.list[0].first.Err == nil {
			b = g.appendDifference(b, i+1, one)
		}
	}
	return b
}

// sortGroups puts the most frequent first, and failures behind all answers.
func sortGroups(list []*group) {
	slices.SortStableFunc(list, func(a, b *group) int {
		if aFailed, bFailed := a.first.Err != nil, b.first.Err != nil; aFailed != bFailed {
			if aFailed {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.count, a.count)
	})
}

func (g *groups) appendGroup(b []byte, number int, one *group) []byte {
	b = g.appendLine(b, number, "hosts", g.palette.note, []byte(one.members()))
	if one.first.Err != nil {
		return g.appendLine(b, number, "error", g.palette.err, []byte(one.signed[0].value))
	}
	head := &one.first.Head
	chosen := true
	for line, isStatus := range head.Lines() {
		if g.picker != nil {
			chosen = g.picker.choosesLine(line, isStatus, chosen)
		}
		if chosen {
			b = g.appendLabel(b, number, "header", paint{})
			b = g.palette.appendLine(b, line, isStatus, head.Status, paint{})
		}
	}
	return b
}

// members tells how many hosts are in the group, and which.
func (g *group) members() string {
	text := fmt.Sprintf("%d: %s", g.count, strings.Join(g.hosts, ", "))
	if more := g.count - len(g.hosts); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// appendDifference appends a line for each thing in which a group differs from the
// largest.
func (g *groups) appendDifference(b []byte, number int, one *group) []byte {
	lost, gained := difference(g.list[0].signed, one.signed)
	for _, s := range lost {
		b = g.appendLine(b, number, "differs", g.palette.note, []byte("- "+s.String()))
	}
	for _, s := range gained {
		b = g.appendLine(b, number, "differs", g.palette.note, []byte("+ "+s.String()))
	}
	if len(lost)+len(gained) == 0 {
		b = g.appendLine(b, number, "differs", g.palette.note, []byte("in the order of the fields"))
	}
	return b
}

func (s signed) String() string {
	return strings.TrimPrefix(strings.TrimSuffix(s.name+": "+s.value, ": "), ": ") // a whole line has no name
}

// difference lists what is only in one of two lists, each as often as it is more
// than in the other.
func difference(a, b []signed) (onlyA, onlyB []signed) {
	surplus := make(map[signed]int)
	for _, s := range a {
		surplus[s]++
	}
	for _, s := range b {
		if surplus[s]--; surplus[s] < 0 {
			surplus[s] = 0
			onlyB = append(onlyB, s)
		}
	}
	for _, s := range slices.Backward(a) {
		if surplus[s] > 0 {
			surplus[s]--
			onlyA = append(onlyA, s)
		}
	}
	slices.Reverse(onlyA)
	return onlyA, onlyB
}

func (g *groups) appendLine(b []byte, number int, word string, colour paint, text []byte) []byte {
	b = g.appendLabel(b, number, word, colour)
	return append(appendEscaped(b, text), '\n')
}

func (g *groups) appendLabel(b []byte, number int, word string, colour paint) []byte {
	b = append(b, "group "...)
	b = strconv.AppendInt(b, int64(number), 10)
	b = append(b, ' ')
	b = append(b, colour.on...)
	b = append(b, word...)
	b = append(b, colour.off...)
	return append(b, " > "...)
}
