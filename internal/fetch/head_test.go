package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// A reading is what is made of a stream: the verdict, and all that the result keeps.
type reading struct {
	Verdict   string // "ok" or the kind of the error
	Proto     string
	Status    int
	Reason    string
	Lines     []string
	Fields    [][2]string
	Anomalies string
	Interim   []int  // the status of each section
	Raw       string // all sections
	FinalRaw  string
	Hint      bool
}

// A wireCase is one entry of testdata/wire, whose README explains the format.
type wireCase struct {
	name  string
	reply []byte
	max   int
	want  reading
}

// wireCases reads testdata/wire.
func wireCases(t testing.TB) []*wireCase {
	return readCases(t, "wire", func(name string) *wireCase { return &wireCase{name: name, max: DefaultMaxHeader} })
}

// readCases reads the cases in a folder of testdata: a row "== NAME" begins one, and
// the rows below are added to it.
func readCases[C interface{ add(row string) error }](t testing.TB, folder string, begin func(name string) C) (cases []C) {
	t.Helper()
	files, err := filepath.Glob("../../testdata/" + folder + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s (%v)", folder, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		topic := strings.TrimSuffix(filepath.Base(file), ".txt")
		for i, row := range strings.Split(string(text), "\n") {
			if row == "" || row[0] == '#' {
				continue
			}
			if name, ok := strings.CutPrefix(row, "== "); ok {
				cases = append(cases, begin(topic+"/"+name))
				continue
			}
			if len(cases) == 0 {
				t.Fatalf("%s:%d: a row before the first case", file, i+1)
			}
			if err := cases[len(cases)-1].add(row); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		}
	}
	return cases
}

// add takes one row in.
func (c *wireCase) add(row string) error {
	key, rest, _ := strings.Cut(row, " ")
	key, times, err := repeated(key)
	if err != nil {
		return err
	}
	switch key {
	case "1", ">", "x":
		texts, err := quoted(rest)
		if err != nil || len(texts) == 0 {
			return fmt.Errorf("want a text: %w", err)
		}
		text := strings.Join(texts, "")
		c.reply = append(c.reply, strings.Repeat(text, times)...)
		if key == "x" {
			return nil
		}
		c.want.Raw += strings.Repeat(text, times)
		if key == "1" {
			return nil
		}
		if i := strings.IndexByte(text, '\n'); i >= 0 && i < len(text)-1 {
			return errors.New("more than one line")
		}
		c.want.FinalRaw += strings.Repeat(text, times)
		if line, whole := strings.CutSuffix(text, "\n"); whole {
			text = strings.TrimSuffix(line, "\r")
		}
		for range times {
			c.want.Lines = append(c.want.Lines, text)
		}
	case "ok", "malformed", "closed", "too_large", "limit":
		c.want.Verdict = key
		if rest == "" {
			return nil
		}
		words := strings.SplitN(rest, " ", 3)
		if len(words) != 3 {
			return errors.New("want PROTO STATUS REASON")
		}
		reason, err := quoted(words[2])
		c.want.Proto, c.want.Reason = words[0], strings.Join(reason, "")
		if c.want.Status, _ = strconv.Atoi(words[1]); err != nil {
			return err
		}
	case "field":
		name, rest, err := firstQuoted(rest)
		if err != nil {
			return err
		}
		value, err := quoted(rest)
		for range times {
			c.want.Fields = append(c.want.Fields, [2]string{name, strings.Join(value, "")})
		}
		return err
	case "odd":
		c.want.Anomalies = rest
	case "interim":
		for word := range strings.FieldsSeq(rest) {
			status, times, err := repeated(word)
			if err != nil {
				return err
			}
			for range times {
				n, _ := strconv.Atoi(status)
				c.want.Interim = append(c.want.Interim, n)
			}
		}
	case "max":
		c.max, err = strconv.Atoi(rest)
		return err
	case "hint":
		c.want.Hint = true
	default:
		return fmt.Errorf("unknown row %q", row)
	}
	return nil
}

// repeated takes "x*3" apart.
func repeated(s string) (what string, times int, err error) {
	what, number, found := strings.Cut(s, "*")
	if !found {
		return s, 1, nil
	}
	times, err = strconv.Atoi(number)
	return what, times, err
}

