package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"wget/internal/fetch/socket"
)

// endsAt is a context that has ended when somebody has looked so many times.
type endsAt struct {
	context.Context
	looks *atomic.Int64
	at    int64
}

func (c endsAt) Err() error {
	if c.looks.Add(1) > c.at {
		return context.Canceled
	}
	return nil
}

// A race ends, at whatever moment the run does.
func TestRaceEndsWithTheRun(t *testing.T) {
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	for at := range int64(20) {
		synctest.Test(t, func(t *testing.T) {
			f := &fetcher{connector: socket.New(t.Context(), socket.Config{Dial: refused})}
			v := &visit{f: f, ctx: endsAt{t.Context(), new(atomic.Int64), at}}
			trip := &trip{v: v, port: 80, reply: &v.result.Reply}
			addrs := slices.Repeat([]netip.Addr{netip.MustParseAddr("192.0.2.1")}, 3)
			if err := trip.race(addrs); !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, context.Canceled) {
				t.Errorf("ended at look %d: %v", at, err)
			}
		})
	}
}
