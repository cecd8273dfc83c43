package wget

import (
	"fmt"
	"io"
	"os"
)

// isStdout reports whether --output-document stands for stdout.
func isStdout(name string) bool { return name == "" || name == "-" }

// openOutput opens the file for the records, or gives stdout, which closing
// leaves open.
func openOutput(name string, stdout io.Writer) (io.WriteCloser, error) {
	if isStdout(name) {
		return struct {
			io.Writer
			io.Closer
		}{stdout, io.NopCloser(nil)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fileError(fmt.Errorf("--output-document: %w", err))
	}
	return f, nil
}
