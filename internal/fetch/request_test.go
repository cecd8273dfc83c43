package fetch_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// anyAddress leads every name to an address, so that nothing is looked up.
func anyAddress() []fetch.Route {
	return []fetch.Route{{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}
}

func TestRequest(t *testing.T) {
	set := func(name, value string) fetch.Field { return fetch.Field{Name: name, Value: value} }
	remove := func(name string) fetch.Field { return fetch.Field{Name: name, Remove: true} }
	const agent = "wget/test"
	for _, c := range []struct {
		name   string
		target string
		o      fetch.Options
		want   []string // lines, without the empty one
	}{
		{
			"default", "h.test",
			fetch.Options{UserAgent: agent},
			[]string{"GET / HTTP/1.1", "Host: h.test", "User-Agent: wget/test", "Accept: */*", "Connection: close"},
		},
		{
			"zero options", "h.test",
			fetch.Options{},
			[]string{"GET / HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close"},
		},
		{
			"the lesson's", "h.test/x",
			fetch.Options{Protocol: "HTTP/1.0", UserAgent: agent},
			[]string{"GET /x HTTP/1.0", "Host: h.test"},
		},
		{
			"the lesson's with an agent", "h.test",
			fetch.Options{Protocol: "HTTP/1.0", UserAgent: agent, AgentToo: true, Header: []fetch.Field{set("A", "b")}},
			[]string{"GET / HTTP/1.0", "Host: h.test", "User-Agent: " + agent, "A: b"},
		},
		{
			"the lesson's with a field", "h.test",
			fetch.Options{Protocol: "HTTP/1.0", Header: []fetch.Field{set("A", "b")}},
			[]string{"GET / HTTP/1.0", "Host: h.test", "A: b"},
		},
		{
			"HEAD of a path and query", "h.test:81/a?b=c",
			fetch.Options{Method: "HEAD"},
			[]string{"HEAD /a?b=c HTTP/1.1", "Host: h.test:81", "Accept: */*", "Connection: close"},
		},
		{
			"an IPv6 address", "[2001:db8::1]:81",
			fetch.Options{},
			[]string{"GET / HTTP/1.1", "Host: [2001:db8::1]:81", "Accept: */*", "Connection: close"},
		},
		{
			"a zone stays at home", "fe80::1%lo",
			fetch.Options{},
			[]string{"GET / HTTP/1.1", "Host: [fe80::1]", "Accept: */*", "Connection: close"},
		},
		{
			"an internationalised name", "bücher.test",
			fetch.Options{},
			[]string{"GET / HTTP/1.1", "Host: xn--bcher-kva.test", "Accept: */*", "Connection: close"},
		},
		{
			"fields replace in place, whatever their case", "h.test",
			fetch.Options{UserAgent: agent, Header: []fetch.Field{set("connection", "keep-alive"), set("ACCEPT", "text/html"), set("user-agent", "mine")}},
			[]string{"GET / HTTP/1.1", "Host: h.test", "user-agent: mine", "ACCEPT: text/html", "connection: keep-alive"},
		},
		{
			"further ones follow", "h.test",
			fetch.Options{Header: []fetch.Field{set("Accept", "a"), set("X", "1"), set("Accept", "b"), set("X", "2")}},
			[]string{"GET / HTTP/1.1", "Host: h.test", "Accept: a", "Connection: close", "X: 1", "Accept: b", "X: 2"},
		},
		{
			"fields are removed", "h.test",
			fetch.Options{UserAgent: agent, Header: []fetch.Field{remove("accept"), remove("User-Agent"), remove("Connection"), remove("X")}},
			[]string{"GET / HTTP/1.1", "Host: h.test"},
		},
		{
			"Host is replaced", "h.test",
			fetch.Options{Header: []fetch.Field{set("host", "other.test")}},
			[]string{"GET / HTTP/1.1", "host: other.test", "Accept: */*", "Connection: close"},
		},
		{
			"Host is removed", "h.test",
			fetch.Options{Header: []fetch.Field{remove("Host")}},
			[]string{"GET / HTTP/1.1", "Accept: */*", "Connection: close"},
		},
		{
			"credentials", "Aladdin:open%20sesame@h.test",
			fetch.Options{},
			[]string{"GET / HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		},
		{
			"the field wins over the credentials", "u:p@h.test",
			fetch.Options{Header: []fetch.Field{set("authorization", "Bearer x")}},
			[]string{"GET / HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close", "authorization: Bearer x"},
		},
		{
			"no credentials at all", "u:p@h.test",
			fetch.Options{Header: []fetch.Field{remove("Authorization")}},
			[]string{"GET / HTTP/1.1", "Host: h.test", "Accept: */*", "Connection: close"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := make(chan string, 1) // the server goes on to answer
			c.o.Routes = anyAddress()
			c.o.Dial = testserver.Pipe(func(conn net.Conn) {
				request, _ := testserver.ReadRequest(conn)
				requests <- request
				conn.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
			})
			if r := askOne(t, t.Context(), c.o, c.target); r.Err != nil || r.Head.Status != 204 {
				t.Errorf("status %d, error %v", r.Head.Status, r.Err)
			}
			want := strings.Join(c.want, "\r\n") + "\r\n\r\n"
			if diff := cmp.Diff(want, <-requests); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The options are shared by all hosts and stay as they are.
func TestRequestLeavesOptions(t *testing.T) {
	header := []fetch.Field{{Name: "Accept", Value: "a"}, {Name: "X", Value: "1"}, {Name: "Host", Value: "h"}}
	before := append([]fetch.Field{}, header...)
	o := fetch.Options{Header: header, Routes: anyAddress(), Dial: testserver.Pipe(testserver.Answer("HTTP/1.1 200 OK\r\n\r\n"))}
	askAll(t, t.Context(), o, "a.test", "b.test")
	if diff := cmp.Diff(before, header); diff != "" {
		t.Errorf("Options.Header has changed (-before +after):\n%s", diff)
	}
}
