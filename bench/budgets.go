//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A budget is a bound on what a run may cost, and the figure found in this run.
type budget struct {
	What  string  `json:"what"`
	Limit float64 `json:"limit"`
	Found float64 `json:"found"`
}

// budgets finds out about those that the tables of this run can tell of.
func (r *results) budgets() []budget {
	var list []budget
	add := func(what string, limit float64, found *float64) {
		if found != nil {
			list = append(list, budget{what, limit, *found})
		}
	}
	ratio := func(table, client, base string) *float64 {
		over := r.row(table, client).over(r.row(table, base))
		if over == nil {
			return nil
		}
		return &over.Median
	}
	add("CPU per host: wget / floor", 1.25, ratio("table", "wget", "floor"))
	add("CPU per host: wget / lesson", 0.25, ratio("table", "wget", "lesson"))
	add("CPU per host: wget / curl", 0.20, ratio("table", "wget", "curl"))
	add("CPU per host: wget-json / wget", 1.2, ratio("table", "wget-json", "wget"))
	add("CPU per host: wget-csv / wget", 1.2, ratio("table", "wget-csv", "wget"))
	add("CPU per host: wget-policy / wget", 1.1, ratio("table", "wget-policy", "wget"))
	add("CPU per host over TLS: wget / curl", 0.45, ratio("tls", "wget", "curl"))
	add("CPU per host over TLS: wget-http2 / wget", 1.25, ratio("http2", "wget-http2", "wget"))
	add("CPU per host: names / addresses", 1.6, ratio("names", "wget-names", "wget"))
	add("time to start: wget --version / curl --version", 0.8, r.StartUp)
	add("bytes per host, 1 MiB page", 6000, r.row("table", "wget").Bytes)
	add("CPU per host: wget-kept / wget-json", 1.1, ratio("kept", "wget-kept", "wget-json"))
	if few := r.row("kept", "wget-kept"); r.Resumed != nil && len(few.Runs) > 0 && few.Error == "" {
		many := r.Resumed
		growth := (many.Peak - float64(many.Records)/8) / (few.Peak * 1e6)
		add(fmt.Sprintf("peak memory: %d records to go on with, but for a bit each / %d hosts", many.Records, few.Hosts), 1.1, &growth)
	}
	if m := r.row("memory", "wget"); m.Error == "" && m.InFlight == 10_000 {
		add("peak MB, 10000 in flight", 60, &m.Peak)
	}
	if first, second := r.row("memory-tls", "wget"), r.row("memory-tls", "wget-http2"); len(second.Runs) > 0 && second.Error == "" {
		more := second.Peak / first.Peak
		add(fmt.Sprintf("peak memory, %d in flight over TLS: wget-http2 / wget", second.InFlight), 1.25, &more)
	}
	if free, held := r.row("held", "wget"), r.row("held", "wget-held"); len(held.Runs) > 0 && held.Error == "" {
		more := held.Peak - free.Peak
		add("peak MB that --keep-order holds", 64, &more)
	}
	for _, long := range []struct{ table, client string }{
		{"sweep-length", "wget"}, {"reconcile", "wget-json"}, {"reconcile", "wget-ordered"}, {"reconcile", "wget-faulty"},
	} {
		if peaks := r.peaks(long.table, long.client); len(peaks) > 0 {
			growth := peaks[len(peaks)-1].Peak / peaks[0].Peak
			what := fmt.Sprintf("peak memory, %s: %d hosts / %d", long.client, peaks[len(peaks)-1].Hosts, peaks[0].Hosts)
			add(what, 1.1, &growth)
		}
	}
	return list
}

// row returns the first row of a client in a table, an empty one if there is none.
func (r *results) row(name, client string) *row {
	for _, t := range r.Tables {
		if found := t.find(client, 0, 0); t.Name == name && found != nil {
			return found
		}
	}
	return &row{}
}

// peaks returns the rows of a client that have lists of ten thousand and more, if there are two.
func (r *results) peaks(name, client string) []row {
	var rows []row
	for _, t := range r.Tables {
		for _, row := range t.Rows {
			if t.Name == name && row.Client == client && row.Error == "" && row.Hosts >= 10_000 {
				rows = append(rows, row)
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Hosts, b.Hosts) })
	if len(rows) < 2 {
		return nil
	}
	return rows
}

func (r *results) budgetTable() string {
	if len(r.Budgets) == 0 {
		return ""
	}
	grid := [][]string{{"budget", "limit", "found", "kept"}}
	for _, b := range r.Budgets {
		kept := "yes"
		if b.Found > b.Limit {
			kept = "no"
		}
		grid = append(grid, []string{b.What, number(b.Limit), number(b.Found), kept})
	}
	return "Budgets\n\n" + align(grid)
}

// number writes what is worth reading of a number.
func number(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.2f", f), ".00")
}
