//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// An experiment runs some clients at some points, round after round, the clients taking turns.
type experiment struct {
	name, title string
	base        string   // the client that the others are a multiple of, if any
	clients     []string // unless --only says otherwise
	points      []point
	repeat      int
	counts      bool   // also syscalls and bytes per host
	reconciled  bool   // record by record; once, and --only has no say
	axis        string // what the points differ in, if it is worth a plot: "hosts in a list" or "hosts in flight"
}

type point struct {
	hosts, parallel int
	https           bool
	delay           time.Duration // of the slow server; 0: nginx
	long            int           // bytes of the heads, all there before that of the first host; 0: nginx
	faulty          bool          // there are hosts that misbehave
	names           bool          // there is a resolver
	lossy           bool          // and a tenth of the questions put to lossyServer is dropped
}

func experiments(cfg config) []experiment {
	const parallel = 64
	deep := []string{"floor", "wget", "wget-json"}
	var list []experiment
	if cfg.sweepLength > 0 {
		e := experiment{name: "sweep-length", title: "Length of the list", base: "floor", clients: deep, axis: "hosts in a list"}
		for n := 1000; n <= cfg.sweepLength; n *= 10 {
			e.points = append(e.points, point{hosts: n, parallel: parallel})
		}
		list = append(list, e)
	}
	if cfg.sweepParallel > 0 {
		e := experiment{name: "sweep-parallel", title: "Hosts in flight", base: "floor", clients: deep, axis: "hosts in flight"}
		for n := parallel; n < cfg.sweepParallel; n *= 4 {
			if 2*n > cfg.sweepParallel {
				break // too near to the last point
			}
			e.points = append(e.points, inFlight(n, cfg.hosts))
		}
		e.points = append(e.points, inFlight(cfg.sweepParallel, cfg.hosts))
		list = append(list, e)
	}
	if cfg.memory > 0 {
		list = append(list, experiment{
			name: "memory", title: "A server that waits 1 s", base: "floor", clients: append(deep, "lesson", "aiohttp"),
			points: []point{{hosts: cfg.memory, parallel: cfg.memory, delay: time.Second}},
		})
	}
	if cfg.memoryTLS > 0 {
		n := cfg.memoryTLS
		list = append(list, experiment{
			name: "memory-tls", title: "A server that waits, over TLS 1.3", base: "wget", clients: []string{"wget", "wget-http2"},
			// All are in flight once as many handshakes as two slow cores can do have been done.
			points: []point{{hosts: n, parallel: n, https: true, delay: time.Duration(n) * time.Second / 250}},
		})
	}
	if cfg.held > 0 {
		list = append(list, experiment{
			name: "held", title: "Heads of 250 KB behind a first host that is stuck", base: "wget", clients: []string{"wget", "wget-held"},
			points: []point{{hosts: cfg.held, parallel: parallel, long: 250_000}},
		})
	}
	if cfg.tls {
		list = append(list, experiment{
			name: "tls", title: "TLS 1.3, full handshakes", base: "curl", clients: []string{"wget", "curl"},
			points: []point{{hosts: cfg.hosts, parallel: parallel, https: true}},
		})
	}
	if cfg.http2 {
		list = append(list, experiment{
			name: "http2", title: "HTTP/2 over TLS 1.3", base: "wget", clients: []string{"wget", "wget-http2", "curl-http2"},
			points: []point{{hosts: cfg.hosts, parallel: parallel, https: true}},
		})
	}
	if cfg.names > 0 {
		list = append(list, experiment{
			name: "names", title: "A list of names", base: "wget", clients: []string{"wget", "wget-names", "wget-resolv.conf"},
			points: []point{{hosts: cfg.names, parallel: parallel, names: true}},
		}, experiment{
			name: "lossy", title: "A tenth of the questions to the resolver dropped", reconciled: true,
			clients: []string{"wget-lossy"},
			points:  []point{{hosts: cfg.names, parallel: 4 * parallel, names: true, lossy: true}}, // a fifth of them wait
		})
	}
	if cfg.resume > 0 {
		list = append(list, experiment{
			name: "kept", title: "Records that can be gone on with", base: "wget-json", clients: []string{"wget-json", "wget-kept"},
			points: []point{{hosts: cfg.hosts, parallel: parallel}},
		})
	}
	if cfg.reconcile > 0 {
		e := experiment{
			name: "reconcile", title: "Every host accounted for", reconciled: true,
			clients: []string{"wget-json", "wget-ordered", "wget-faulty"},
		}
		for _, n := range slices.Compact([]int{min(cfg.reconcile, 10_000), cfg.reconcile}) {
			e.points = append(e.points, point{hosts: n, parallel: 4 * parallel, faulty: true}) // some wait for the silent
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		list = append(list, experiment{
			name: "table", title: "Headers of a 64 KiB page", base: "floor", counts: true,
			clients: append(deep, "wget-csv", "wget-group", "wget-policy", "curl", "gnu-wget", "lesson", "aiohttp"),
			points:  []point{{hosts: cfg.hosts, parallel: parallel}},
		})
	}
	for i := range list {
		e := &list[i]
		if e.repeat = cfg.repeat; e.reconciled {
			e.repeat = 1
		} else if len(cfg.only) > 0 {
			e.clients = cfg.only
		} else if i := slices.Index(e.clients, "wget"); i >= 0 && cfg.other != "" {
			e.clients = slices.Insert(slices.Clone(e.clients), i+1, "wget-other")
		}
	}
	return list
}

// inFlight is a point with n hosts in flight all the time: the server waits for as long as a client needs to open n
// connections at a rate that any of them can keep up. So the rate is the same at every point, and only n differs.
func inFlight(n, hosts int) point {
	const rate = 5000 // hosts a second
	delay := min(time.Duration(n)*time.Second/rate, 3*time.Second)
	return point{hosts: max(hosts, 2*n), parallel: n, delay: delay}
}

// run makes one table. A client that fails is left out of the rounds that follow, and is the error in the end.
func (l *lab) run(ctx context.Context, e experiment) (table, error) {
	t := table{Name: e.name, Title: e.title, Base: e.base, Axis: e.axis, Repeat: e.repeat}
	clients, err := pick(e.clients)
	if err != nil {
		return t, err
	}
	clients = slices.DeleteFunc(clients, func(c client) bool {
		err := c.missing(l, e.points[0])
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %s left out: %v\n", e.name, c.name, err)
		}
		return err != nil
	})
	for _, p := range e.points {
		rows, err := l.point(ctx, e, p, clients)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, rows...)
	}
	if e.counts {
		l.count(ctx, t.Rows)
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		r.summarise(t.find(e.base, r.Hosts, r.InFlight))
		if r.Error != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s: %s", e.name, r.Client, r.Error))
		}
	}
	return t, err
}

