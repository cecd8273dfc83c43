package report

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// The drawing's measures, in units of its own. A panel is about as many pixels wide,
// so that the size of its text is about that of the text beside it.
const (
	chartWidth  = 340
	chartHeight = 110 // of the bars; names stand above and durations below
	chartBars   = 44  // at most
)

// chart is a histogram of durations with a logarithmic axis. A bar's area tells how
// many durations are in it, since bars differ in width.
type chart struct {
	Meaning string // for those who do not see it
	Bars    []chartBar
	Ticks   []chartTick
	Marks   []chartMark
}

type chartBar struct {
	X, Y, Width, Height measure
	Label               string
}

// measure is a length or a place in a drawing, written with two decimal places.
type measure float64

func (m measure) String() string {
	return strconv.FormatFloat(math.Round(float64(m)*100)/100, 'f', -1, 64)
}

type chartTick struct {
	X    measure
	Text string
}

// chartMark is a line at a quantile, with its name beside it.
type chartMark struct {
	X, Top       measure
	TextX, TextY measure
	Anchor, Text string
}

func newMark(x, top measure, text string) chartMark {
	if x > chartWidth/2 {
		return chartMark{x, top, x - 4, top + 10, "end", text}
	}
	return chartMark{x, top, x + 4, top + 10, "start", text}
}

// newChart draws a histogram that has durations.
func newChart(h *histogram) *chart {
	first, last := h.span()
	// A bar is one, two, four or more buckets wide. Two octaves at least keep a
	// chart of few durations from being a single block.
	merged := 1
	for (last-first)/merged >= chartBars {
		merged *= 2
	}
	first -= first % merged
	pad := max(merged, (16-last+first)/2)
	from, to := octave(startOf(max(0, first-pad))), octave(startOf(last+merged+pad))
	place := func(d time.Duration) measure { return measure(chartWidth * (octave(d) - from) / (to - from)) }

	median, high := h.quantile(0.5), h.quantile(0.99)
	c := &chart{
		Meaning: fmt.Sprintf("Histogram of the time to first byte: median %s, 99th percentile %s", inSeconds(median), inSeconds(high)),
		Marks:   []chartMark{newMark(place(median), -34, "median"), newMark(place(high), -18, "99th percentile")},
	}
	tallest := measure(0)
	for bucket := first; bucket <= last; bucket += merged {
		n := 0
		for _, one := range h.buckets[bucket:min(bucket+merged, len(h.buckets))] {
			n += one
		}
		if n > 0 {
			x := place(startOf(bucket))
			width := place(startOf(bucket+merged)) - x
			c.Bars = append(c.Bars, chartBar{X: x + 0.5, Width: max(1, width-1), Height: measure(n) / width, Label: Thousands(n)})
			tallest = max(tallest, measure(n)/width)
		}
	}
	for i := range c.Bars {
		bar := &c.Bars[i]
		bar.Height = max(2, chartHeight*bar.Height/tallest)
		bar.Y = chartHeight - bar.Height
	}
	factors := []time.Duration{1}
	switch octaves := to - from; {
	case octaves < 4:
		factors = []time.Duration{1, 2, 3, 5, 7}
	case octaves < 7:
		factors = []time.Duration{1, 2, 5}
	case octaves < 13:
		factors = []time.Duration{1, 3}
	}
	for unit := time.Microsecond; unit <= 100*time.Second; unit *= 10 {
		for _, factor := range factors {
			if x := place(factor * unit); x >= 0 && x <= chartWidth {
				c.Ticks = append(c.Ticks, chartTick{x, (factor * unit).String()})
			}
		}
	}
	return c
}

// octave is the logarithm of a duration in microseconds, to the base of 2. The
// bucket of what took none is as wide as an octave.
func octave(d time.Duration) float64 {
	return math.Log2(max(0.5, float64(d)/float64(time.Microsecond)))
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
