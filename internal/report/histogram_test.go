package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	spread := make([]time.Duration, 10_001)
	for i := range spread {
		spread[i] = time.Duration(math.Exp(random.Float64()*20)) * time.Microsecond // to eight minutes
	}
	for _, c := range []struct {
		name string
		all  []time.Duration
	}{
		{"one", []time.Duration{12345 * time.Microsecond}},
		{"two", []time.Duration{time.Millisecond, time.Second}},
		{"the same", slices.Repeat([]time.Duration{time.Second}, 1000)},
		{"a hundred", slices.Repeat([]time.Duration{time.Millisecond, time.Second}, 50)},
		{"tiny", []time.Duration{0, 0, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond, 9 * time.Microsecond}},
		{"huge", []time.Duration{math.MaxInt64, math.MaxInt64}},
		{"negative", []time.Duration{-time.Second}},
		{"spread", spread},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h histogram
			for _, d := range c.all {
				h.add(d)
			}
			sorted := slices.Sorted(slices.Values(c.all))
			for _, q := range []float64{0.01, 0.5, 0.99, 1} {
				exact := max(0, sorted[int(math.Ceil(q*float64(len(sorted))))-1])
				got := h.quantile(q)
				if off := math.Abs(float64(got - exact)); off > float64(exact)/16+1000 {
					t.Errorf("quantile %v is %v, not %v", q, got, exact)
				}
			}
		})
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
}
