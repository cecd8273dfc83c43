package wget

import "wget/internal/fetch"

// spareFiles is how many descriptors are kept for other things than connections:
// streams, input files, resolver sockets, the pollers.
const spareFiles = 48

// maxParallel is how many connections the limit on descriptors leaves room for.
// The Go runtime has raised the soft limit to the hard one.
func maxParallel() int { return max(1, fileLimit()-spareFiles) }

func defaultParallel() int { return min(fetch.DefaultParallel, maxParallel()) }
