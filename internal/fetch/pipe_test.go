package fetch_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"wget/internal/fetch"
)

// dialer is the shape of Options.Dial.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// piped connects every target to a server of its own in this process.
func piped(serve func(net.Conn)) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			serve(server)
		}()
		return client, nil
	}
}

// takeRequest reads a request to its empty line.
func takeRequest(conn net.Conn) string {
	var request strings.Builder
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		request.WriteString(line)
		if err != nil || line == "\r\n" {
			return request.String()
		}
	}
}

// answer takes a request and sends a reply.
func answer(reply string) func(net.Conn) {
	return func(conn net.Conn) {
		takeRequest(conn)
		io.WriteString(conn, reply)
	}
}

// silent reads and says nothing, until the other side goes away.
func silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// askAll asks texts, which must be targets, and reads all results.
func askAll(t *testing.T, ctx context.Context, o fetch.Options, texts ...string) []*fetch.Result {
	t.Helper()
	var targets []fetch.Target
	for _, text := range texts {
		for _, target := range parsed(t, text, fetch.Defaults{}) {
			target.Index = len(targets)
			targets = append(targets, target)
		}
	}
	var results []*fetch.Result
	for r := range fetch.All(ctx, slices.Values(targets), o) {
		results = append(results, r)
	}
	if len(results) != len(targets) {
		t.Errorf("%d results of %d targets", len(results), len(targets))
	}
	return results
}

// askOne asks one address, so that nothing has to be looked up.
func askOne(t *testing.T, ctx context.Context, o fetch.Options, text string) *fetch.Result {
	t.Helper()
	results := askAll(t, ctx, o, text)
	if len(results) != 1 {
		t.Fatalf("%d results of %s", len(results), text)
	}
	return results[0]
}
