package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"wget/internal/fetch"
)

// The names of functions that are called where an expression names h or cookies.
// Nobody can write them.
const (
	oneField   = "h[]"
	allFields  = "h{}"
	allNames   = "keys(h)"
	allCookies = "cookies[]"
)

// environment is what an expression knows of the result at hand. A member that the
// expression does not name is not worked out.
type environment struct {
	Status     int      `expr:"status"`
	Scheme     string   `expr:"scheme"`
	Host       string   `expr:"host"`
	Port       int      `expr:"port"`
	Target     string   `expr:"target"`
	URL        string   `expr:"url"`
	Proto      string   `expr:"proto"`
	Reason     string   `expr:"reason"`
	Bytes      int      `expr:"bytes"`
	Location   string   `expr:"location"`
	Server     string   `expr:"server"`
	Error      string   `expr:"error"`
	Stage      string   `expr:"stage"`
	Addr       string   `expr:"addr"`
	FirstByte  float64  `expr:"first_byte"`
	Total      float64  `expr:"total"`
	Hops       int      `expr:"hops"`
	HSTS       int      `expr:"hsts"`
	CertDays   int      `expr:"cert_days"`
	TLSVersion string   `expr:"tls_version"`
	Anomalies  []string `expr:"anomalies"`

	// H and Cookies are only for the check of types: their uses become calls.
	H          map[string]string        `expr:"h"`
	Joined     func(name string) string `expr:"h[]"`
	All        func() map[string]string `expr:"h{}"`
	Names      func() []string          `expr:"keys(h)"`
	Cookies    []cookie                 `expr:"cookies"`
	AllCookies func() []cookie          `expr:"cookies[]"`

	Has    func(name string) bool               `expr:"has"`
	Values func(name string) []string           `expr:"values"`
	Dir    func(field, directive string) string `expr:"dir"`

	fieldNames, fieldValues [][]byte // of the result at hand
}

// cookie is a cookie that a server sets (RFC 6265 section 4.1).
type cookie struct {
	Name     string `expr:"name"`
	Secure   bool
	HttpOnly bool
	SameSite string // "Lax", "Strict" or "None"; "" for none of them
	Path     string
	Domain   string
	MaxAge   int // in seconds; -1 if absent
}

func newEnvironment() *environment {
	e := new(environment)
	e.Joined = func(name string) string { return strings.Join(e.values(name), ", ") }
	e.All, e.Names = e.all, e.names
	e.Has = func(name string) bool { return len(e.values(name)) > 0 }
	e.Values = e.fewValues
	e.AllCookies = func() (list []cookie) {
		for _, text := range e.fewValues("set-cookie") {
			list = append(list, parseCookie(text))
		}
		return list
	}
	e.Dir = func(field, directive string) string { return directiveOf(e.values(field), directive) }
	return e
}

// take makes r the result at hand.
func (e *environment) take(r *fetch.Result) {
	e.fieldNames, e.fieldValues = e.fieldNames[:0], e.fieldValues[:0]
	for name, value := range r.Head.Fields() {
		e.fieldNames, e.fieldValues = append(e.fieldNames, name), append(e.fieldValues, value)
	}
}

// values are those of a header field, in order of arrival.
func (e *environment) values(name string) (list []string) {
	for i, n := range e.fieldNames {
		if len(n) == len(name) && equalLower(n, []byte(name)) {
			list = append(list, latin1(e.fieldValues[i]))
		}
	}
	return list
}

// mostValues is how many fields of one name, or names of fields, an expression may
// look at one by one: it may have a predicate for each pair of them.
const mostValues = 1000

// fewValues is values for a list that predicates can go through. Too many make the
// expression one that cannot be evaluated, by the panic that is due inside it.
func (e *environment) fewValues(name string) []string {
	list := e.values(name)
	if len(list) > mostValues {
		panic(fmt.Sprintf("more than %d fields of the name %s", mostValues, name))
	}
	return list
}

