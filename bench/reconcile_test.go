//go:build linux

package main

import (
	"strings"
	"testing"
)

// A tally that finds nothing wrong is worth something only if it finds what is.
func TestTally(t *testing.T) {
	const (
		zero    = `{"index":0,"target":"127.1.0.0","status":200}` + "\n"
		one     = `{"index":1,"target":"127.1.0.1","status":200}` + "\n"
		refused = `{"index":1,"target":"127.1.0.1","error":{"kind":"refused"}}` + "\n"
		all     = "2 hosts: 2 answered, 0 failed in 0.01 s\nstatus: 2xx 2\nfirst byte: median 0.0010 s, 99th percentile 0.0020 s"
	)
	j := job{net: ownNetwork("127"), hosts: 2}
	for _, c := range []struct {
		name, records, says string
		exit                int
		want                string // part of the error
	}{
		{"as made", zero + one, all, 0, ""},
		{"lost", zero, all, 0, "1 hosts without a record"},
		{"doubled", zero + one + one, all, 0, "1 records too many"},
		{"not in the list", zero + one + strings.ReplaceAll(one, ":1,", ":2,"), all, 0, "1 records too many"},
		{"another text", zero + strings.ReplaceAll(one, "127.1.0.1", "127.1.0.2"), all, 0, "1 wrong records"},
		{"another fate", zero + refused, all, 0, "1 wrong records"},
		{"another status", zero + strings.ReplaceAll(one, "200", "404"), all, 0, "1 wrong records"},
		{"out of order", one + zero, all, 0, "1 records out of order"},
		{"exit code", zero + one, all, 4, "exit code 4"},
		{"closing line", zero + one, strings.Replace(all, "0 failed", "1 failed", 1), 0, "stderr"},
		{"more on stderr", zero + one, all + "\nwget: panic", 0, "stderr"},
		{"cut short", zero + one[:20], all, 0, "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := tally{Exit: c.exit, Says: c.says}
			asked := client{input: hostList, ordered: true}
			err := tally.read(strings.NewReader(c.records), asked, j)
			if err == nil {
				err = tally.compare(asked, j)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
