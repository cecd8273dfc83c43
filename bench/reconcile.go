//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"

	"wget/internal/report"
)

// A tally is what came of a list, reconciled with it record by record. Neither is held.
type tally struct {
	Records    int            `json:"records"`
	Lost       int            `json:"lost"`         // hosts without a record
	Doubled    int            `json:"doubled"`      // records beyond one per host
	Wrong      int            `json:"wrong"`        // with the text of another host, or another fate than was made for it
	Disordered int            `json:"out_of_order"` // later hosts came before them
	Fates      map[string]int `json:"fates"`
	Exit       int            `json:"exit"`
	Says       string         `json:"says"` // the closing lines
	LongestDNS float64        `json:"longest_dns_seconds"`

	example error // the first that is wrong
}

const answered = "answered" // the fate of a host that did; others are the kind of the error

// faultyList has each host on a port of its own fate.
func faultyList(j job, i int) string {
	port := map[string]int{answered: j.port, "refused": refusingPort, "reset": resettingPort, "timeout": silentPort}
	return fmt.Sprintf("%s:%d", j.net.host(i), port[fateOf(i)])
}

// fateOf makes one host in a hundred misbehave, each kind in turn.
func fateOf(i int) string {
	if i%100 < 99 {
		return answered
	}
	return []string{"refused", "reset", "timeout"}[i/100%3]
}

// run runs a client whose records are the list's, and compares what it says of them.
func (t *tally) run(cmd *exec.Cmd, c client, j job) error {
	var says bytes.Buffer
	cmd.Stderr = &says
	records, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	unread := t.read(records, c, j)
	err = cmd.Wait() // and if there is more to read, no longer lets it be written
	t.Exit, t.Says = cmd.ProcessState.ExitCode(), strings.TrimSpace(says.String())
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || unread != nil {
		return fmt.Errorf("%w: %.300s", errors.Join(unread, err), t.Says)
	}
	return t.compare(c, j)
}

// read counts the records.
func (t *tally) read(r io.Reader, c client, j job) error {
	seen := make([]bool, j.hosts)
	t.Fates, t.Lost = make(map[string]int), j.hosts
	latest := -1
	for got, err := range report.Records(r) {
		if err != nil {
			return err
		}
		t.Records++
		if got.Index < 0 || got.Index >= j.hosts || seen[got.Index] {
			t.Doubled++
			continue
		}
		seen[got.Index] = true
		t.Lost--
		if got.Index < latest {
			t.Disordered++
		}
		latest = max(latest, got.Index)
		t.LongestDNS = max(t.LongestDNS, got.Seconds.DNS)
		fate := ""
		switch {
		case got.Error != nil:
			fate = string(got.Error.Kind)
		case got.Status == 200:
			fate = answered
		}
		t.Fates[fate]++
		if text := c.input(j, got.Index); got.Target != text || fate != c.made(got.Index) {
			t.Wrong++
			if t.example == nil {
				t.example = fmt.Errorf("host %d is %q and was made %q, %q", got.Index, got.Target+" "+fate, text, c.made(got.Index))
			}
		}
	}
	return nil
}

// made is the fate that was made for a host.
func (c client) made(i int) string {
	if c.fate == nil {
		return answered
	}
	return c.fate(i)
}

// compare says where the run is not as it has to be.
func (t *tally) compare(c client, j job) error {
	failed, exit := 0, 0
	for i := range j.hosts {
		if c.made(i) != answered {
			failed, exit = failed+1, 4
		}
	}
	says := regexp.MustCompile(fmt.Sprintf(`^%d hosts: %d answered, %d failed in [0-9.]+ s\nstatus: 2xx %[2]d\n(failed: .*\n)?first byte: .*$`,
		j.hosts, j.hosts-failed, failed))
	switch {
	case t.Lost+t.Doubled > 0:
		return fmt.Errorf("%d hosts without a record, %d records too many", t.Lost, t.Doubled)
	case t.Wrong > 0:
		return fmt.Errorf("%d wrong records: %w", t.Wrong, t.example)
	case c.ordered && t.Disordered > 0:
		return fmt.Errorf("%d records out of order", t.Disordered)
	case t.Exit != exit:
		return fmt.Errorf("exit code %d, not %d", t.Exit, exit)
	case !says.MatchString(t.Says):
		return fmt.Errorf("stderr is %.300q, not %s", t.Says, says)
	}
	return nil
}
