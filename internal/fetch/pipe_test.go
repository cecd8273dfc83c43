package fetch_test

import (
	"context"
	"net"
	"slices"
	"testing"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// dialer is the shape of Options.Dial.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// piped and answer are short for what the tests of nameservers ask with.
func piped(serve func(net.Conn)) dialer { return testserver.Pipe(serve) }

func answer(reply string) func(net.Conn) { return testserver.Answer(reply) }

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
