package fetch

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

// FuzzHead reads any bytes, in any pieces, under any bound. net/http is the
// second opinion: it refuses much that is shown here as an anomaly, but what
// it accepts must be read, and read alike.
func FuzzHead(f *testing.F) {
	for i, c := range wireCases(f) {
		if len(c.reply) < 10_000 {
			f.Add(c.reply, uint64(i), uint16(0))
			f.Add(c.reply, uint64(i), uint16(len(c.reply)/2))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, bound uint16) {
		size := int(bound)
		if size == 0 {
			size = DefaultMaxHeader
		}
		got := readStream(t, bytes.NewReader(stream), size)
		checkReading(t, stream, size, got)

		rng := rand.New(rand.NewPCG(seed, 1))
		if d := diff(got, readStream(t, pieces(rng, stream), size)); d != "" {
			t.Fatalf("in pieces (-at once +in pieces):\n%s", d)
		}
		checkCut(t, stream[:rng.IntN(len(stream)+1)], size, got)
		if size > len(stream) {
			checkSecondOpinion(t, stream, got)
		}
	})
}

// pieces is a stream that comes in small and large reads.
func pieces(rng *rand.Rand, stream []byte) io.Reader {
	most := 1 + rng.IntN(1<<rng.IntN(10))
	var c chunks
	for len(stream) > 0 {
		n := min(1+rng.IntN(most), len(stream))
		c, stream = append(c, stream[:n]), stream[n:]
	}
	return &c
}

// checkReading holds a reading against what must be true of any.
func checkReading(t *testing.T, stream []byte, size int, got reading) {
	t.Helper()
	if !bytes.HasPrefix(stream, []byte(got.Raw)) || len(got.Raw) > size {
		t.Errorf("kept %q of %q under a bound of %d", got.Raw, stream, size)
	}
	if len(got.Interim) > maxInterim+1 {
		t.Errorf("%d interim sections", len(got.Interim))
	}
	for _, status := range got.Interim {
		if status < 100 || status > 199 || status == 101 {
			t.Errorf("%d is no interim status", status)
		}
	}
	ended := strings.HasSuffix(got.Raw, "\n\n") || strings.HasSuffix(got.Raw, "\n\r\n")
	switch Kind(got.Verdict) {
	case "ok":
		if !ended || len(got.Lines) == 0 || got.Proto == "" {
			t.Errorf("accepted %q", got.Raw)
		}
		if n := strings.Count(got.FinalRaw, "\n"); len(got.Lines) != n-1 {
			t.Errorf("%d lines of %d", len(got.Lines), n-1)
		}
	case KindMalformed:
		if got.Proto != "" || got.Status != 0 || got.Fields != nil {
			t.Errorf("refused, and read all the same: %+v", got)
		}
	case KindClosed:
		if got.Raw != string(stream) {
			t.Errorf("kept %q of %q", got.Raw, stream)
		}
	case KindTooLarge:
		if len(got.Raw) != size {
			t.Errorf("%d bytes are not too large for %d", len(got.Raw), size)
		}
	case KindLimit:
		if len(got.Interim) != maxInterim+1 || got.FinalRaw != "" {
			t.Errorf("the limit came at %d interim sections", len(got.Interim))
		}
	default:
		t.Errorf("verdict %s", got.Verdict)
	}
	for _, line := range got.Lines {
		if strings.Contains(line, "\n") || !strings.Contains(got.FinalRaw, line) {
			t.Errorf("line %q", line)
		}
	}
	invalid := false
	for _, field := range got.Fields {
		if field[0] == "" || strings.Trim(field[1], " \t") != field[1] || strings.Contains(field[1], "\n") {
			t.Errorf("field %q", field)
		}
		invalid = invalid || !IsToken(field[0])
	}
	if len(got.Interim) == 0 && invalid != hasAnomaly(got, "invalid-name") {
		t.Errorf("invalid names: %v, anomalies: %s", invalid, got.Anomalies)
	}
}

