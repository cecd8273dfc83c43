package report

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wget/internal/fetch"
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
	Cookies    []cookie `expr:"cookies"`
	Anomalies  []string `expr:"anomalies"`

	// H is only for the check of types: h["name"] becomes a call of Joined.
	H      map[string]string                    `expr:"h"`
	Joined func(name string) string             `expr:"joined"`
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
	SameSite string // "Lax", "Strict" or "None", with a capital; "" if absent
	Path     string
	Domain   string
	MaxAge   int // in seconds; -1 if absent
}

func newEnvironment() *environment {
	e := new(environment)
	e.Joined = func(name string) string { return strings.Join(e.values(name), ", ") }
	e.Has = func(name string) bool { return len(e.values(name)) > 0 }
	e.Values = e.values
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
		if len(n) == len(name) && strings.EqualFold(name, string(n)) {
			list = append(list, latin1(e.fieldValues[i]))
		}
	}
	return list
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
		"cookies": func(e *environment, r *fetch.Result) {
			e.Cookies = nil
			for _, text := range e.values("set-cookie") {
				e.Cookies = append(e.Cookies, parseCookie(text))
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

// number is -1 for a text that is no number of at least 0.
func number(text string) int {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return -1
	}
	return int(min(n, math.MaxInt))
}

// certificateDays is how many whole days the server's certificate is valid from
// the time that the host was begun; -1 without one.
func certificateDays(r *fetch.Result) int {
	if r.Session == nil {
		return -1
	}
	certificates := r.Session.Certificates()
	if len(certificates) == 0 || certificates[0].NotAfter.IsZero() {
		return -1
	}
	return int(math.Floor(certificates[0].NotAfter.Sub(r.Begun).Hours() / (24 * time.Hour).Hours()))
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
			if text := strings.Trim(part[end:], "= \t"); text != "" {
				return strings.Trim(text, `"`)
			}
			return part[:end]
		}
	}
	return ""
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
			if lower := strings.ToLower(value); lower != "" {
				c.SameSite = strings.ToUpper(lower[:1]) + lower[1:]
			}
		case "path":
			c.Path = value
		case "domain":
			c.Domain = value
		case "max-age":
			if n, err := strconv.Atoi(value); err == nil {
				c.MaxAge = max(0, n)
			}
		}
	}
	return c
}
