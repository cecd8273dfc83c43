// Package fetch asks hosts for the header section of an HTTP response and
// keeps every byte of it as it came.
//
//	targets ──▶ All ──▶ one goroutine per target ──▶ results
//	iter.Seq    all.go  host.go, straight down:       channel
//	                    resolve.go dial.go tls.go http1.go head.go
//
// A target is parsed by [Parse]; [All] starts a goroutine for each, at most
// Options.Parallel at once, and sends exactly one [Result] for each that it
// started. A host that fails is a Result with an [Error], which says where it
// failed (its stage) and why (its kind); it never disturbs another host.
//
// The package knows nothing of flags, formats or terminals.
package fetch
