//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// A resumption is what it costs to go on with a list of which everything is recorded.
type resumption struct {
	Records int     `json:"records"`
	CPU     float64 `json:"cpu_us_per_record"`
	Seconds float64 `json:"seconds"`
	Peak    float64 `json:"peak_bytes"`
}

func (l *lab) resume(ctx context.Context, records int) (r resumption, err error) {
	n := records &^ 7 // recordOf swaps within eights
	list, output := l.path("recorded.list"), l.path("recorded.ndjson")
	defer os.Remove(list)
	defer os.Remove(output)
	if err := errors.Join(writeLines(list, n, recordedHost), writeLines(output, n, recordOf)); err != nil {
		return r, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return r, err
	}
	defer read.Close()
	var says bytes.Buffer
	cmd := exec.CommandContext(ctx, "taskset", "-c", l.clientCPU, l.path("timed"), l.wget, "-c", "-O", output, "-i", list)
	cmd.Stderr, cmd.ExtraFiles = &says, []*os.File{write}
	err = cmd.Run()
	write.Close()
	if err == nil && !bytes.HasSuffix(says.Bytes(), []byte(" + 0 failed + 0 missing\n")) {
		err = errors.New("not every host answered")
	}
	if err != nil {
		return r, fmt.Errorf("going on with %d records: %w: %.300s", n, err, &says)
	}
	s, err := readSpent(read)
	if err != nil {
		return r, err
	}
	r = resumption{n, s.cpu() / float64(n), s.Wall / 1e6, s.Peak}
	fmt.Printf("%d records to go on with: %.2f µs each, %.1f s, peak %.1f MB\n\n", n, r.CPU, r.Seconds, r.Peak/1e6)
	return r, nil
}

// writeLines writes a file of so many lines.
func writeLines(path string, n int, line func(w *bufio.Writer, i int)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i := range n {
		line(w, i)
	}
	return errors.Join(w.Flush(), f.Close())
}

func recordedHost(w *bufio.Writer, i int) { fmt.Fprintf(w, "www.host-%d.example\n", i) }

// recordOf writes a record in the order in which hosts answer: not quite that of the list.
func recordOf(w *bufio.Writer, i int) {
	i ^= 5
	fmt.Fprintf(w, `{"index":%d,"target":"www.host-%[1]d.example","time":"2026-11-25T18:54:00.123Z","url":"http://www.host-%[1]d.example/",`+
		`"addr":"127.0.0.1:80","proto":"HTTP/1.1","status":200,"reason":"OK","headers":{"server":["nginx"],"content-type":["text/html"]},`+
		`"bytes":312,"seconds":{"connect":0.0103,"first_byte":0.0210,"total":0.0212}}`+"\n", i)
}
