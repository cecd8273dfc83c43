package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wget/internal/fetch"
	"wget/internal/report"
)

// entriesOf reads a text backwards; the entries are in the order of the text.
func entriesOf(text string) (list []report.Entry, err error) {
	for e, err := range report.Entries(strings.NewReader(text), int64(len(text))) {
		if err != nil {
			return nil, err
		}
		e.Target = bytes.Clone(e.Target)
		list = append(list, e)
	}
	slices.Reverse(list)
	return list, nil
}

// What is read back in short is what was written.
func TestEntries(t *testing.T) {
	out, _, summary, err := drain(results(t), format(t, "json"), report.Options{IncludeRaw: true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := entriesOf(string(out))
	if err != nil {
		t.Fatal(err)
	}
	var want []report.Entry
	start := 0
	for line := range bytes.Lines(out) {
		var r report.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		e := report.Entry{Index: r.Index, Target: []byte(r.Target), Status: r.Status, Start: int64(start), Size: len(line)}
		if r.Error != nil {
			e.Kind = r.Error.Kind
		}
		want = append(want, e)
		start += len(line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	var again report.Recorded
	for _, e := range got {
		again.Add([]report.Entry{e})
	}
	if again.Answered != summary.Answered || again.Failed != summary.Failed || again.Statuses != summary.Statuses || !cmp.Equal(again.Kinds, summary.Kinds) {
		t.Errorf("counted %+v, want %+v", again, summary)
	}
}

func TestEntriesOfChosenFields(t *testing.T) {
	for text, want := range map[string]report.Entry{
		`{"index":7,"target":"a.test"}`:                                                       {Index: 7, Target: []byte("a.test")},
		`{"status":200,"target":"a\u202e.test","index":0,"error.kind":null}`:                  {Target: []byte("a\u202e.test"), Status: 200},
		`{"status":null,"target":"\\\"","index":1,"error.kind":"timeout"}`:                    {Index: 1, Target: []byte(`\"`), Kind: "timeout"},
		`{"index":1,"error":null,"server":["a","}\\"],"target":"x","edge":null}`:              {Index: 1, Target: []byte("x")},
		`{"index":1,"target":"x","edge":{"n":1,"of":2},"error":{"stage":"dns","kind":"bad"}}`: {Index: 1, Target: []byte("x"), Kind: "bad", Edge: 1, Edges: 2},
		`{"index":1,"target":"x","edge.of":2,"edge.n":1}`:                                     {Index: 1, Target: []byte("x"), Edge: 1, Edges: 2},
	} {
		got, err := entriesOf(text + "\n")
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", text, got, err)
		} else if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(report.Entry{}, "Size")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// Lines are found whatever their length, and however they lie to the spans that are
// read at once.
func TestEntriesOfAnyLength(t *testing.T) {
	const span = 1 << 20
	for _, lengths := range [][]int{
		{60, 70}, {span}, {span, span}, {span - 1, 60, span + 1}, {3 * span, 60, 5*span + 7, 61}, slices.Repeat([]int{span/8 + 3}, 40),
	} {
		var text strings.Builder
		for i, n := range lengths {
			head := fmt.Sprintf(`{"index":%d,"target":"h%d.test","x":"`, i, i)
			text.WriteString(head + strings.Repeat("x", n-len(head)-3) + "\"}\n")
		}
		got, err := entriesOf(text.String())
		if err != nil || len(got) != len(lengths) {
			t.Fatalf("%v: %d entries, %v", lengths, len(got), err)
		}
		start := int64(0)
		for i, e := range got {
			if e.Index != i || string(e.Target) != fmt.Sprintf("h%d.test", i) || e.Start != start || e.Size != lengths[i] {
				t.Errorf("%v: entry %d is %+v, want it at %d", lengths, i, e, start)
			}
			start += int64(lengths[i])
		}
	}
}

func TestEntriesOfOtherLines(t *testing.T) {
	good := `{"index":0,"target":"a"}` + "\n"
	for _, bad := range []string{
		"", "hello", "{}", "[]", `{"index":0}`, `{"target":"a"}`, `{"index":-1,"target":"a"}`, `{"index":"0","target":"a"}`, `{"index":0,"target":7}`,
		`{"index":0,"target":"a"`, `{"index":0,"target":"a"}}`, `{"index":0,"target":"a",}`, `{"index":0 "target":"a"}`, `{"index":0,"target":"a","x":}`,
		`{"index":0,"target":"a","x":[}`, `{"index":0,"target":"\q"}`, `{"index":0,"target":"a","status":1000}`, `{"index":0,"target":"a","edge":{"n":2,"of":2}}`,
		`{"index":0,"target":"a","error":"x"}`, `{"index":0,"target":"a","error":{"kind":7}}`, `{"index":0,"target":"a"} `, "\x00\x00",
	} {
		_, err := entriesOf(good + bad + "\n" + good)
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: %v, want an error about line 2", bad, err)
		}
	}
}

// A file that was cut anywhere ends behind its last whole record, and behind the
// last of a target's addresses.
func TestEndOfEntries(t *testing.T) {
	lines := []string{
		`{"index":0,"target":"a"}` + "\n",
		`{"index":2,"target":"c","edge":{"n":0,"of":3}}` + "\n",
		`{"index":2,"target":"c","edge":{"n":1,"of":3}}` + "\n",
		`{"index":2,"target":"c","edge":{"n":2,"of":3}}` + "\n",
		`{"index":1,"target":"b","edge":{"n":0,"of":1}}` + "\n",
		`{"index":3,"target":"d","reason":"é\n"}` + "\n",
	}
	text := strings.Join(lines, "")
	whole := map[int]bool{0: true} // lengths behind which a target is over
	n := 0
	for i, line := range lines {
		if n += len(line); i != 1 && i != 2 {
			whole[n] = true
		}
	}
	for cut := range len(text) + 1 {
		want := cut
		for !whole[want] {
			want--
		}
		got, err := report.EndOfEntries(strings.NewReader(text[:cut]), int64(cut), "index")
		if err != nil || got != int64(want) {
			t.Errorf("%q ends at %d, %v; want %d", text[:cut], got, err, want)
		}
	}
	zeros := text + strings.Repeat("\x00", 5000)
	if got, err := report.EndOfEntries(strings.NewReader(zeros), int64(len(zeros)), "index"); err != nil || got != int64(len(text)) {
		t.Errorf("zeros behind %d bytes: the end is %d, %v", len(text), got, err)
	}
	for _, foreign := range []string{"a.test\n", "a.test", text + "hello", text + `{"target`, text + "hello\n", "\n", "\x00", text + "\x00\n", `{"target":"a","index":1}` + "\n"} {
		if end, err := report.EndOfEntries(strings.NewReader(foreign), int64(len(foreign)), "index"); err == nil {
			t.Errorf("%q ends at %d, want an error", foreign, end)
		}
	}
}

// Targets that were canceled are to be asked again, in order if that is wanted.
func TestFinished(t *testing.T) {
	var list []*fetch.Result
	for i, kind := range []fetch.Kind{"", "timeout", "canceled", "", "canceled", "reset"} {
		r := answered(fmt.Sprint("h", i))
		r.Target.Index = i
		if kind != "" {
			r.Err = &fetch.Error{Stage: fetch.StageRead, Kind: kind, Err: fmt.Errorf("%s", kind)}
		}
		list = append(list, r)
	}
	for ordered, want := range map[bool][]int{false: {0, 1, 3, 5}, true: {0, 1}} {
		var recorded report.Recorded
		out, _, summary, err := drain(list, report.Finished(format(t, "json"), ordered, &recorded), report.Options{})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := entriesOf(string(out))
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, e := range entries {
			got = append(got, e.Index)
		}
		if !slices.Equal(got, want) || recorded.Total() != len(want) || recorded.Kinds["canceled"] != 0 {
			t.Errorf("ordered %v: recorded %v and counted %+v, want %v", ordered, got, recorded, want)
		}
		if summary.Total() != len(list) {
			t.Errorf("the run counts %d results of %d", summary.Total(), len(list))
		}
	}
}

// Whatever a file holds, it is read without a panic, and each entry has a line.
func FuzzEntries(f *testing.F) {
	f.Add([]byte(`{"index":0,"target":"a\\","headers":{"x":["}\"]"]},"error":{"kind":"reset"}}` + "\n"))
	f.Add([]byte(`{"index":0,"target":"a","edge":{"n":0,"of":2}}` + "\n" + `{"index":0,"target":"a","edge":{"n":1,"of":2}}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		end, err := report.EndOfEntries(bytes.NewReader(text), int64(len(text)), "index")
		if err != nil {
			return
		}
		next := end // where the entry before begins, or the end
		for e, err := range report.Entries(bytes.NewReader(text), end) {
			if err != nil {
				return
			}
			if i := bytes.IndexByte(text[e.Start:], '\n'); e.Start+int64(i)+1 != next || e.Index < 0 || e.Edge >= max(1, e.Edges) {
				t.Fatalf("%+v, and the next begins at %d", e, next)
			}
			next = e.Start
		}
		if next != 0 {
			t.Errorf("nothing was said of the first %d bytes", next)
		}
	})
}
