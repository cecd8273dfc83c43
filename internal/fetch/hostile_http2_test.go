//go:build linux

package fetch_test

import (
	"bytes"
	"crypto/tls"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"wget/internal/fetch"
)

// framed is what a server says first over HTTP/2, and the frames that write adds.
func framed(write func(*http2.Framer)) string {
	var b bytes.Buffer
	f := http2.NewFramer(&b, nil)
	f.WriteSettings()
	write(f)
	return b.String()
}

// more is frames without the first one.
func more(write func(*http2.Framer)) string {
	return strings.TrimPrefix(framed(write), framed(func(*http2.Framer) {}))
}

func headers(f *http2.Framer, end bool, fields ...string) {
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(fields...), EndHeaders: end})
}

// http2Traps are servers that mean harm over HTTP/2.
func http2Traps() []trap {
	const (
		overhead = 64<<10 + window
		bounded  = fetch.DefaultMaxHeader + overhead // frames have headers, and the one too many is read whole
		begun    = "HTTP/2 200\r\nserver: hos\r\n"
	)
	var (
		limit       = failure(fetch.StageHead, fetch.KindLimit)
		malformed   = failure(fetch.StageHead, fetch.KindMalformed)
		tooLarge    = failure(fetch.StageHead, fetch.KindTooLarge)
		headTimeout = failure(fetch.StageHead, fetch.KindTimeout)
		readTimeout = failure(fetch.StageRead, fetch.KindTimeout)
	)
	hundred := strings.Repeat("y", 100)
	begin := func(f *http2.Framer) { headers(f, false, ":status", "200", "server", "hos") }
	pushed := func(f *http2.Framer) {
		f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2})
		f.WriteContinuation(1, false, []byte("\x82"))
	}
	ping := func(f *http2.Framer) { f.WritePing(false, [8]byte{}) }
	saying := func(first string, then func(*peer)) func(*peer) {
		return func(p *peer) {
			p.hello()
			p.say(first)
			then(p)
		}
	}
	// It closes its side and reads on: what the client says meanwhile does not reset the connection.
	shut := func(p *peer) {
		p.tcp.CloseWrite()
		p.drain()
	}
	endless := func(first func(*http2.Framer), again func(*http2.Framer), pause time.Duration) func(*peer) {
		text := more(again)
		if pause == 0 {
			text = strings.Repeat(text, 1+(1<<10)/len(text))
		}
		return saying(framed(first), func(p *peer) { p.repeat(text, pause) })
	}
	nothing := func(*http2.Framer) {}
	answer := framed(func(f *http2.Framer) { headers(f, true, ":status", "200", "server", "hostile") })
	const answered = "HTTP/2 200\r\nserver: hostile\r\n\r\n"

	traps := []trap{
		{name: "sends pings without end", heavy: true, serve: endless(nothing, ping, 0), want: limit.sending(overhead)},
		{
			name: "sends settings without end", heavy: true,
			serve: endless(nothing, func(f *http2.Framer) { f.WriteSettings() }, 0), want: limit.sending(overhead),
		},
		{
			name: "sends windows without end", heavy: true,
			serve: endless(nothing, func(f *http2.Framer) { f.WriteWindowUpdate(0, 1) }, 0), want: limit.sending(overhead),
		},
		{
			name: "sends frames of unknown types without end", heavy: true,
			serve: endless(nothing, func(f *http2.Framer) { f.WriteRawFrame(0xbe, 0xff, 1, make([]byte, 16<<10)) }, 0),
			want:  limit.sending(overhead),
		},
		{
			name: "sends empty continuations without end", heavy: true,
			serve: endless(begin, func(f *http2.Framer) { f.WriteContinuation(1, false, nil) }, 0),
			want:  limit.keeping(begun).sending(overhead),
		},
		{
			name: "sends fields without end", heavy: true,
			serve: endless(begin, func(f *http2.Framer) { f.WriteContinuation(1, false, bytes.Repeat(block("x", hundred), 100)) }, 0),
			want:  tooLarge.beginning(begun+"x: "+hundred+"\r\n").saying("larger than 262144 bytes", "--max-header").sending(bounded),
		},
		{
			name: "sends a field without end", heavy: true,
			serve: endless(func(f *http2.Framer) {
				begin(f)
				f.WriteContinuation(1, false, []byte("\x00\x01x\x7f\xff\xff\xff\xff\x07"))
			}, func(f *http2.Framer) { f.WriteContinuation(1, false, make([]byte, 16<<10)) }, 0),
			want: tooLarge.keeping(begun).sending(bounded),
		},
		{
			name: "says much in few bytes", heavy: true,
			serve: saying(framed(func(f *http2.Framer) {
				f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: append(
					block(":status", "200", "x", strings.Repeat("y", 4000)), bytes.Repeat([]byte{0xbe}, 12<<10)...,
				)})
			}), (*peer).drain),
			want: tooLarge.beginning("HTTP/2 200\r\nx: yyyy"),
		},
		{
			name: "sends interim replies without end", heavy: true,
			serve: endless(nothing, func(f *http2.Framer) { headers(f, true, ":status", "103") }, 0),
			want:  limit.beginning("HTTP/2 103\r\n\r\n").sending(window),
		},
		{
			name: "pushes without end", heavy: true,
			serve: saying(framed(nothing), func(p *peer) {
				for id := uint32(2); p.say(more(func(f *http2.Framer) {
					f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: id, BlockFragment: block(":path", "/"), EndHeaders: true})
				})); id += 2 {
				}
			}),
			want: limit.sending(overhead),
		},
		{
			name: "pushes a block without end", heavy: true,
			serve: endless(pushed, func(f *http2.Framer) { f.WriteContinuation(1, false, make([]byte, 16<<10)) }, 0),
			want:  limit.sending(overhead),
		},
		{name: "is silent inside a pushed block", slow: true, serve: saying(framed(pushed), (*peer).drain), want: readTimeout},
		{
			name: "sends data without end", heavy: true,
			serve: endless(nothing, func(f *http2.Framer) { f.WriteData(1, false, make([]byte, 16<<10)) }, 0),
			want:  malformed.saying("DATA on stream 1", "").sending(window),
		},
		{
			name: "answers and sends data without end", heavy: true,
			serve: saying(answer, func(p *peer) {
				p.repeat(more(func(f *http2.Framer) { f.WriteData(1, false, make([]byte, 16<<10)) }), 0)
			}),
			want: success(answered).sending(window),
		},
		{name: "answers without reading", serve: func(p *peer) { p.say(answer); p.unread() }, want: success(answered)},
		{name: "answers before it is asked and closes", serve: func(p *peer) { p.say(answer) }, want: success(answered)},
		{
			name: "pings and does not read", heavy: true,
			serve: func(p *peer) {
				p.say(framed(nothing))
				p.repeat(more(ping), 0)
				p.unread()
			},
			want: limit.sending(overhead),
		},
		{
			name: "answers HTTP/1", serve: saying(okHead, (*peer).drain),
			want: malformed.saying("speaks HTTP/1", "--http1.1"),
		},
		{
			name: "answers HTTP/1 without end", heavy: true,
			serve: saying("", func(p *peer) { p.repeat("<html>", 0) }),
			want:  malformed.saying("<html><html>", "").sending(window),
		},
		{
			name:  "closes inside the header section",
			serve: saying(framed(begin), shut), want: failure(fetch.StageHead, fetch.KindClosed).keeping(begun),
		},
		{name: "closes after its settings", serve: saying(framed(nothing), shut), want: failure(fetch.StageRead, fetch.KindClosed)},
		{
			name:  "goes away",
			serve: saying(framed(func(f *http2.Framer) { f.WriteGoAway(0, http2.ErrCodeInadequateSecurity, []byte("\x1b[2J")) }), (*peer).drain),
			want:  failure(fetch.StageRead, fetch.KindReset).saying("GOAWAY INADEQUATE_SECURITY", ""),
		},
		{name: "never reads", slow: true, serve: (*peer).unread, want: readTimeout},
		{name: "is silent after its settings", slow: true, serve: saying(framed(nothing), (*peer).drain), want: readTimeout},
		{name: "is silent inside the header section", slow: true, serve: saying(framed(begin), (*peer).drain), want: headTimeout.keeping(begun)},
		{
			name: "is silent before the last byte", slow: true, serve: saying(answer[:len(answer)-1], (*peer).drain),
			want: headTimeout.keeping("HTTP/2 200\r\n"),
		},
		{name: "drips pings", slow: true, serve: endless(nothing, ping, 20*time.Millisecond), want: readTimeout},
		{
			name: "drips bytes", slow: true,
			serve: func(p *peer) {
				p.hello()
				for _, c := range []byte(answer[:len(answer)-1]) {
					if !p.say(string([]byte{c})) {
						return
					}
				}
				p.drain()
			},
			want: headTimeout.keeping("HTTP/2 200\r\n"),
		},
	}
	return traps
}