// checkCut: the start of a stream is closed, unless that start decides it.
func checkCut(t *testing.T, part []byte, size int, whole reading) {
	t.Helper()
	got := readStream(t, bytes.NewReader(part), size)
	checkReading(t, part, size, got)
	switch {
	case got.Verdict == string(KindClosed):
		if whole.Verdict != string(KindClosed) && whole.Verdict != string(KindMalformed) && len(part) >= len(whole.Raw) {
			t.Errorf("closed behind the end: %q", part)
		}
	case got.Verdict != whole.Verdict:
		t.Errorf("%s, but %s when cut to %q", whole.Verdict, got.Verdict, part)
	case got.Verdict != string(KindMalformed):
		if d := diff(whole, got); d != "" {
			t.Errorf("cut behind the end (-whole +cut):\n%s", d)
		}
	}
}

// checkSecondOpinion: what net/http accepts is accepted, with the same status
// and the same values.
func checkSecondOpinion(t *testing.T, stream []byte, got reading) {
	t.Helper()
	theirs, interim, ok := secondOpinion(stream)
	if !ok {
		return
	}
	if interim > maxInterim {
		if got.Verdict != string(KindLimit) {
			t.Errorf("%s after %d interim sections", got.Verdict, interim)
		}
		return
	}
	if got.Verdict != "ok" || got.Status != theirs.StatusCode || got.Proto != theirs.Proto || len(got.Interim) != interim {
		t.Fatalf("net/http reads %s %d behind %d sections, we read %s %s %d behind %d",
			theirs.Proto, theirs.StatusCode, interim, got.Verdict, got.Proto, got.Status, len(got.Interim))
	}
	ours := make(map[string][]string)
	for _, field := range got.Fields {
		name := textproto.CanonicalMIMEHeaderKey(field[0])
		ours[name] = append(ours[name], oneSpace(field[1]))
	}
	values := make(map[string][]string)
	for key, list := range theirs.Header {
		// net/http keeps spaces before the colon as part of the name.
		name := textproto.CanonicalMIMEHeaderKey(strings.TrimRight(key, " "))
		for _, value := range list {
			values[name] = append(values[name], oneSpace(value))
		}
	}
	for _, name := range rewritten(theirs) {
		delete(ours, name)
		delete(values, name)
	}
	if hasAnomaly(got, "space-before-colon") {
		// Two of its names are one of ours, and the order between them is lost.
		for _, header := range []map[string][]string{ours, values} {
			for _, list := range header {
				slices.Sort(list)
			}
		}
	}
	for name, list := range values {
		if !slices.Equal(ours[name], list) {
			t.Errorf("%s: net/http reads %q, we read %q", name, list, ours[name])
		}
	}
	for name, list := range ours {
		if values[name] == nil {
			t.Errorf("%s: only we read %q", name, list)
		}
	}
}

// secondOpinion reads the final reply with net/http, past interim ones. It
// does not accept what net/http accepts for no reason of HTTP: a status code
// with a sign ("+20"), which strconv.Atoi takes and RFC 9112 section 4 does not.
func secondOpinion(stream []byte) (reply *http.Response, interim int, ok bool) {
	for r := bufio.NewReader(bytes.NewReader(stream)); interim <= maxInterim; interim++ {
		reply, err := http.ReadResponse(r, nil)
		if err != nil || reply.Status[0] == '+' || reply.Status[0] == '-' {
			return nil, 0, false
		}
		if reply.StatusCode < 100 || reply.StatusCode > 199 || reply.StatusCode == 101 {
			return reply, interim, true
		}
	}
	return nil, interim, true
}

// rewritten names the fields that http.ReadResponse takes out of the header,
// folds into one, or adds.
func rewritten(reply *http.Response) []string {
	names := []string{"Connection", "Content-Length", "Trailer", "Transfer-Encoding"}
	if reply.Header.Get("Pragma") == "no-cache" {
		names = append(names, "Cache-Control")
	}
	return names
}

// oneSpace makes one space of each run of spaces and tabs.
func oneSpace(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
}

func hasAnomaly(r reading, name string) bool {
	return slices.Contains(strings.Fields(r.Anomalies), name)
}
