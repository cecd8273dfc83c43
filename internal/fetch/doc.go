// Package fetch asks hosts for the header section of an HTTP response and
// keeps every byte of it as it came.
//
// [Parse] reads a target; [All] starts a goroutine for each, at most
// Options.Parallel at once, and sends exactly one [Result] for each that it
// started. A host that fails is a Result with an [Error], which says where it
// failed (its stage) and why (its kind); it never disturbs another host.
//
// A goroutine goes straight down the steps of host.go: resolve.go, dial.go,
// tls.go, and the exchange of a protocol, http1.go, which fills headreader.go
// and leaves a head.go; redirect.go sends it down again where an answer leads
// elsewhere. docs/architecture.md draws the way through the program.
//
// The package knows nothing of flags, formats or terminals.
package fetch
