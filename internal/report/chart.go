package report

import (
	"fmt"
	"time"
)

// The drawing's measures, in units of its own.
const (
	chartWidth  = 480
	chartHeight = 150 // of the columns; the labels stand below
	chartBars   = 44  // at most
)

// chart is a histogram of durations, whose axis is logarithmic as the
// histogram's buckets are.
type chart struct {
	Meaning string // for those who do not see it
	Bars    []chartBar
	Ticks   []chartTick
	Marks   []chartMark
}

type chartBar struct {
	X, Y, Width, Height float64
	Label               string
}

type chartTick struct {
	X    float64
	Text string
}

// chartMark is a line at a quantile, with its name beside it.
type chartMark struct {
	X, Top       float64
	TextX, TextY float64
	Anchor, Text string
}

func newMark(x, top float64, text string) chartMark {
	if x > chartWidth/2 {
		return chartMark{x, top, x - 4, top + 10, "end", text}
	}
	return chartMark{x, top, x + 4, top + 10, "start", text}
}

// newChart draws a histogram that has durations.
func newChart(h *histogram) *chart {
	first, last := h.span()
	// A bar is one, two, four or more buckets wide. Some empty ones at the sides
	// keep a chart of few values from being a single block.
	merged := 1
	for (last-first)/merged+5 > chartBars {
		merged *= 2
	}
	first = max(0, first/merged-2) * merged
	bars := max((last-first)/merged+3, 16)

	counts, most := make([]int, bars), 0
	for i := range counts {
		for bucket := first + i*merged; bucket < min(first+(i+1)*merged, len(h.buckets)); bucket++ {
			counts[i] += h.buckets[bucket]
		}
		most = max(most, counts[i])
	}
	width := chartWidth / float64(bars)
	place := func(d time.Duration) float64 {
		return (float64(bucketOf(uint64(d.Microseconds()))-first) + 0.5) / float64(merged) * width
	}

	median, high := h.quantile(0.5), h.quantile(0.99)
	c := &chart{
		Meaning: fmt.Sprintf("Histogram of the time to first byte: median %s, 99th percentile %s", inSeconds(median), inSeconds(high)),
		Marks:   []chartMark{newMark(place(median), 0, "median"), newMark(place(high), 14, "99th percentile")},
	}
	for i, n := range counts {
		if n > 0 {
			height := max(2, chartHeight*float64(n)/float64(most))
			c.Bars = append(c.Bars, chartBar{float64(i)*width + 0.75, chartHeight - height, width - 1.5, height, grouped(n)})
		}
	}
	for _, d := range decades() {
		if x := place(d); x >= 0 && x <= chartWidth {
			c.Ticks = append(c.Ticks, chartTick{x, d.String()})
		}
	}
	return c
}

// span is the first and the last bucket that is not empty.
func (h *histogram) span() (first, last int) {
	first = -1
	for i, n := range h.buckets {
		if n > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return max(first, 0), last
}

// decades lists the durations that have a label.
func decades() []time.Duration {
	return []time.Duration{
		10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
		time.Second, 10 * time.Second, 100 * time.Second,
	}
}
