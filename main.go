// Wget asks many hosts for their HTTP response headers at once and prints
// exactly what came.
package main

import (
	"context"
	"embed"
	"os"
	"os/signal"
	"syscall"
	"time"

	"wget/cmd/wget"
)

//go:embed testdata/demo
var samples embed.FS

func main() {
	ctx := untilSignal(context.Background())
	os.Exit(wget.Main(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, samples))
}

// sameSignal is how long after the first a signal is still taken for the same
// one: timeout(1) sends each both to the process and to its group.
const sameSignal = 200 * time.Millisecond

// untilSignal is a context that the first SIGINT or SIGTERM cancels. The
// second has its default action. A SIGINT that the parent had ignored, as
// background shells do, stays ignored.
func untilSignal(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1) // Notify does not wait
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		s := <-signals
		cancel(wget.Interrupted{Signal: s.(syscall.Signal)})
		<-time.After(sameSignal)
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	}()
	return ctx
}
