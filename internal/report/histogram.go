package report

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in a fixed amount of memory. Its buckets are an
// eighth of a power of two wide, in microseconds, so that a duration
// read from it is at most 1/16 off.
type histogram struct {
	count   int
	buckets [62 * 8]int
}

func (h *histogram) add(d time.Duration) {
	h.count++
	h.buckets[bucketOf(uint64(max(0, d.Microseconds())))]++
}

// bucketOf returns the number of the bucket. Each of the first 8 buckets holds one
// value; each group of 8 after them is twice as wide as the group before.
func bucketOf(micros uint64) int {
	if micros < 8 {
		return int(micros)
	}
	width := bits.Len64(micros) - 4
	return 8*width + int(micros>>width)
}

// quantile returns the duration that the share q of all durations does not
// exceed, rounded to the middle of its bucket; 0 if there are no durations.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(math.Ceil(q * float64(h.count)))
	for i, n := range h.buckets {
		if left -= n; left <= 0 && h.count > 0 {
			return middleOf(i)
		}
	}
	return 0
}

func middleOf(bucket int) time.Duration {
	if bucket < 8 {
		return startOf(bucket)
	}
	return startOf(bucket) + time.Microsecond<<(bucket/8-1)/2
}

// startOf is the shortest duration in a bucket.
func startOf(bucket int) time.Duration {
	if bucket < 8 {
		return time.Duration(bucket) * time.Microsecond
	}
	return time.Duration(8+bucket%8) << (bucket/8 - 1) * time.Microsecond
}