func (l *lab) point(ctx context.Context, e experiment, p point, clients []client) ([]row, error) {
	j := job{net: l.near, port: webPort, https: p.https, hosts: p.hosts, parallel: p.parallel}
	if p.https {
		j.port = tlsPort
	}
	if p.delay > 0 {
		j.port = slowPort
	}
	if p.long > 0 {
		j.port = longPort
	}
	stop, err := l.beside(ctx, p)
	defer stop()
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(clients))
	if floor, err := pick([]string{"floor"}); err == nil && !p.https && p.long == 0 { // a round that does not count, to warm up
		warm := j
		warm.hosts = min(j.hosts, 1000)
		if err := l.ask(ctx, floor[0], warm, nil); err != nil {
			return nil, err
		}
	}
	for i, c := range clients {
		rows[i] = row{Client: c.name, Hosts: p.hosts, InFlight: p.parallel}
	}
	for round := range e.repeat {
		for i, c := range clients {
			r := &rows[i]
			if r.Error != "" {
				continue
			}
			if e.reconciled {
				r.Tally = new(tally)
			}
			j.tally = r.Tally
			spent, err := l.measure(ctx, c, j)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				r.Error = err.Error()
			}
			r.Runs = append(r.Runs, spent)
			fmt.Fprintf(os.Stderr, "%s, %d hosts, %d in flight, round %d of %d: %-16s %7.1f µs a host  %s\n",
				e.name, p.hosts, p.parallel, round+1, e.repeat, c.name, spent.cpu()/float64(p.hosts), r.Error)
		}
	}
	return rows, nil
}
