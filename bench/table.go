//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type results struct {
	Started time.Time `json:"started"`
	Machine machine   `json:"machine"`
	StartUp *float64  `json:"start_up,omitempty"` // of wget --version, as a multiple of curl's; nil without curl

	Resumed *resumption `json:"resumed,omitempty"`
	Tables  []table     `json:"tables"`
	Budgets []budget    `json:"budgets"`
}

type table struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Base   string `json:"base"`
	Axis   string `json:"axis,omitempty"`
	Repeat int    `json:"repeat"`
	Rows   []row  `json:"rows"`
}

// A row is one client at one point: medians over its runs. What is unknown is absent.
type row struct {
	Client   string   `json:"client"`
	Hosts    int      `json:"hosts"`
	InFlight int      `json:"in_flight"`
	CPU      float64  `json:"cpu_us_per_host"`
	System   float64  `json:"system_us_per_host"`
	Ratio    *spread  `json:"ratio,omitempty"`
	Rate     float64  `json:"hosts_per_second"`
	Peak     float64  `json:"peak_mb"`
	Syscalls *float64 `json:"syscalls_per_host,omitempty"`
	Bytes    *float64 `json:"bytes_per_host,omitempty"`
	Tally    *tally   `json:"tally,omitempty"`
	Error    string   `json:"error,omitempty"`
	Runs     []spent  `json:"runs"`
}

type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// summarise fills a row from its runs; base is the row that it is a multiple of, or nil.
func (r *row) summarise(base *row) {
	if r.Error != "" || len(r.Runs) == 0 {
		return
	}
	hosts := float64(r.Hosts)
	r.CPU = median(r.Runs, func(s spent) float64 { return s.cpu() / hosts })
	r.System = median(r.Runs, func(s spent) float64 { return s.System / hosts })
	r.Rate = median(r.Runs, func(s spent) float64 { return hosts / s.Wall * 1e6 })
	r.Peak = median(r.Runs, func(s spent) float64 { return s.Peak / 1e6 })
	r.Ratio = r.over(base)
}

// over is the cost of r as a multiple of the cost of base, compared round by round: what slows a whole round down,
// slows both.
func (r *row) over(base *row) *spread {
	if base == nil || base.Error != "" || r.Error != "" || len(r.Runs) != len(base.Runs) || len(r.Runs) == 0 {
		return nil
	}
	var ratios []float64
	for i := range r.Runs {
		ratios = append(ratios, r.Runs[i].cpu()/base.Runs[i].cpu())
	}
	return &spread{median(ratios, func(f float64) float64 { return f }), slices.Min(ratios), slices.Max(ratios)}
}

func median[T any](all []T, value func(T) float64) float64 {
	var values []float64
	for _, v := range all {
		values = append(values, value(v))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// find returns the row of a client at a point, or nil. Zero hosts or in flight stands for any.
func (t *table) find(client string, hosts, inFlight int) *row {
	for i, r := range t.Rows {
		if r.Client == client && (hosts == 0 || r.Hosts == hosts) && (inFlight == 0 || r.InFlight == inFlight) {
			return &t.Rows[i]
		}
	}
	return nil
}

func (t *table) markdown() string {
	grid := [][]string{{
		"client", "hosts", "in flight", "CPU µs/host", "of it system", "× " + t.Base, "(min–max)", "hosts/s", "peak MB",
		"syscalls/host", "bytes/host of 1 MiB",
	}}
	for _, r := range t.Rows {
		cells := []string{r.Client, fmt.Sprint(r.Hosts), fmt.Sprint(r.InFlight)}
		if r.Error != "" {
			grid = append(grid, append(cells, "failed"))
			continue
		}
		cells = append(cells, fmt.Sprintf("%.1f", r.CPU), fmt.Sprintf("%.1f", r.System))
		if r.Ratio != nil {
			cells = append(cells, fmt.Sprintf("%.2f", r.Ratio.Median), fmt.Sprintf("%.2f–%.2f", r.Ratio.Min, r.Ratio.Max))
		} else {
			cells = append(cells, "", "")
		}
		cells = append(cells, fmt.Sprintf("%.0f", r.Rate), fmt.Sprintf("%.1f", r.Peak))
		grid = append(grid, append(cells, optional("%.1f", r.Syscalls), optional("%.0f", r.Bytes)))
	}
	return fmt.Sprintf("%s: medians of %d rounds\n\n%s", t.Title, t.Repeat, align(grid))
}

// tallies shows what came of the hosts.
func (t *table) tallies() string {
	grid := [][]string{{
		"client", "hosts", "records", "lost", "doubled", "wrong", "out of order", "exit", "longest dns s",
		"came of them",
	}}
	for _, r := range t.Rows {
		cells := []string{r.Client}
		for _, n := range []int{
			r.Hosts, r.Tally.Records, r.Tally.Lost, r.Tally.Doubled, r.Tally.Wrong, r.Tally.Disordered, r.Tally.Exit,
		} {
			cells = append(cells, strconv.Itoa(n))
		}
		var fates []string
		for _, fate := range slices.Sorted(maps.Keys(r.Tally.Fates)) {
			fates = append(fates, fmt.Sprintf("%d %s", r.Tally.Fates[fate], fate))
		}
		cells = append(cells, fmt.Sprintf("%.3f", r.Tally.LongestDNS), strings.Join(fates, ", "))
		grid = append(grid, cells)
	}
	return align(grid)
}

func optional(format string, value *float64) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf(format, *value)
}

// align writes a Markdown table that is a table to the eye as well. Columns with nothing in them are left out.
func align(grid [][]string) string {
	lines := make([]strings.Builder, len(grid)+1)
	for column := range grid[0] {
		cell := func(row []string) string {
			if column < len(row) {
				return row[column]
			}
			return ""
		}
		width := 0
		for _, row := range grid[1:] {
			width = max(width, utf8.RuneCountInString(cell(row)))
		}
		if width == 0 {
			continue
		}
		width = max(width, utf8.RuneCountInString(grid[0][column]))
		minus := "" // numbers to the right
		rule := strings.Repeat("-", width+1) + ":"
		if column == 0 {
			minus, rule = "-", strings.Repeat("-", width+2)
		}
		for i, row := range grid {
			fmt.Fprintf(&lines[i+min(i, 1)], "| %"+minus+"*s ", width, cell(row))
		}
		lines[1].WriteString("|" + rule)
	}
	var b strings.Builder
	for i := range lines {
		b.WriteString(lines[i].String() + "|\n")
	}
	return b.String()
}