// all are the values of every header field, joined, by its name in lower case.
func (e *environment) all() map[string]string {
	lists := make(map[string][]string)
	for i, n := range e.fieldNames {
		name := lowerName(n)
		lists[name] = append(lists[name], latin1(e.fieldValues[i]))
	}
	checkNames(len(lists))
	fields := make(map[string]string)
	for name, list := range lists {
		fields[name] = strings.Join(list, ", ")
	}
	return fields
}

// names are those of the header fields in lower case, each once, in order of
// arrival. There is the same bound on them as on the values of one name.
func (e *environment) names() (list []string) {
	known := make(map[string]bool)
	for _, n := range e.fieldNames {
		if name := lowerName(n); !known[name] {
			known[name] = true
			list = append(list, name)
		}
	}
	checkNames(len(list))
	return list
}

func checkNames(n int) {
	if n > mostValues {
		panic(fmt.Sprintf("more than %d names of fields", mostValues))
	}
}

// lowerName is the name of a field with its ASCII letters in lower case. Its other
// bytes are those by which the field is looked for.
func lowerName(name []byte) string {
	text := bytes.Clone(name)
	for i, c := range text {
		text[i] = lower(c)
	}
	return string(text)
}

// fill is how a member is worked out for the result at hand.
type fill func(e *environment, r *fetch.Result)

// fills lists how each member is worked out, by the name that expressions use.
func fills() map[string]fill {
	return map[string]fill{
		"status":   func(e *environment, r *fetch.Result) { e.Status = r.Head.Status },
		"scheme":   func(e *environment, r *fetch.Result) { e.Scheme, _, _ = strings.Cut(r.Reply.Target.URL(), ":") },
		"host":     func(e *environment, r *fetch.Result) { e.Host = r.Reply.Target.Host },
		"port":     func(e *environment, r *fetch.Result) { e.Port = int(r.Reply.Target.Port) },
		"target":   func(e *environment, r *fetch.Result) { e.Target = r.Target.Text },
		"url":      func(e *environment, r *fetch.Result) { e.URL = r.Reply.Target.URL() },
		"proto":    func(e *environment, r *fetch.Result) { e.Proto = r.Head.Proto },
		"reason":   func(e *environment, r *fetch.Result) { e.Reason = latin1(r.Head.Reason()) },
		"bytes":    func(e *environment, r *fetch.Result) { e.Bytes = r.Size },
		"location": func(e *environment, r *fetch.Result) { e.Location = e.Joined("location") },
		"server":   func(e *environment, r *fetch.Result) { e.Server = e.Joined("server") },
		"error": func(e *environment, r *fetch.Result) {
			if e.Error = ""; r.Err != nil {
				e.Error = string(r.Err.Kind)
			}
		},
		"stage": func(e *environment, r *fetch.Result) {
			if e.Stage = ""; r.Err != nil {
				e.Stage = string(r.Err.Stage)
			}
		},
		"addr": func(e *environment, r *fetch.Result) {
			if e.Addr = ""; r.Addr != (netip.AddrPort{}) {
				e.Addr = r.Addr.String()
			}
		},
		"first_byte": func(e *environment, r *fetch.Result) { e.FirstByte = r.Times.FirstByte.Seconds() },
		"total":      func(e *environment, r *fetch.Result) { e.Total = r.Times.Total.Seconds() },
		"hops":       func(e *environment, r *fetch.Result) { e.Hops = len(r.Hops) },
		"hsts": func(e *environment, r *fetch.Result) {
			e.HSTS = number(directiveOf(e.values("strict-transport-security"), "max-age"))
		},
		"cert_days": func(e *environment, r *fetch.Result) { e.CertDays = certificateDays(r) },
		"tls_version": func(e *environment, r *fetch.Result) {
			if e.TLSVersion = ""; r.Session != nil {
				e.TLSVersion = strings.TrimPrefix(r.Session.Version, "TLS ")
			}
		},
		"anomalies": func(e *environment, r *fetch.Result) {
			e.Anomalies = nil
			for a := range r.Anomalies().All() {
				e.Anomalies = append(e.Anomalies, a.Name)
			}
		},
	}
}

