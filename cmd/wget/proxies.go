package wget

import (
	"cmp"

	"wget/internal/fetch"
)

// proxies says through which proxies to ask: those of the flags, or else those of
// the environment, with curl's variables and their precedence. The lower-case
// name of a variable goes first; http_proxy has no other, since a CGI program
// would find a request's Proxy field under HTTP_PROXY.
func (f *flags) proxies(set func(string) bool, env func(string) string) (p fetch.Proxies, err error) {
	if f.noProxy {
		return p, nil
	}
	either := func(lower, upper string) string { return cmp.Or(env(lower), env(upper)) }
	p.Except = fetch.ParseNoProxy(either("no_proxy", "NO_PROXY"))
	if set("noproxy") {
		p.Except = fetch.ParseNoProxy(f.noProxyFor)
	}
	if set("proxy") {
		if f.proxy != "" {
			p.HTTP, err = fetch.ParseProxy(f.proxy)
			p.HTTPS = p.HTTP
		}
		if err != nil {
			return p, usage("--proxy %s: %w", fetch.WithoutUser(f.proxy), err)
		}
		return p, nil
	}
	for _, scheme := range []struct {
		proxy **fetch.Proxy
		text  string
	}{
		{&p.HTTP, env("http_proxy")},
		{&p.HTTPS, either("https_proxy", "HTTPS_PROXY")},
	} {
		text := cmp.Or(scheme.text, either("all_proxy", "ALL_PROXY"))
		if text == "" {
			continue
		}
		if *scheme.proxy, err = fetch.ParseProxy(text); err != nil {
			return p, usage("the environment's proxy %s: %w", fetch.WithoutUser(text), err)
		}
	}
	return p, nil
}
