package wget

import "math"

// fileLimit has no number on a system without a limit on descriptors.
func fileLimit() int { return math.MaxInt32 }