// number reads digits. It is -1 for another text, and the largest number for one
// that is too large (RFC 9111 section 1.2.2).
func number(text string) int {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return -1
	}
	return int(min(n, math.MaxInt))
}

// certificateDays is how many whole days the server's certificate is valid from
// the time that the host was begun; -1 without one, and so -2 or less for one that
// has expired.
func certificateDays(r *fetch.Result) int {
	if r.Session == nil {
		return -1
	}
	certificates := r.Session.Certificates()
	if len(certificates) == 0 || certificates[0].NotAfter.IsZero() {
		return -1
	}
	days := daysLeft(&certificates[0], r)
	if days < 0 {
		days = min(days, -2)
	}
	return days
}

// directiveOf looks for a directive in the values of a field: the text behind
// its name and = or a space, the name itself if there is none, and "" if the
// directive is absent. Directives end at a comma or a semicolon outside quotes.
func directiveOf(values []string, directive string) string {
	for _, value := range values {
		for _, part := range splitUnquoted(value) {
			end := strings.IndexAny(part, "= \t")
			if end < 0 {
				end = len(part)
			}
			if !strings.EqualFold(part[:end], directive) {
				continue
			}
			value := strings.TrimPrefix(strings.TrimLeft(part[end:], " \t"), "=")
			return cmp.Or(unquoted(strings.TrimLeft(value, " \t")), part[:end])
		}
	}
	return ""
}

// unquoted is the text of a quoted string (RFC 9110 section 5.6.4), or the text
// as it is if it is none.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var b strings.Builder
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' && i < len(text)-2 {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// splitUnquoted splits at commas and semicolons outside quotes.
func splitUnquoted(text string) (parts []string) {
	quoted, start := false, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || !quoted && (text[i] == ',' || text[i] == ';'):
			parts = append(parts, strings.Trim(text[start:i], " \t"))
			start = i + 1
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '\\' && quoted:
			i++
		}
	}
	return parts
}

// String is the cookie's name and attributes, as a header field has them.
func (c cookie) String() string {
	text := c.Name
	for _, attribute := range []struct {
		text  string
		given bool
	}{
		{"Path=" + c.Path, c.Path != ""},
		{"Domain=" + c.Domain, c.Domain != ""},
		{"Max-Age=" + strconv.Itoa(c.MaxAge), c.MaxAge >= 0},
		{"Secure", c.Secure},
		{"HttpOnly", c.HttpOnly},
		{"SameSite=" + c.SameSite, c.SameSite != ""},
	} {
		if attribute.given {
			text += "; " + attribute.text
		}
	}
	return text
}

// parseCookie reads a Set-Cookie as user agents do (RFC 6265 section 5.2).
func parseCookie(text string) cookie {
	c := cookie{MaxAge: -1}
	pair, attributes, _ := strings.Cut(text, ";")
	name, _, _ := strings.Cut(pair, "=")
	c.Name = strings.Trim(name, " \t")
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.Trim(value, " \t")
		switch strings.ToLower(strings.Trim(key, " \t")) {
		case "secure":
			c.Secure = true
		case "httponly":
			c.HttpOnly = true
		case "samesite":
			for _, known := range []string{"Lax", "Strict", "None"} {
				if strings.EqualFold(value, known) {
					c.SameSite = known
				}
			}
		case "path":
			c.Path = value
		case "domain":
			c.Domain = value
		case "max-age":
			if digits, negative := strings.CutPrefix(value, "-"); number(digits) >= 0 {
				c.MaxAge = number(digits)
				if negative {
					c.MaxAge = 0
				}
			}
		}
	}
	return c
}
