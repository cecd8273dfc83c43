//go:build linux

// Command bench measures what it costs to ask a host for its headers: our wget, a C epoll loop that is its floor, and
// the programs people use for the same. Servers run on one core, the client on another, all in a network namespace of
// their own.
//
//	go run ./bench                      the table
//	go run ./bench --memory --tls       other experiments instead
//
// The files in the order of the story: main.go, experiments.go what is measured, servers.go, wire.go and resolver.go what
// is asked, clients.go who asks, measure.go what it cost, reconcile.go what came of each host, table.go,
// budgets.go and plot.go what is shown of it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type config struct {
	hosts, repeat int
	only          []string // clients; empty: each experiment's own choice
	out           string
	wget          string // a ready binary; empty: build one
	other         string // another wget to measure beside it; empty: none

	// The other experiments, each by its size; 0: not asked for.
	sweepLength, sweepParallel, memory, memoryTLS, held, names, reconcile, resume int
	tls, http2                                                                    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}

func run(ctx context.Context) (code int, err error) {
	cfg, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0, nil
	}
	if err != nil {
		return 2, nil // flag has said why
	}
	if code, done := enterNamespace(ctx); done {
		return code, nil
	}
	l, err := newLab(ctx, cfg)
	if err != nil {
		return 1, err
	}
	web, err := l.nginx(ctx, l.near, nil)
	if err != nil {
		return 1, err
	}
	defer web.stop()

	found := results{Machine: l.machine(), Started: time.Now().UTC().Truncate(time.Second)}
	if found.StartUp, err = l.startUp(ctx); err != nil {
		return 1, err
	}
	if cfg.resume > 0 {
		resumed, err := l.resume(ctx, cfg.resume)
		if err != nil {
			return 1, err
		}
		found.Resumed = &resumed
	}
	var failed error
	for _, e := range experiments(cfg) {
		t, err := l.run(ctx, e)
		if ctx.Err() != nil {
			return 1, ctx.Err()
		}
		if failed = errors.Join(failed, err); len(t.Rows) == 0 {
			continue
		}
		found.Tables = append(found.Tables, t)
		fmt.Println(t.markdown())
		if e.reconciled {
			fmt.Println(t.tallies())
		}
		if err := t.plot(l.out); err != nil {
			return 1, err
		}
	}
	found.Budgets = found.budgets()
	fmt.Print(found.budgetTable())
	text, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return 1, err
	}
	return 0, errors.Join(failed, os.WriteFile(filepath.Join(l.out, "results.json"), append(text, '\n'), 0o644))
}

func parse(args []string) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&cfg.hosts, "hosts", 10_000, "hosts in a list")
	flags.IntVar(&cfg.repeat, "repeat", 5, "rounds; the table shows medians")
	flags.StringVar(&cfg.out, "out", "", "where programs, lists and results go (default bench/out)")
	flags.StringVar(&cfg.wget, "wget", "", "measure this wget `binary` instead of building one")
	flags.StringVar(&cfg.other, "other", "", "measure another wget `binary` beside it, such as one from before a change")
	flags.Func("only", "run these clients only: `NAME,...` of "+strings.Join(names(), ", "), func(s string) error {
		cfg.only = strings.Split(s, ",")
		_, err := pick(cfg.only)
		return err
	})
	sized := func(size *int, name string, standard int, usage string) {
		flags.BoolFunc(name, fmt.Sprintf("%s (=N for another size than %d)", usage, standard), func(s string) (err error) {
			if *size = standard; s != "true" {
				*size, err = strconv.Atoi(s)
			}
			return err
		})
	}
	sized(&cfg.sweepLength, "sweep-length", 1_000_000, "cost against the length of the list, to a million hosts")
	sized(&cfg.sweepParallel, "sweep-parallel", 19_000, "cost against hosts in flight")
	sized(&cfg.memory, "memory", 10_000, "peak memory with so many in flight at a server that waits a second")
	sized(&cfg.memoryTLS, "memory-tls", 1000, "peak memory with so many in flight over TLS, by HTTP/1.1 and HTTP/2")
	sized(&cfg.held, "held", 1000, "peak memory of --keep-order with heads of 250 KB behind a host that is stuck")
	sized(&cfg.names, "names", 100_000, "cost of a list of names against the same list as addresses")
	sized(&cfg.reconcile, "reconcile", 1_000_000, "account for every host of a list, also where some misbehave")
	sized(&cfg.resume, "resume", 10_000_000, "cost and peak memory of -c, and of going on with so many records")
	flags.BoolVar(&cfg.tls, "tls", false, "https, a full TLS 1.3 handshake each")
	flags.BoolVar(&cfg.http2, "http2", false, "the same over HTTP/2, against HTTP/1.1")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 || cfg.hosts < 1 || cfg.repeat < 1 {
		flags.Usage()
		return cfg, errors.New("usage")
	}
	return cfg, nil
}
