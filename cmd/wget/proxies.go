package wget

import (
	"strings"

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
	_, list := first(env, "no_proxy", "NO_PROXY")
	if set("noproxy") {
		list = f.noProxyFor
	}
	p.Except = fetch.ParseNoProxy(list)
	if set("proxy") {
		p.HTTP, err = parseProxy("--proxy ", f.proxy)
		p.HTTPS = p.HTTP
		return p, err
	}
	if f.demo || len(f.from) > 0 { // which need none, whatever the environment says
		return p, nil
	}
	name, text := first(env, "http_proxy", "all_proxy", "ALL_PROXY")
	if p.HTTP, err = parseProxy(name+"=", text); err != nil {
		return p, err
	}
	name, text = first(env, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	p.HTTPS, err = parseProxy(name+"=", text)
	return p, err
}

// first is the first of some variables that is set and not empty.
func first(env func(string) string, names ...string) (name, value string) {
	for _, name := range names {
		if value := env(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// parseProxy reads a proxy; an empty text is none. The prefix tells where the text
// stood in an error, which shows only what follows the credentials.
func parseProxy(prefix, text string) (*fetch.Proxy, error) {
	if text == "" {
		return nil, nil
	}
	p, err := fetch.ParseProxy(text)
	if err != nil {
		return nil, usage("%s%s: %w", prefix, text[strings.LastIndexByte(text, '@')+1:], err)
	}
	return p, nil
}
