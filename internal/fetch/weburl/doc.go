// Package weburl resolves references as browsers do: by the basic URL parser of
// the WHATWG URL standard (https://url.spec.whatwg.org), for http and https
// alone.
//
// Package net/url follows RFC 3986. That refuses much of what servers send in
// Location and browsers follow (spaces, stray %, backslashes, bytes that are not
// ASCII), and reads some of it as another address.
//
// A reference is bytes, not text: outside of the host, bytes that are not UTF-8
// are escaped one by one.
package weburl
