package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wget/internal/fetch"
)

// Record is one object of the json format, as [Records] reads it. A member that
// is absent is unknown, and its field is zero, or -1 for Index.
type Record struct {
	Index  int       `json:"index"`  // position of the target in the input, from 0
	Target string    `json:"target"` // as typed
	Time   time.Time `json:"time"`   // when the host was begun

	Edge *Edge `json:"edge"` // which of the target's addresses was asked, if each was

	Answer          // the last one; embedded because its members stand among the record's
	Hops   []Answer `json:"hops"` // that redirected, in order

	Anomalies []string `json:"anomalies"` // of all answers
	Group     string   `json:"group"`     // the same for answers that are alike; recorded on request
	Tries     int      `json:"tries"`     // of the last request; recorded if above 1
	Error     *Failure `json:"error"`

	Partial bool `json:"-"` // Headers are those that --fields chose: others may have come
}

// Edge is one of a target's addresses.
type Edge struct {
	N    int        `json:"n"`    // position, from 0
	Of   int        `json:"of"`   // number of addresses
	Addr netip.Addr `json:"addr"` // the address, where Answer.Addr is a proxy's
}

// Answer is what came of one request.
type Answer struct {
	URL   string         `json:"url"`
	Addr  netip.AddrPort `json:"addr"`  // the server's
	Proxy string         `json:"proxy"` // URL of the proxy that was asked, without credentials

	Section           // the final one; embedded for the same reason
	Interim []Section `json:"interim"` // of status 1xx, in order of arrival

	TLS     *TLS    `json:"tls"`
	Bytes   int     `json:"bytes"` // length of all sections
	Raw     []byte  `json:"raw"`   // all sections as they came; recorded on request
	Seconds Seconds `json:"seconds"`
}

// Section is a header section.
type Section struct {
	Proto   string  `json:"proto"` // "HTTP/1.1"
	Status  int     `json:"status"`
	Reason  string  `json:"reason"`
	Headers Fields  `json:"headers"`
	Pairs   []Field `json:"fields"` // in order, names as they came; in place of Headers
}

// Fields lists the fields of a section as they are recorded: names in lower
// case, in order of their first arrival, and all values of a name together.
type Fields []Field

// Field is one field of a section. A name with several values has a Field for
// each.
type Field struct{ Name, Value string }

// TLS describes the session.
type TLS struct {
	Version     string `json:"version"` // "TLS 1.3"
	Cipher      string `json:"cipher"`
	Curve       string `json:"curve"`
	ALPN        string `json:"alpn"`
	SNI         string `json:"sni"`
	Verified    bool   `json:"verified"`
	Stapled     bool   `json:"stapled"` // an OCSP response came
	Certificate        // the server's own; embedded because its members stand among the session's

	Chain []Certificate `json:"chain"` // the others that the server sent
}

