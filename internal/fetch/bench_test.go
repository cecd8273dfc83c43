package fetch_test

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"wget/internal/fetch"
)

// BenchmarkAll is the cost of a host without a network.
func BenchmarkAll(b *testing.B) {
	reply, err := os.ReadFile("../../testdata/typical.http")
	if err != nil {
		b.Fatal(err)
	}
	o := fetch.Options{
		UserAgent: "wget", ConnectTimeout: time.Hour, ReadTimeout: time.Hour,
		Dial: func(context.Context, string, string) (net.Conn, error) { return &canned{reply: reply}, nil },
	}
	spec, err := fetch.Parse("192.0.2.1", fetch.Defaults{})
	if err != nil {
		b.Fatal(err)
	}
	targets := func(yield func(fetch.Target) bool) {
		for range b.N {
			for t := range spec.All() {
				if !yield(t) {
					return
				}
			}
		}
	}
	b.ReportAllocs()
	for r := range fetch.All(b.Context(), targets, o) {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

// canned is a connection whose reply is there at once.
type canned struct {
	net.Conn
	reply []byte
}

func (c *canned) Read(p []byte) (int, error) {
	if len(c.reply) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.reply)
	c.reply = c.reply[n:]
	return n, nil
}
func (*canned) Write(p []byte) (int, error) { return len(p), nil }
func (*canned) Close() error                { return nil }
func (*canned) SetDeadline(time.Time) error { return nil }
