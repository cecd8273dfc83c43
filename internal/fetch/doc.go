// Package fetch asks hosts for the header section of an HTTP response and
// keeps every byte of it as it came.
//
// [Parse] reads a target; [All] starts a goroutine for each, at most
// Options.Parallel at once, and sends exactly one [Result] for each that it
// started. A host that fails is a Result with an [Error], which says where it
// failed (its stage) and why (its kind); it never disturbs another host.
//
// A goroutine goes straight down the steps of host.go: resolve.go, dial.go,
// tunnel.go, tls.go, exchange.go. The exchange speaks a protocol: http1.go, which
// fills a headreader.go, or http2.go, which reads frames (frame.go) into a
// fieldblock.go. Both leave a head.go. Where the answer leads elsewhere,
// redirect.go sends the goroutine down again.
//
// The calls between the files have no cycle. docs/architecture.md draws the way
// through the program.
//
// The package knows nothing of flags, formats or terminals.
package fetch