// Certificate describes a certificate, as fetch.Certificate does.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names"`
	Serial    string    `json:"serial"`
	SHA256    string    `json:"sha256"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Key       string    `json:"key"`
}

// Seconds says when each step was over, in seconds from the start of the host.
type Seconds struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	FirstByte float64 `json:"first_byte"`
	Total     float64 `json:"total"`
}

// Failure says where and why a host failed.
type Failure struct {
	Stage   fetch.Stage `json:"stage"`
	Kind    fetch.Kind  `json:"kind"`
	Message string      `json:"message"`
	Hint    string      `json:"hint"`
}

// Check refuses a record that does not say what came of a target, as one of chosen
// fields can be, or of another program. A target and a status, or an error, are
// enough.
func (r *Record) Check() error {
	switch {
	case r.Target == "":
		return errors.New("it has no target")
	case r.Error == nil && r.Status == 0 && r.Proto == "":
		return errors.New("it has neither a status nor an error")
	case r.Status < 0 || r.Status > 999:
		return fmt.Errorf("its status is %d", r.Status)
	}
	return nil
}

// LineError is a line that is no record.
type LineError struct {
	Number int // of the line, from 1
	Err    error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Number, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// Records reads the records in r, one per line. Keys that are not known are
// passed over. Each line that is no record yields a [*LineError], of
// io.ErrUnexpectedEOF for a last line that was cut short, and the
// lines after it are read all the same. An error in reading ends the records.
func Records(r io.Reader) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		lines := bufio.NewReaderSize(r, batchSize)
		for number := 1; ; number++ {
			line, err := lines.ReadBytes('\n')
			if err != nil && err != io.EOF {
				yield(nil, err)
				return
			}
			if len(line) == 0 {
				return
			}
			if number == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
				if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) {
					yield(nil, &LineError{number, errors.New("the file is UTF-16, and records are UTF-8")})
					return
				}
			}
			record, wrong := readRecord(line)
			switch {
			case wrong == nil:
				err = nil
			case err == io.EOF && isCutShort(line):
				err = &LineError{number, io.ErrUnexpectedEOF}
			default:
				err = &LineError{number, mistyped(wrong)}
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// readRecord reads a record. Package json takes a key in any case, such as the header
// field Status for the status: if one does not fit, the line is read without those.
func readRecord(line []byte) (*Record, error) {
	c := chosenFields{Record: &Record{Index: -1}}
	var broken *json.SyntaxError
	err := json.Unmarshal(line, &c)
	switch {
	case err == nil:
	case errors.As(err, &broken) || line[0] != '{':
		return nil, err
	default:
		c = chosenFields{Record: &Record{Index: -1}}
		if json.Unmarshal(exactKeys(line), &c) != nil {
			return nil, err
		}
	}
	c.complete(line)
	return c.Record, nil
}

// exactKeys is an object without the members whose names are keys in another case.
func exactKeys(line []byte) []byte {
	b, known := []byte("{"), keys()
	for m := range members(compact(line)) {
		if name := string(m.name); slices.Contains(known, name) || !slices.Contains(known, strings.ToLower(name)) {
			b = append(append(append(b, '"'), m.name...), `":`...)
			b = append(append(b, m.value...), ',')
		}
	}
	return append(bytes.TrimSuffix(b, []byte(",")), '}')
}

// chosenFields is a record with what --fields can name beside the keys of records: the
// members of the error, and header fields.
type chosenFields struct {
	*Record
	Stage   fetch.Stage `json:"error.stage"`
	Kind    fetch.Kind  `json:"error.kind"`
	Message string      `json:"error.message"`
}

// complete makes the record's error of its members, and a header field of each list
// under a name that is no key.
func (c *chosenFields) complete(line []byte) {
	if c.Error == nil && c.Kind != "" {
		c.Error = &Failure{Stage: c.Stage, Kind: c.Kind, Message: c.Message}
	}
	if c.Error != nil || c.Headers != nil || c.Pairs != nil || len(c.Raw) > 0 {
		return
	}
	c.Partial = true
	known := keys()
	for m := range members(compact(line)) {
		name := string(m.name)
		var values []string
		if slices.Contains(known, name) || m.value[0] != '[' || json.Unmarshal(m.value, &values) != nil {
			continue
		}
		for _, value := range values {
			c.Headers = append(c.Headers, Field{strings.ToLower(strings.TrimPrefix(name, "header.")), value})
		}
	}
}

// compact is JSON without the white space that others write between its parts.
func compact(line []byte) []byte {
	var b bytes.Buffer
	_ = json.Compact(&b, line) // which has been read
	return b.Bytes()
}

// isCutShort reports whether more could follow a text that is not JSON.
func isCutShort(text []byte) bool {
	return json.NewDecoder(bytes.NewReader(text)).Decode(new(json.RawMessage)) == io.ErrUnexpectedEOF
}

// mistyped words the error of a value of another type without names of Go's.
func mistyped(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("it is no object, but of type %s", wrong.Value)
	}
	key := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
	return fmt.Errorf("%s cannot be of type %s", key, wrong.Value)
}

// UnmarshalJSON reads an object that has a list of values for each name. A name
// that comes twice is kept twice.
func (f *Fields) UnmarshalJSON(text []byte) error {
	if string(text) == "null" { // as chosen fields have what is absent
		return nil
	}
	*f = Fields{}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(err, errors.New("headers is not an object"))
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var values []string
		if err := d.Decode(&values); err != nil {
			return err
		}
		for _, value := range values {
			*f = append(*f, Field{name.(string), value})
		}
	}
	return nil
}
