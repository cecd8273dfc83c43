package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"wget/internal/fetch"
	"wget/internal/report"
)

// renderPage is the page of results.
func renderPage(t *testing.T, o report.Options, results []*fetch.Result) string {
	t.Helper()
	out, _, _, err := drain(results, report.Page(), o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// pageData is the rows and the heads of a page: a list of each for every chunk.
func pageData(t *testing.T, text string) (rows [][][]string, heads [][][2]json.RawMessage) {
	t.Helper()
	for _, match := range regexp.MustCompile(`(?s)<script type="application/json" class="(\w+)">(.*?)</script>`).FindAllStringSubmatch(text, -1) {
		kind, data := match[1], match[2]
		if strings.Contains(data, "<") {
			t.Errorf("%q in data", "<")
		}
		var err error
		if kind == "rows" {
			var list [][]string
			err = json.Unmarshal([]byte(data), &list)
			rows = append(rows, list)
		} else {
			var list [][2]json.RawMessage
			err = json.Unmarshal([]byte(data), &list)
			heads = append(heads, list)
		}
		if err != nil {
			t.Fatalf("%v in %.200s", err, data)
		}
	}
	return rows, heads
}

// The golden file holds the data and all that is visible, without the style and the script.
func TestPageGolden(t *testing.T) {
	text := renderPage(t, pageOptions(t), results(t))
	start, end := strings.Index(text, `<script type="application/json"`), strings.LastIndex(text, "<script>")
	golden(t, "page.golden", []byte(text[start:end]))
}

// The policy allows the style and the script of the page, and nothing else.
func TestPagePolicy(t *testing.T) {
	text := renderPage(t, report.Options{}, results(t))
	hash := func(element string) string {
		matches := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(text, -1)
		if len(matches) != 1 {
			t.Fatalf("%d elements %s", len(matches), element)
		}
		sum := sha256.Sum256([]byte(matches[0][1]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash("style") + "; script-src " + hash("script")
	got := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(text)
	if len(got) != 2 || got[1] != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	if i := strings.Index(text, "<style>"); i < strings.Index(text, "Content-Security-Policy") {
		t.Error("the policy comes after what it is for")
	}
}

// Whatever servers send, the page has the same elements and attributes as the page of a plain answer,
// with a number of rows and list items of its own.
func TestPageInert(t *testing.T) {
	elements := func(text string) map[string]bool {
		found := make(map[string]bool)
		for tokens := html.NewTokenizer(strings.NewReader(text)); ; {
			switch tokens.Next() {
			case html.ErrorToken:
				if tokens.Err() != io.EOF {
					t.Fatal(tokens.Err())
				}
				return found
			case html.CommentToken:
				found["comment"] = true
			case html.StartTagToken, html.SelfClosingTagToken:
				token := tokens.Token()
				for _, a := range token.Attr {
					found[token.Data+" "+a.Key] = true
				}
				found[token.Data] = true
			}
		}
	}
	known := elements(renderPage(t, pageOptions(t), slices.Collect(population(300))))
	hostile := renderPage(t, pageOptions(t), hostileResults(t))
	for element := range elements(hostile) {
		if !known[element] {
			t.Errorf("the page of hostile answers has %s", element)
		}
	}
	pageData(t, hostile)
	for _, r := range strings.NewReplacer("\n", "", "\t", "").Replace(hostile) {
		if _, bad := unsafe(string(r)); bad {
			t.Errorf("%q in the page", r)
		}
	}
}

// The data has each host once, whatever the chunks, and its rows and heads belong together.
func TestPageData(t *testing.T) {
	for _, n := range []int{0, 1, 200, 201, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			list := slices.Collect(population(n))
			text := renderPage(t, report.Options{}, list)
			rows, heads := pageData(t, text)
			if len(rows) != len(heads) || n == 3000 && len(rows) < 10 {
				t.Fatalf("%d chunks of rows and %d of heads", len(rows), len(heads))
			}
			index := 0
			for i := range rows {
				if len(rows[i]) != len(heads[i]) {
					t.Fatalf("chunk %d has %d rows and %d heads", i, len(rows[i]), len(heads[i]))
				}
				for k, row := range rows[i] {
					r := list[index]
					var members [][2]string
					if err := json.Unmarshal(heads[i][k][0], &members); err != nil {
						t.Fatal(err)
					}
					if row[1] != r.Target.Text || members[0] != [2]string{"index", fmt.Sprint(index)} {
						t.Fatalf("row %d is of %q, its members %q, want %q", index, row[1], members, r.Target.Text)
					}
					index++
				}
			}
			if index != n {
				t.Errorf("%d rows of %d hosts", index, n)
			}
			table := text[strings.Index(text, "<tbody>"):]
			if got := strings.Count(table[:strings.Index(table, "</tbody>")], "<tr>"); got != min(n, 200) {
				t.Errorf("%d rows without a script, of %d hosts", got, n)
			}
			if strings.Contains(text, "The first 200 of") != (n > 200) {
				t.Errorf("of %d hosts the page says it has the first 200", n)
			}
		})
	}
}

// A row opens the lines that the lines format prints.
func TestPageHeads(t *testing.T) {
	lines := format(t, "lines")
	for _, r := range append(results(t), hostileResults(t)...) {
		out, _, _, _ := drain([]*fetch.Result{r}, lines, report.Options{})
		var want []string
		for line := range strings.Lines(string(out)) {
			if _, line, found := strings.Cut(line, " header > "); found {
				want = append(want, strings.TrimSuffix(line, "\n"))
			}
		}
		_, heads := pageData(t, renderPage(t, report.Options{}, []*fetch.Result{r}))
		var got []string
		if err := json.Unmarshal(heads[0][0][1], &got); err != nil {
			t.Fatal(err)
		}
		isEmpty := func(line string) bool { return line == "" } // as between sections
		got, want = slices.DeleteFunc(got, isEmpty), slices.DeleteFunc(want, isEmpty)
		if !slices.Equal(got, want) {
			t.Errorf("%s (-lines +page):\n%s", r.Target.Text, cmp.Diff(want, got))
		}
	}
}

// The columns are those that were chosen, after the target.
func TestPageColumns(t *testing.T) {
	for list, want := range map[string]string{
		"status,server,target":  "target,status,server",
		"tls.not_after,x-empty": "target,tls.not_after,x-empty",
		"header.target":         "target,header.target",
		"":                      "target,status,server,location,seconds.first_byte,error",
	} {
		var o report.Options
		if list != "" {
			o.Columns, _ = report.ParseColumns(list)
		}
		text := renderPage(t, o, results(t))
		var got []string
		for _, match := range regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)<`).FindAllStringSubmatch(text, -1) {
			got = append(got, match[1])
		}
		if strings.Join(got, ",") != want {
			t.Errorf("--fields %s: columns %q, want %s", list, got, want)
		}
		rows, _ := pageData(t, text)
		if len(rows[0][0]) != len(got)+1 {
			t.Errorf("--fields %s: a row of %d for %d columns", list, len(rows[0][0]), len(got))
		}
	}
}

// The column says of each answer which group the panel has it in.
func TestPageGroups(t *testing.T) {
	list := []*fetch.Result{
		ask(t, "a.test", []byte("HTTP/1.1 200 OK\r\nDate: 1\r\n\r\n")), ask(t, "b.test", []byte("HTTP/1.1 200 OK\r\nDate: 2\r\n\r\n")),
	}
	for _, c := range []struct {
		by   *report.GroupBy
		same bool
	}{{nil, true}, {&report.GroupBy{}, true}, {&report.GroupBy{Exact: true}, false}} {
		rows, _ := pageData(t, renderPage(t, report.Options{Columns: columns(t, "group"), Group: c.by}, list))
		if a, b := rows[0][0][2], rows[0][1][2]; a == "" || (a == b) != c.same {
			t.Errorf("by %+v: groups %q and %q", c.by, a, b)
		}
	}
}

// Every host is counted, also those that are not shown.
func TestPageMatch(t *testing.T) {
	condition, err := report.ParseCondition("status == 404")
	if err != nil {
		t.Fatal(err)
	}
	list := slices.Collect(population(300))
	text := renderPage(t, report.Options{Match: []*report.Condition{condition}}, list)
	rows, _ := pageData(t, text)
	for _, want := range []string{"Response headers of 300 hosts", fmt.Sprintf("%d of 300 hosts match", len(rows[0])), `data-noun="hosts that match"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// A drawing has no coordinate that is no number, whatever the durations.
func TestPageChart(t *testing.T) {
	for _, durations := range [][]time.Duration{
		{time.Nanosecond},
		{time.Microsecond},
		{7 * time.Microsecond, 9 * time.Microsecond},
		{time.Millisecond},
		{time.Nanosecond, time.Hour},
		{24 * 365 * time.Hour},
		{time.Second, time.Second, 1001 * time.Millisecond},
	} {
		var list []*fetch.Result
		for i, d := range durations {
			r := at(i, "a.example")
			r.Times.FirstByte = d
			list = append(list, r)
		}
		text := renderPage(t, report.Options{}, list)
		chart := regexp.MustCompile(`(?s)<svg class="chart".*?</svg>`).FindString(text)
		bars := regexp.MustCompile(`<rect class="column" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)">`).FindAllStringSubmatch(chart, -1)
		if len(bars) == 0 {
			t.Errorf("%v: no bar in %s", durations, chart)
		}
		for _, bar := range bars {
			var x, y, width, height float64
			if _, err := fmt.Sscan(strings.Join(bar[1:], " "), &x, &y, &width, &height); err != nil || !(x >= 0 && width >= 1 && x+width <= 340 && y >= 0 && height >= 2 && y+height <= 110.01) {
				t.Errorf("%v: a bar of %q, error %v", durations, bar[1:], err)
			}
		}
		ticks := regexp.MustCompile(`<text x="([^"]*)" y="128"[^>]*>([^<]*)<`).FindAllStringSubmatch(chart, -1)
		if len(ticks) < 2 && durations[0] < time.Minute {
			t.Errorf("%v: an axis of %d durations", durations, len(ticks))
		}
		free := -20.0
		for _, tick := range ticks {
			x, _ := strconv.ParseFloat(tick[1], 64)
			half := 3.2 * float64(utf8.RuneCountInString(tick[2])) // of its text, about
			if x-half < free {
				t.Errorf("%v: %s at %v is over the one before it", durations, tick[2], x)
			}
			free = x + half
		}
		if strings.Contains(chart, "NaN") || strings.Contains(chart, "Inf") {
			t.Errorf("%v: %s", durations, chart)
		}
	}
}

// The certificates that end first are named, those that end together in order of arrival, and a
// time of less than a day is no 0 days.
func TestPageCertificates(t *testing.T) {
	var list []*fetch.Result
	for i, left := range []time.Duration{-time.Hour, 36 * time.Hour, time.Hour, time.Hour, -49 * time.Hour, 40 * 24 * time.Hour} {
		r := at(i, fmt.Sprintf("h%d.example", i))
		r.Begun = time.Date(2026, time.November, 25, 0, 0, 0, 0, time.UTC)
		r.Session = &fetch.Session{Described: []fetch.Certificate{{Subject: "CN=x", NotAfter: r.Begun.Add(left)}}}
		list = append(list, r)
	}
	text := renderPage(t, report.Options{}, list)
	var got []string
	for _, match := range regexp.MustCompile(`<span class="label">(h\d)\.example</span> <span class="count">([^<]*)<`).FindAllStringSubmatch(text, -1) {
		got = append(got, match[1]+" "+match[2])
	}
	want := []string{"h4 2 days ago", "h0 less than a day ago", "h2 in less than a day", "h3 in less than a day", "h1 in 1 day"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
