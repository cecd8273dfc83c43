package wget

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// useColor decides whether to colour w: the flag, then NO_COLOR, then
// CLICOLOR_FORCE or FORCE_COLOR, then whether w is a terminal that can.
func useColor(when string, w io.Writer, env func(string) string) bool {
	switch {
	case when == "always":
		return true
	case when == "never", env("NO_COLOR") != "":
		return false
	case isSet(env("CLICOLOR_FORCE")), isSet(env("FORCE_COLOR")):
		return true
	}
	return env("TERM") != "dumb" && isTerminal(w)
}

// hasFewColors reports whether a terminal has 16 colours at most. It could take one
// of 256 for something else, such as blinking.
func hasFewColors(term string) bool {
	switch term {
	case "ansi", "cygwin", "linux", "xterm-color":
		return true
	}
	return strings.HasSuffix(term, "-8color") || strings.HasSuffix(term, "-16color")
}

// isSet reports whether a variable of the environment turns something on.
func isSet(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// terminalWidth is the width of a terminal in columns, and 80 of another stream.
func terminalWidth(stream any) int {
	if f, ok := stream.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// isPipe reports whether stream is a pipe or a socket.
func isPipe(stream any) bool { return hasMode(stream, os.ModeNamedPipe|os.ModeSocket) }

// hasMode reports whether the file behind stream is of one of the types.
func hasMode(stream any, types os.FileMode) bool {
	info, err := statOf(stream)
	return err == nil && info.Mode()&types != 0
}

// statOf describes the file behind a stream, if there is one.
func statOf(stream any) (os.FileInfo, error) {
	f, ok := stream.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return nil, errors.New("not a file")
	}
	return f.Stat()
}
