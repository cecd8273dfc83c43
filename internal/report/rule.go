package report

import (
	"slices"
	"strconv"
	"strings"

	"wget/internal/fetch"
)

// replyFields are about this one reply. They do not count, present or absent.
const replyFields = `
	age content-digest content-length content-location content-md5 content-range date digest etag expires
	last-modified retry-after
	connection keep-alive proxy-connection transfer-encoding
	cf-bgj cf-cache-status cf-ray eagleid rlogid fly-request-id x-amz-cf-id x-amz-id-1 x-amz-id-2 x-amz-rid
	x-amz-version-id x-goog-generation x-goog-hash x-goog-metageneration x-goog-stored-content-length
	x-guploader-uploadid x-msedge-ref x-azure-ref x-nws-log-uuid x-varnish x-vercel-id x-li-uuid x-fs-uuid
	akamai-grn ohc-cache-hit ohc-response-time ali-swift-global-savetime x-swift-cachetime x-swift-savetime
	cache-status cdn-cache cdn-cachedat x-hits x-true-cache-key x-check-cacheable x-proxy-cache x-drupal-cache
	x-drupal-dynamic-cache x-vercel-cache x-varnish-cache x-cdn-cache
	server-timing x-envoy-upstream-service-time x-request-queueing x-response-time x-runtime x-timer
	traceparent tracestate x-b3-spanid x-b3-traceid
	ratelimit-remaining ratelimit-reset x-rate-limit-remaining x-rate-limit-reset x-ratelimit-remaining
	x-ratelimit-reset`

// replyWords are parts of names of fields that are about this one reply.
const replyWords = `request-id requestid trace-id traceid correlation-id transaction-id x-cache`

// configFields hold configuration. Their values count, but for the parts that are
// new in every reply.
const configFields = `
	server x-powered-by x-aspnet-version x-aspnetmvc-version x-generator x-drupal-version
	strict-transport-security content-security-policy content-security-policy-report-only x-frame-options
	x-content-type-options x-xss-protection referrer-policy permissions-policy feature-policy expect-ct
	cross-origin-embedder-policy cross-origin-embedder-policy-report-only cross-origin-opener-policy
	cross-origin-opener-policy-report-only cross-origin-resource-policy origin-agent-cluster
	x-permitted-cross-domain-policies x-download-options x-dns-prefetch-control clear-site-data
	cache-control cdn-cache-control surrogate-control pragma vary
	content-type content-encoding content-language accept-ranges allow accept-patch accept-post accept-ch
	location refresh alt-svc upgrade www-authenticate proxy-authenticate p3p
	access-control-allow-credentials access-control-allow-headers access-control-allow-methods
	access-control-allow-origin access-control-expose-headers access-control-max-age timing-allow-origin
	x-robots-tag x-ua-compatible set-cookie`

// unorderedFields are lists whose order means nothing, separated by commas or, in
// Strict-Transport-Security, by semicolons.
const unorderedFields = `
	accept-ch access-control-allow-headers access-control-allow-methods access-control-expose-headers allow
	cache-control cdn-cache-control content-language pragma strict-transport-security surrogate-control vary`

// Of every other field, the name counts and the value does not.

// rule knows what counts of an answer, of the tables above.
type rule struct {
	reply, config, unordered map[string]bool
	words                    []string
}

func newRule() *rule {
	set := func(list string) map[string]bool {
		names := make(map[string]bool)
		for name := range strings.FieldsSeq(list) {
			names[name] = true
		}
		return names
	}
	return &rule{set(replyFields), set(configFields), set(unorderedFields), strings.Fields(replyWords)}
}

// sign lists all that counts of an answer.
func (u *rule) sign(r *fetch.Result) []signed {
	list := []signed{{"status", strconv.Itoa(r.Head.Status)}}
	for name, value := range r.Head.Fields() {
		lowered := strings.ToLower(latin1(name))
		switch {
		case u.isReply(lowered):
		case lowered == "set-cookie":
			list = append(list, signed{lowered, u.cookie(latin1(value), r.Reply.Target.Host)})
		case u.config[lowered]:
			list = append(list, signed{lowered, u.masked(lowered, latin1(value), r.Reply.Target.Host)})
		default:
			list = append(list, signed{name: lowered})
		}
	}
	return list
}

func (u *rule) isReply(name string) bool {
	return u.reply[name] || slices.ContainsFunc(u.words, func(word string) bool { return strings.Contains(name, word) })
}

// masked is a value without the parts that are new in every reply. Lists whose
// order means nothing are sorted; they hold words that are written by people.
func (u *rule) masked(name, value, host string) string {
	if !u.unordered[name] {
		return mask(value, host)
	}
	separator := ","
	if name == "strict-transport-security" {
		separator = ";"
	}
	items := strings.Split(strings.ToLower(value), separator)
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	slices.Sort(items)
	return strings.Join(items, separator+" ")
}

// cookie is a cookie's name and attributes, without its value and its date. Some
// servers have an id in the name.
func (u *rule) cookie(value, host string) string {
	pair, attributes, _ := strings.Cut(value, ";")
	name, _, _ := strings.Cut(pair, "=")
	parts := []string{mask(strings.TrimSpace(name), host)}
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, text, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		switch key = strings.ToLower(key); {
		case key == "":
		case key == "expires":
			parts = append(parts, key)
		default:
			parts = append(parts, strings.TrimSuffix(key+"="+mask(text, host), "="))
		}
	}
	return strings.Join(parts, "; ")
}