// firstQuoted reads a Go string, perhaps repeated, off the front of s.
func firstQuoted(s string) (text, rest string, err error) {
	prefix, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", fmt.Errorf("%w in %q", err, s)
	}
	if text, err = strconv.Unquote(prefix); err != nil {
		return "", "", err
	}
	suffix, rest, _ := strings.Cut(s[len(prefix):], " ")
	_, times, err := repeated(suffix)
	return strings.Repeat(text, times), rest, err
}

// quoted reads all of s as Go strings.
func quoted(s string) (texts []string, err error) {
	for s = strings.TrimSpace(s); s != ""; {
		var text string
		if text, s, err = firstQuoted(s); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// readStream reads a stream as a host's would be and keeps what came in a result.
func readStream(t testing.TB, stream io.Reader, max int) reading {
	t.Helper()
	h := headReader{buf: make([]byte, 0, min(max, 4<<10))}
	err := h.read(stream, max)
	if cap(h.buf) > max {
		t.Errorf("%d bytes held under a bound of %d", cap(h.buf), max)
	}
	if h.first.IsZero() && len(h.buf) > 0 {
		t.Error("nobody looked at the clock when the first byte came")
	}
	var r Result
	r.copyFrom(&h)
	clear(h.buf[:cap(h.buf)]) // the next host's reply
	return readingOf(t, &r, err)
}

func readingOf(t testing.TB, r *Result, err error) reading {
	t.Helper()
	got := reading{
		Verdict: "ok",
		Proto:   r.Head.Proto, Status: r.Head.Status, Reason: string(r.Head.Reason()),
		Raw: string(r.Raw), FinalRaw: string(r.Head.Raw),
	}
	if err != nil {
		e := newError(StageHead, err)
		got.Verdict, got.Hint = string(e.Kind), e.Hint != ""
	}
	for line := range r.Head.Lines() {
		got.Lines = append(got.Lines, string(line))
	}
	for name, value := range r.Head.Fields() {
		got.Fields = append(got.Fields, [2]string{string(name), string(value)})
	}
	for a := range r.Anomalies().All() {
		got.Anomalies += " " + a.Name
	}
	got.Anomalies = strings.TrimPrefix(got.Anomalies, " ")
	sections := ""
	for i := range r.Interim {
		got.Interim = append(got.Interim, r.Interim[i].Status)
		sections += string(r.Interim[i].Raw)
	}
	if sections+got.FinalRaw != got.Raw {
		t.Errorf("the sections are not all that came:\n%q\n%q", sections+got.FinalRaw, got.Raw)
	}
	if got.Verdict != string(KindMalformed) {
		checkRecorded(t, r)
	}
	return got
}

// checkRecorded wants the sections to be read back from a record as they were.
func checkRecorded(t testing.TB, r *Result) {
	t.Helper()
	var again Result
	again.Interim, again.Head = RecordedSections(r.Raw)
	if len(again.Interim) != len(r.Interim) || again.Head.Status != r.Head.Status || !bytes.Equal(again.Head.Raw, r.Head.Raw) ||
		again.Anomalies() != r.Anomalies() {
		t.Errorf("%q is read back as %d interim sections, and %q", r.Raw, len(again.Interim), again.Head.Raw)
	}
}

// chunks is a stream that gives one of its parts at each read.
type chunks [][]byte

func (c *chunks) Read(p []byte) (n int, err error) {
	for len(*c) > 0 && len((*c)[0]) == 0 {
		*c = (*c)[1:]
	}
	if len(*c) == 0 {
		return 0, io.EOF
	}
	n = copy(p, (*c)[0])
	(*c)[0] = (*c)[0][n:]
	return n, nil
}

// points lists where to split or cut a reply: everywhere, or at some places and
// around its end if it is long.
func points(n int) (at []int) {
	step, end := 1, n
	if n > 2000 {
		step, end = n/25|1, n-8
	}
	for i := 0; i < end; i += step {
		at = append(at, i)
	}
	for i := end; i <= n; i++ {
		at = append(at, i)
	}
	return at
}

// diff is cmp.Diff, which takes long to find two long readings equal.
func diff(want, got reading) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

func TestHead(t *testing.T) {
	cases := wireCases(t)
	seen := make(map[string]bool)
	for _, c := range cases {
		if seen[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if n := len(want.Lines); n > 0 && want.Lines[n-1] == "" {
				want.Lines = append([]string(nil), want.Lines[:n-1]...) // without the empty line at the end
			}
			if diff := diff(want, readStream(t, bytes.NewReader(c.reply), c.max)); diff != "" {
				t.Fatalf("all at once (-want +got):\n%s", diff)
			}
			testSplits(t, c, want)
			testCuts(t, c, want)
		})
	}
}

// testSplits: the reading depends on the bytes alone.
func testSplits(t *testing.T, c *wireCase, want reading) {
	left := bytes.NewReader(c.reply)
	if diff := diff(want, readStream(t, iotest.OneByteReader(left), c.max)); diff != "" {
		t.Fatalf("byte by byte (-want +got):\n%s", diff)
	}
	if read := len(c.reply) - left.Len(); want.Verdict == "ok" && read != len(want.Raw) {
		t.Errorf("byte by byte: %d bytes were read of a section of %d", read, len(want.Raw))
	}
	if diff := diff(want, readStream(t, iotest.DataErrReader(bytes.NewReader(c.reply)), c.max)); diff != "" {
		t.Fatalf("with the end in the last read (-want +got):\n%s", diff)
	}
	for _, i := range points(len(c.reply)) {
		stream := chunks{c.reply[:i], c.reply[i:]}
		if diff := diff(want, readStream(t, &stream, c.max)); diff != "" {
			t.Fatalf("split at %d (-want +got):\n%s", i, diff)
		}
	}
}

// testCuts: a stream that ends early is never refused for what could have been
// read, and what came of it is kept.
func testCuts(t *testing.T, c *wireCase, want reading) {
	decided := len(want.Raw)
	if want.Verdict == "closed" {
		decided = len(c.reply) + 1
	}
	refused := false
	for _, i := range points(len(c.reply)) {
		part := c.reply[:i]
		got := readStream(t, bytes.NewReader(part), c.max)
		switch {
		case want.Verdict == "malformed":
			if got.Verdict != "malformed" && (got.Verdict != "closed" || refused) {
				t.Fatalf("cut at %d: %s", i, got.Verdict)
			}
			if len(part) == len(c.reply) && got.Verdict != "malformed" {
				t.Fatalf("cut at its end: %s", got.Verdict)
			}
			refused = got.Verdict == "malformed"
		case i >= decided:
			if diff := diff(want, got); diff != "" {
				t.Fatalf("cut at %d, behind the section (-want +got):\n%s", i, diff)
			}
			continue
		case got.Verdict != "closed":
			t.Fatalf("cut at %d: %s", i, got.Verdict)
		}
		if got.Verdict == "closed" && got.Raw != string(part) || !bytes.HasPrefix(part, []byte(got.Raw)) {
			t.Fatalf("cut at %d: kept %q of %q", i, got.Raw, part)
		}
		if len(got.Interim) > len(want.Interim) {
			t.Fatalf("cut at %d: %d interim sections", i, len(got.Interim))
		}
		if got.Verdict != "closed" || len(got.Interim) < len(want.Interim) {
			continue
		}
		if len(got.Fields) > len(want.Fields) {
			t.Fatalf("cut at %d: %d fields", i, len(got.Fields))
		}
		for k, field := range got.Fields {
			if whole := want.Fields[k]; field[0] != whole[0] || !strings.HasPrefix(whole[1], field[1]) {
				t.Fatalf("cut at %d: field %q, want the start of %q", i, field, whole)
			}
		}
	}
}

// Thousands of folds, or of spaces that come one by one, cost no more than
// thousands of bytes do: work that grows with their square would take minutes.
func TestHeadGrowsLinearly(t *testing.T) {
	const many = 1 << 20
	folds := "HTTP/1.1 200 OK\r\nA: b\r\n" + strings.Repeat(" c\n", many/3) + "\r\n"
	got := readStream(t, strings.NewReader(folds), len(folds))
	if want := "b" + strings.Repeat(" c", many/3); len(got.Fields) != 1 || got.Fields[0][1] != want {
		t.Errorf("%d fields of %d folds", len(got.Fields), many/3)
	}
	for _, prefix := range []string{"", "HTTP/1.1"} {
		spaces := strings.NewReader(prefix + strings.Repeat(" ", many))
		if got := readStream(t, iotest.OneByteReader(spaces), many); got.Verdict != string(KindTooLarge) {
			t.Errorf("spaces after %q: %s", prefix, got.Verdict)
		}
	}
}

// The error of a stream that broke passes unchanged, and what came is kept.
func TestHeadStreamError(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		reply string
		kind  Kind // of an error that is not the stream's own
	}{
		{"", ""},
		{"HTTP/1.1 2", ""},
		{"HTTP/1.1 200 OK\r\nA: b\r\n", ""},
		{"HTTP/1.1 100 Continue\r\n\r\n", ""},
		{"220 ready", KindMalformed},
	} {
		h := headReader{buf: make([]byte, 0, 16)}
		err := h.read(io.MultiReader(strings.NewReader(test.reply), iotest.ErrReader(broken)), 1<<10)
		var known *Error
		switch {
		case test.kind == "" && err != broken:
			t.Errorf("%q: %v", test.reply, err)
		case test.kind != "" && (!errors.As(err, &known) || known.Kind != test.kind):
			t.Errorf("%q: %v, want %s", test.reply, err, test.kind)
		}
		var r Result
		r.copyFrom(&h)
		if string(r.Raw) != test.reply {
			t.Errorf("kept %q of %q", r.Raw, test.reply)
		}
	}
}