// healthyHTTP2 adds n hosts.
func (a *arena) healthyHTTP2(n int, over scheme) {
	a.t.Helper()
	for range n {
		host, prefix := a.host(), "http://"
		var config *tls.Config
		if over == secure {
			prefix, config = "https://", a.server
		}
		answer := framed(func(f *http2.Framer) {
			f.WriteWindowUpdate(0, 1<<20)
			f.WriteSettingsAck()
			headers(f, true, ":status", "200", "x-host", host, "set-cookie", "a=1", "set-cookie", "b=2")
			f.WriteData(1, false, []byte("<"))
		})
		s := a.open(host, config, func(p *peer) {
			p.hello()
			p.say(answer)
			p.drain()
		})
		a.add(prefix+s.addr+"/", s, func(r *fetch.Result) {
			success("HTTP/2 200\r\nx-host: "+host+"\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n").check(a, "healthy host "+prefix+host, r)
		})
	}
}

func TestHostileHTTP2(t *testing.T) {
	for _, c := range http2Traps() {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			trial(t, func(a *arena) {
				a.options.Protocol, a.options.PriorKnowledge = "HTTP/2", true
				a.server.NextProtos = []string{"h2"}
				if c.slow {
					a.options.ConnectTimeout, a.options.ReadTimeout = a.hurry(), a.hurry()
				}
				for _, over := range []scheme{plain, secure} {
					a.healthyHTTP2(6, over)
					a.trap(c, over)
					a.healthyHTTP2(4, over)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a.run(t.Context())
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; c.heavy && used > allocated {
					a.fault("%d MB were allocated, want at most %d", used>>20, allocated>>20)
				}
			})
		})
	}
}
