package fetch

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A frameCase is one entry of testdata/frames, whose README explains the format.
type frameCase struct {
	name  string
	reply []byte
	max   int
	says  string
	sent  []byte
	want  reading
}

// frameCases reads testdata/frames.
func frameCases(t testing.TB) []*frameCase {
	return readCases(t, "frames", func(name string) *frameCase { return &frameCase{name: name, max: DefaultMaxHeader} })
}

// add takes one row in.
func (c *frameCase) add(row string) (err error) {
	key, rest, _ := strings.Cut(row, " ")
	key, times, err := repeated(key)
	if err != nil {
		return err
	}
	switch key {
	case ">":
		frame, err := parseFrame(rest)
		c.reply = append(c.reply, bytes.Repeat(frame, times)...)
		return err
	case "bytes":
		texts, err := quoted(rest)
		c.reply = append(c.reply, strings.Repeat(strings.Join(texts, ""), times)...)
		return err
	case "sent":
		frame, err := parseFrame(rest)
		c.sent = append(c.sent, bytes.Repeat(frame, times)...)
		return err
	case "ok", "malformed", "closed", "too_large", "limit", "reset":
		c.want.Verdict = key
		if rest != "" {
			c.want.Proto = "HTTP/2"
			c.want.Status, err = strconv.Atoi(rest)
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
	case "line":
		texts, err := quoted(rest)
		line := strings.Join(texts, "")
		for range times {
			c.want.FinalRaw += line + "\r\n"
			c.want.Lines = append(c.want.Lines, line)
		}
		return err
	case "interim":
		lines, err := quoted(rest)
		if err != nil {
			return err
		}
		status, err := strconv.Atoi(strings.TrimPrefix(lines[0], "HTTP/2 "))
		for range times {
			c.want.Interim = append(c.want.Interim, status)
			c.want.Raw += strings.Join(append(lines, "", ""), "\r\n")
		}
		return err
	case "odd":
		c.want.Anomalies = rest
	case "says":
		c.says, err = strconv.Unquote(rest)
		return err
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

// parseFrame reads "TYPE STREAM FLAG ... PAYLOAD ...".
func parseFrame(s string) ([]byte, error) {
	kind, s, _ := strings.Cut(s, " ")
	stream, s, _ := strings.Cut(s, " ")
	f := frameHeader{length: -1}
	id, err := strconv.ParseUint(stream, 0, 32)
	if err != nil {
		return nil, err
	}
	f.stream = uint32(id)
	for f.frameType.String() != kind && fmt.Sprintf("0x%02x", byte(f.frameType)) != kind {
		if f.frameType++; f.frameType == 0 {
			return nil, fmt.Errorf("unknown type %q", kind)
		}
	}
	var payload []byte
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var piece []byte
		if piece, s, err = f.parsePiece(s); err != nil {
			return nil, err
		}
		payload = append(payload, piece...)
	}
	if f.length < 0 {
		f.length = len(payload)
	}
	return append(appendFrameHeader(nil, f), payload...), nil
}

// parsePiece reads a flag, or a part of the payload, off the front of s.
func (f *frameHeader) parsePiece(s string) (piece []byte, rest string, err error) {
	flags := map[string]byte{
		"end_stream": flagEndStream, "ack": flagAck, "end_headers": flagEndHeaders,
		"padded": flagPadded, "priority": flagPriority, "all_flags": 0xff,
	}
	if s[0] == '"' {
		text, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, "", err
		}
		if value, isField := strings.CutPrefix(s[len(text):], "="); isField {
			name, _ := strconv.Unquote(text)
			return fieldPiece(name, value)
		}
		text, rest, err := firstQuoted(s)
		return []byte(text), rest, err
	}
	word, rest, _ := strings.Cut(s, " ")
	if flag, ok := flags[word]; ok {
		f.flags |= flag
		return nil, rest, nil
	}
	for code := codeNone; code <= codeHTTP11Required; code++ {
		if code.String() == word {
			return binary.BigEndian.AppendUint32(nil, uint32(code)), rest, nil
		}
	}
	kind, number, _ := strings.Cut(word, ":")
	n, err := strconv.ParseUint(number, 0, 32)
	switch kind {
	case "len":
		f.length = int(n)
		return nil, rest, err
	case "u8":
		return []byte{byte(n)}, rest, err
	case "u16":
		return binary.BigEndian.AppendUint16(nil, uint16(n)), rest, err
	case "u32":
		return binary.BigEndian.AppendUint32(nil, uint32(n)), rest, err
	case "hex":
		piece, err := hex.DecodeString(number)
		return piece, rest, err
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok || strings.Contains(name, " ") {
		return nil, "", fmt.Errorf("unknown piece %q", word)
	}
	return fieldPiece(name, value)
}

// fieldPiece renders a field whose value, quoted or a word, begins s.
func fieldPiece(name, s string) (piece []byte, rest string, err error) {
	value, rest, _ := strings.Cut(s, " ")
	if strings.HasPrefix(s, `"`) {
		value, rest, err = firstQuoted(s)
	}
	return appendString(appendString([]byte{0}, name), value), rest, err
}

// duplex is a connection that gives what it has in parts and keeps what is sent.
type duplex struct {
	io.Reader
	sent bytes.Buffer
}

func (d *duplex) Write(b []byte) (int, error) { return d.sent.Write(b) }

// readFrames reads a stream as that of a host and keeps what came in a result.
func readFrames(t testing.TB, stream io.Reader, max int) (got reading, sent []byte, err error) {
	t.Helper()
	conn := &duplex{Reader: stream}
	room := make([]byte, 0, min(max, 4<<10))
	h := newHTTP2Reader(conn, room, newBuffers(max), max)
	err = h.read()
	h.flush()
	sections := &h.fields.sections
	if len(sections.buf) > 0 && sections.first.IsZero() {
		t.Error("nobody looked at the clock when the first byte came")
	}
	if len(sections.buf) > max || cap(h.block) > 2*(max+maxFrameSize) || cap(h.in) > frameHeaderSize+maxFrameSize {
		t.Errorf("%d, %d and %d bytes held under a bound of %d", len(sections.buf), cap(h.block), cap(h.in), max)
	}
	var r Result
	r.copyFrom(sections)
	clear(sections.buf)
	clear(room[:cap(room)])
	return readingOf(t, &r, err), conn.sent.Bytes(), err
}

func TestFrames(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range frameCases(t) {
		if seen[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want.Verdict == "ok" {
				want.FinalRaw += "\r\n"
			}
			want.Raw += want.FinalRaw
			check := func(how string, stream io.Reader) {
				t.Helper()
				got, sent, err := readFrames(t, stream, c.max)
				if diff := diff(want, got); diff != "" {
					t.Fatalf("%s (-want +got):\n%s\n%v", how, diff, err)
				}
				if err != nil && !strings.Contains(err.Error(), c.says) {
					t.Fatalf("%s: %v, want %q in it", how, err, c.says)
				}
				if !bytes.Equal(sent, c.sent) {
					t.Fatalf("%s: sent\n%q, want\n%q", how, sent, c.sent)
				}
			}
			check("all at once", bytes.NewReader(c.reply))
			if len(c.reply) < 10_000 {
				parts := make(chunks, 0, len(c.reply))
				for i := range c.reply {
					parts = append(parts, c.reply[i:i+1])
				}
				check("byte by byte", &parts)
			}
			for _, i := range points(len(c.reply)) {
				check(fmt.Sprintf("split at %d", i), &chunks{c.reply[:i], c.reply[i:]})
			}
			testFrameCuts(t, c, want)
		})
	}
}

// testFrameCuts: a stream that ends early is never refused for what could have
// been read, and what came of it is kept.
func testFrameCuts(t *testing.T, c *frameCase, want reading) {
	for _, i := range points(len(c.reply)) {
		got, _, err := readFrames(t, bytes.NewReader(c.reply[:i]), c.max)
		if got.Verdict == want.Verdict && got.Raw == want.Raw {
			continue
		}
		if got.Verdict != "closed" && (want.Verdict != "malformed" || got.Verdict != "malformed") {
			t.Fatalf("cut at %d: %v", i, err)
		}
		if !strings.HasPrefix(want.Raw, got.Raw) && want.Verdict != "malformed" {
			t.Fatalf("cut at %d: kept %q of %q", i, got.Raw, want.Raw)
		}
		if len(got.Interim) > len(want.Interim) || len(got.Fields) > len(want.Fields) && want.Verdict != "malformed" {
			t.Fatalf("cut at %d: %d interim sections and %d fields", i, len(got.Interim), len(got.Fields))
		}
	}
}

// The error of a connection that broke passes unchanged.
func TestFramesStreamError(t *testing.T) {
	broken := errors.New("broken")
	settings, _ := parseFrame("SETTINGS 0")
	for _, reply := range [][]byte{nil, {0}, settings[:5], settings, append(settings, 0, 0, 7, 1, 4, 0, 0, 0, 1, 0x88)} {
		r, w := io.Pipe()
		go func() {
			w.Write(reply)
			w.CloseWithError(broken)
		}()
		if _, _, err := readFrames(t, r, 1<<10); err != broken {
			t.Errorf("%q: %v", reply, err)
		}
	}
}

// Whatever comes, the reading ends, does not depend on how the bytes were split,
// holds no more than it may, and reads the same from the lines that it has written.
func FuzzFrames(f *testing.F) {
	for _, c := range frameCases(f) {
		if len(c.reply) < 4<<10 {
			f.Add(c.reply, uint16(c.max))
		}
	}
	f.Fuzz(func(t *testing.T, reply []byte, max uint16) {
		whole, sent, err := readFrames(t, bytes.NewReader(reply), int(max)+1)
		parts := chunks(slices.Collect(slices.Chunk(reply, 1)))
		split, sentSplit, _ := readFrames(t, &parts, int(max)+1)
		if diff := cmp.Diff(whole, split); diff != "" {
			t.Fatalf("(-whole +split):\n%s", diff)
		}
		if !bytes.Equal(sent, sentSplit) {
			t.Fatalf("sent %q and %q", sent, sentSplit)
		}
		if whole.Verdict != "ok" {
			if err == nil {
				t.Fatal("no error")
			}
			return
		}
		for _, line := range whole.Lines {
			if strings.Contains(line, "\n") {
				t.Fatalf("line %q", line)
			}
		}
		if len(whole.Lines) == 0 || whole.Lines[0] != fmt.Sprintf("HTTP/2 %03d", whole.Status) {
			t.Fatalf("%d is written %q", whole.Status, whole.Lines)
		}
	})
}

// A field that is written on a line is read from the line as it came.
func FuzzFieldLine(f *testing.F) {
	for _, seed := range [][2]string{{"a", "b"}, {"", ""}, {"a ", " b\t"}, {" a", "b"}, {"a:b", "c"}, {"a", "b\nc"}, {"\r", "\r"}, {":status", "200"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		block := appendString(appendString([]byte{0x88, 0}, name), value)
		d := fieldBlocks{buffers: newBuffers(DefaultMaxHeader), max: DefaultMaxHeader}
		if d.decode(block, false, true) != nil {
			return
		}
		if done, err := d.end(); !done || err != nil {
			t.Fatal(done, err)
		}
		var want, got [][2]string
		if name := trimRight([]byte(name)); len(name) > 0 {
			want = [][2]string{{string(name), string(trimSpace([]byte(value)))}}
		}
		for name, value := range d.sections.final.Fields() {
			got = append(got, [2]string{string(name), string(value)})
		}
		if !slices.Equal(want, got) {
			t.Fatalf("%q: %q is read as %q", name, value, got)
		}
	})
}

// A Proxy-Authorization that a proxy has got goes to no server, be it over HTTP/2.
func TestBoundFieldOverHTTP2(t *testing.T) {
	q := newRequest(Options{Header: []Field{{Name: "Proxy-Authorization", Value: "Bearer x"}}})
	safe, _ := q.withoutCredentials(false, new(Proxy), nil)
	if block := safe.appendBlock(nil, &Target{Host: "h.test", Path: "/"}); bytes.Contains(block, []byte("proxy-authorization")) {
		t.Errorf("sent %q", block)
	}
}
