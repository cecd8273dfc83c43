package fetch

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// checkText refuses what could not be part of any target, before any of it is
// taken apart.
func checkText(text string) error {
	switch {
	case text == "":
		return errors.New("empty host")
	case !utf8.ValidString(text):
		return errors.New("not valid UTF-8")
	}
	for _, r := range text {
		if r == '\t' {
			return fmt.Errorf("control character %U: %s", r, oneByOne)
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return fmt.Errorf("control character %U", r)
		}
	}
	return nil
}

// oneByOne is the advice for a text that looks like several targets.
const oneByOne = "each target needs an argument, or a line, of its own"
