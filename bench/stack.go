//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"time"

	"wget/internal/fetch"
	"wget/internal/testserver"
)

// stackPerHost is how many bytes of stack a host holds while it waits for its reply: a frame too many in the way doubles
// what ten thousand of them take. A goroutine that is preempted at a bad moment grows too, so the least of several runs
// counts.
func stackPerHost(ctx context.Context, hosts int) (least float64, err error) {
	const runs = 8
	for i := range runs {
		each, err := waitingStack(ctx, hosts)
		if err != nil {
			return 0, fmt.Errorf("stack: %w", err)
		}
		if i == 0 || each < least {
			least = each
		}
	}
	return least, nil
}

// waitingStack asks so many hosts in this process, since no other could look at its stacks, and measures when each of
// them has sent its request.
func waitingStack(ctx context.Context, hosts int) (float64, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	if err := l.SetDeadline(time.Now().Add(time.Minute)); err != nil { // should a host not come
		return 0, err
	}
	spec, err := fetch.Parse(l.Addr().String(), fetch.Defaults{})
	if err != nil {
		return 0, err
	}
	targets := func(yield func(fetch.Target) bool) {
		for range hosts {
			for target := range spec.All() {
				if !yield(target) {
					return
				}
			}
		}
	}
	var before, waiting runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithCancel(ctx)
	results := fetch.All(ctx, targets, fetch.Options{Parallel: hosts})
	defer func() {
		for range results { // until every host has ended
		}
	}()
	defer cancel()

	// The server has no goroutines, whose stacks would count too.
	for range hosts {
		conn, err := l.Accept()
		if err != nil {
			return 0, err
		}
		defer conn.Close() // and the host with it
		if _, err := testserver.ReadRequest(conn); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&waiting)
	return (float64(waiting.StackInuse) - float64(before.StackInuse)) / float64(hosts), nil
}
