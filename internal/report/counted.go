package report

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
)

// counted is a number and its noun, for a line of a terminal.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// amount is a number and its noun, for the page, which writes numbers as
// [Thousands] does.
func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// inDays is the length of a span of whole days.
func inDays(days int) string {
	if days > 0 {
		return counted(days, "day", "days")
	}
	return "less than a day"
}

// Thousands writes a number with a comma before each three digits.
func Thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// byCount yields the most frequent first.
func byCount[K cmp.Ordered](counts map[K]int) iter.Seq2[K, int] {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return func(yield func(K, int) bool) {
		for _, key := range keys {
			if !yield(key, counts[key]) {
				return
			}
		}
	}
}
