package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wget/internal/fetch/weburl"
)

// follow makes the visit ready to ask for what the last answer leads to (RFC
// 9110 section 15.4), and reports whether it leads anywhere. An answer that
// should and does not is a failure, and the last one of the record.
func (v *visit) follow() bool {
	r := &v.result
	if r.Err != nil || !isRedirect(r.Head.Status) {
		return false
	}
	location, ok, err := r.Head.location()
	if !ok {
		return false
	}
	var next Target
	if err == nil {
		next, err = r.Reply.Target.at(location)
	}
	switch {
	case err != nil:
		r.Err = &Error{Stage: StageRedirect, Kind: KindMalformed, Err: fmt.Errorf("the Location cannot be followed: %w", err)}
	case r.hasLed(&next):
		r.Err = &Error{Stage: StageRedirect, Kind: KindTooMany, Err: fmt.Errorf("a loop: %s leads to %s again", r.Reply.Target.URL(), next.URL())}
	case len(r.Hops) >= v.f.options.MaxRedirect:
		r.Err = &Error{
			Stage: StageRedirect, Kind: KindTooMany,
			Err:  fmt.Errorf("more than %d redirects", v.f.options.MaxRedirect),
			Hint: "--max-redirect N raises the bound",
		}
	}
	if r.Err != nil {
		return false
	}
	v.hop(next)
	return true
}

// hop leaves the answer behind for the next target.
func (v *visit) hop(next Target) {
	r := &v.result
	v.request = v.request.after(r.Head.Status)
	var withheld []string
	if !sameOrigin(&r.Reply.Target, &next) {
		v.request, withheld = v.request.withoutCredentials(r.Reply.Target.Auth != "")
	}
	r.Hops = append(r.Hops, r.Reply)
	r.Reply = Reply{Target: next, Withheld: withheld}
	r.Tries, v.failed = 0, time.Time{}
	v.start = time.Now()
}

// isRedirect reports whether a client goes where the Location of such an answer
// leads without being told to. 300 offers a choice, 304 and 305 mean something
// else.
func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// location is where the answer leads; it is not ok if there is no such field.
// Equal fields count as one.
func (h *Head) location() (location string, ok bool, err error) {
	var first []byte
	for name, value := range h.Fields() {
		switch {
		case !bytes.EqualFold(name, []byte("Location")):
		case !ok:
			first, ok = value, true
		case !bytes.Equal(value, first):
			return "", true, errors.New("there are several that differ")
		}
	}
	if ok && len(first) == 0 {
		return "", true, errors.New("it is empty")
	}
	return string(first), ok, nil
}

// at is the target that a location leads to from t. Credentials stay in the
// same origin, unless the location has its own, and so does the fragment unless
// the location has one (RFC 9110 section 10.2.2).
func (t *Target) at(location string) (Target, error) {
	base := weburl.URL{TLS: t.TLS, Host: t.Host, Addr: t.Addr, Port: t.Port, Path: t.Path}
	u, err := weburl.Resolve(base, location)
	if err != nil {
		return Target{}, err
	}
	next := *t
	next.TLS, next.Port, next.Host, next.Addr, next.Path = u.TLS, u.Port, u.Host, u.Addr.Unmap(), u.Path
	if u.Addr.Is4In6() {
		next.Host = next.Addr.String()
	}
	if u.Addr.IsValid() && u.Addr == t.Addr.WithZone("") {
		next.Host, next.Addr = t.Host, t.Addr // a URL cannot say the zone
	}
	switch {
	case u.User != "" || u.Password != "":
		next.Auth = basicAuth(u.User, u.Password)
	case !sameOrigin(t, &next):
		next.Auth = ""
	}
	switch {
	case u.Fragment != "":
		next.Fragment = u.Fragment
	case t.Fragment == "":
		next.Fragment = fragmentOf(t.Text)
	}
	return next, nil
}

// fragmentOf is the fragment of a text as it was typed, which Parse has no use
// for.
func fragmentOf(text string) string {
	if i := strings.IndexByte(text, '#'); i >= 0 {
		return text[i:]
	}
	return ""
}

// sameOrigin reports whether two targets are to be told the same (RFC 6454
// section 5).
func sameOrigin(a, b *Target) bool {
	return a.TLS == b.TLS && a.Port == b.Port && strings.EqualFold(a.Host, b.Host)
}

