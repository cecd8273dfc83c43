package fetch

import (
	"fmt"
	"time"
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
		r.Err = &Error{Stage: StageRedirect, Kind: KindTooMany, Err: fmt.Errorf("a loop: %.200s leads to %.200s again", r.Reply.Target.URL(), next.URL())}
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
		v.request, withheld = v.request.withoutCredentials(r.Reply.Target.Auth != "", v.trip.forwarder(), v.f.options.forwarder(&next))
		withheld = append(withheld, v.stray()...)
	}
	r.Hops = append(r.Hops, r.Reply)
	r.Reply = Reply{Target: next, Withheld: withheld}
	r.Tries, v.failed = 0, 0
	v.start = time.Now()
}

// stray notes that the visit has left the origin that the user meant. The SNI and
// the client certificate of the options are for no other origin. The first call
// names those of the two that are set.
func (v *visit) stray() (withheld []string) {
	if v.strayed {
		return nil
	}
	v.strayed = true
	if o := &v.f.options; o.ServerName != "" {
		withheld = append(withheld, "SNI "+o.ServerName)
	}
	if len(v.f.tls.Certificates) > 0 {
		withheld = append(withheld, "client certificate")
	}
	return withheld
}

// isRedirect reports whether a client goes on its own where the Location of such
// an answer leads. 300 offers a choice, 304 and 305 mean something
// else.
func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// hasLed reports whether the last target has led to next before. A target may
// come again and is asked again, since its answer may differ at the second visit.
func (r *Result) hasLed(next *Target) bool {
	for i := range r.Hops {
		if sameResource(&r.Hops[i].Target, &r.Reply.Target) && sameResource(&r.LedTo(i).Target, next) {
			return true
		}
	}
	return false
}

// sameResource reports whether two targets are asked for the same, fragments
// apart.
func sameResource(a, b *Target) bool {
	return sameOrigin(a, b) && a.Path == b.Path && a.Auth == b.Auth
}
