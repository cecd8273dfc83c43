package report

import (
	"fmt"
	"strconv"
	"time"
)

// counted is a number and its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// amount is a number and its noun.
func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// inDays is the length of a span in whole days.
func inDays(span time.Duration) string {
	if days := int(span / (24 * time.Hour)); days > 0 {
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