// hasLed reports whether the last target has led to next before. It is asked
// twice, since an answer may differ at the second visit.
func (r *Result) hasLed(next *Target) bool {
	was := false // the one before was the last target
	for reply := range r.Replies() {
		if was && sameResource(&reply.Target, next) {
			return true
		}
		was = sameResource(&reply.Target, &r.Reply.Target)
	}
	return false
}

func sameResource(a, b *Target) bool {
	return sameOrigin(a, b) && a.Path == b.Path && a.Auth == b.Auth
}

// after is the request to follow an answer of some status with (RFC 9110
// sections 15.4.2 to 15.4.4): a GET has no fields that describe content.
func (q *request) after(status int) *request {
	switch {
	case q.method == "GET" || q.method == "HEAD":
		return q
	case status == 303, q.method == "POST" && (status == 301 || status == 302):
	default:
		return q
	}
	get := *q
	get.method = "GET"
	get.fields = slices.DeleteFunc(slices.Clone(q.fields), func(f Field) bool { return describesContent(f.Name) })
	return &get
}

func describesContent(name string) bool {
	return isOneOf(name, "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Type", "Transfer-Encoding")
}

// withoutCredentials is the request as another origin gets it, and the fields
// that the origin before got and this one does not. inURL is whether the
// target's own credentials are among them.
func (q *request) withoutCredentials(inURL bool) (safe *request, withheld []string) {
	safe = new(request)
	*safe = *q
	safe.fields = nil
	if inURL && q.auth {
		withheld = append(withheld, "Authorization")
	}
	for i, f := range q.fields {
		if !isCredential(f.Name) {
			safe.fields = append(safe.fields, f)
			continue
		}
		if !slices.Contains(withheld, f.Name) {
			withheld = append(withheld, f.Name)
		}
		switch {
		case i == 0 && strings.EqualFold(f.Name, "Host"):
			safe.fields = append(safe.fields, Field{Name: ownHost})
		case strings.EqualFold(f.Name, "Authorization"):
			safe.auth = true
		}
	}
	return safe, withheld
}

// isCredential reports whether a field is for the origin alone that the user
// meant: these, and Host, which another origin would not know.
func isCredential(name string) bool {
	return isOneOf(name, "Authorization", "Cookie", "Cookie2", "Host", "Proxy-Authorization", "WWW-Authenticate")
}

func isOneOf(name string, list ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// blockPrivate keeps a redirect that came from a public address from leading
// into the network that the program or its proxy runs in, whatever name stands
// for it. An address that the user gave is meant.
func (t *trip) blockPrivate() *Error {
	o := &t.v.f.options
	hops := t.v.result.Hops
	if len(hops) == 0 || o.AllowPrivate || isPrivate(hops[len(hops)-1].origin()) {
		return nil
	}
	if route := o.route(t.target); route != nil && (len(route.Addrs) > 0 || route.ToHost != "") {
		return nil
	}
	if t.proxy != nil {
		if isPrivate(t.peer.addr) {
			return blocked(t.peer.addr)
		}
		return nil
	}
	t.guarded = true
	public := t.unblocked(t.addrs)
	if len(public) == 0 {
		return blocked(t.addrs[0])
	}
	t.addrs = public
	return nil
}

func blocked(addr netip.Addr) *Error {
	return &Error{
		Stage: StageRedirect, Kind: KindBlocked,
		Err:  fmt.Errorf("from a public address to %v", addr),
		Hint: "--allow-private follows it",
	}
}

// unblocked is those of the addresses, which others may share, that may be
// connected to.
func (t *trip) unblocked(addrs []netip.Addr) []netip.Addr {
	if !t.guarded {
		return addrs
	}
	return slices.DeleteFunc(slices.Clone(addrs), isPrivate)
}

// origin is the address that the reply came from. A proxy may have found any for
// a name, and it counts as public then.
func (r *Reply) origin() netip.Addr {
	if r.Proxy != "" {
		return r.Target.Addr
	}
	return r.Addr.Addr()
}

// isPrivate reports whether an address means something else elsewhere: loopback,
// private, link-local, shared (RFC 6598), or this host (RFC 1122 section
// 3.2.1.3).
func isPrivate(a netip.Addr) bool {
	a = a.Unmap()
	if nat64 := netip.PrefixFrom(netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b}), 96); nat64.Contains(a) { // RFC 6052
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() ||
		shared.Contains(a) || a.Is4() && a.As4()[0] == 0
}