// A caller may stop reading lines, fields and anomalies whenever it likes.
func TestHeadIteratorsStop(t *testing.T) {
	for _, c := range wireCases(t) {
		h := headReader{buf: make([]byte, 0, 64)}
		h.read(bytes.NewReader(c.reply), c.max)
		var r Result
		r.copyFrom(&h)
		for range r.Head.Lines() {
			break
		}
		for range r.Head.Fields() {
			break
		}
		for range r.Anomalies().All() {
			break
		}
	}
}

// The cases show every anomaly of a head at least once.
func TestHeadCasesShowEveryAnomaly(t *testing.T) {
	shown := make(map[string]bool)
	for _, c := range wireCases(t) {
		for name := range strings.FieldsSeq(c.want.Anomalies) {
			shown[name] = true
		}
	}
	for _, c := range frameCases(t) {
		for name := range strings.FieldsSeq(c.want.Anomalies) {
			shown[name] = true
		}
	}
	for a := range (Downgrade - 1).All() { // those before it are of a head
		if !shown[a.Name] {
			t.Errorf("no case shows %s", a.Name)
		}
		delete(shown, a.Name)
	}
	for name := range shown {
		t.Errorf("no anomaly is called %s", name)
	}
}

// typicalHead is a section of fourteen lines, as the first page of a large
// site has it.
func typicalHead(b *testing.B) []byte {
	head, err := os.ReadFile("../../testdata/typical.http")
	if err != nil {
		b.Fatal(err)
	}
	return head
}

// BenchmarkHead reads a section as it does for every host, up to the record.
func BenchmarkHead(b *testing.B) {
	head := typicalHead(b)
	reply := append(head, bytes.Repeat([]byte("x"), 2<<10)...)
	buf := make([]byte, 0, 4<<10)
	stream := new(bytes.Reader)
	b.SetBytes(int64(len(head)))
	b.ReportAllocs()
	for b.Loop() {
		stream.Reset(reply)
		h := headReader{buf: buf}
		if err := h.read(stream, DefaultMaxHeader); err != nil {
			b.Fatal(err)
		}
		var r Result
		r.copyFrom(&h)
	}
}

// BenchmarkFields walks over the fields of a section that has been read.
func BenchmarkFields(b *testing.B) {
	h := headReader{buf: make([]byte, 0, 4<<10)}
	if err := h.read(bytes.NewReader(typicalHead(b)), DefaultMaxHeader); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(h.final.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range h.final.Fields() {
			n++
		}
		if n != 13 {
			b.Fatal(n)
		}
	}
}
