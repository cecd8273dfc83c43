package wget

import "wget/internal/fetch"

// spareFiles are the descriptors that are no connections: streams, input
// files, resolver sockets, the pollers.
const spareFiles = 48

// maxParallel is how many connections the limit on descriptors leaves room
// for. The Go runtime has raised it to the hard limit.
func maxParallel() int { return max(1, fileLimit()-spareFiles) }

func defaultParallel() int { return min(fetch.DefaultParallel, maxParallel()) }
