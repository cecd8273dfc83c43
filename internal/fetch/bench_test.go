package fetch_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

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
	benchmarkAll(b, o)
}

func benchmarkAll(b *testing.B, o fetch.Options) {
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

// BenchmarkAllHTTP2 is the same over HTTP/2, without TLS.
func BenchmarkAllHTTP2(b *testing.B) {
	var reply bytes.Buffer
	f := http2.NewFramer(&reply, nil)
	f.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
	f.WriteSettingsAck()
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: typicalBlock(b), EndHeaders: true})
	o := fetch.Options{
		Protocol: "HTTP/2", PriorKnowledge: true, UserAgent: "wget", ConnectTimeout: time.Hour, ReadTimeout: time.Hour,
		Dial: func(context.Context, string, string) (net.Conn, error) { return &canned{reply: reply.Bytes()}, nil },
	}
	benchmarkAll(b, o)
}

// typicalBlock is the field block of a typical head.
func typicalBlock(b *testing.B) []byte {
	head, err := os.ReadFile("../../testdata/typical.http")
	if err != nil {
		b.Fatal(err)
	}
	fields := []string{":status", "200"}
	for line := range strings.Lines(string(head)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": "); ok {
			fields = append(fields, strings.ToLower(name), value)
		}
	}
	return block(fields...)
}
