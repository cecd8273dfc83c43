package weburl

import (
	"bytes"
	"strings"
)

// cleanPath resolves dot segments and escapes the others. A path always begins
// with a slash.
func cleanPath(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	path = strings.TrimPrefix(path, "/")
	clean := make([]byte, 0, len(path)+1)
	for more := true; more; {
		var segment string
		segment, path, more = strings.Cut(path, "/")
		switch dots(segment) {
		case 0:
			clean = appendEscaped(append(clean, '/'), segment, inPath)
			continue
		case 2:
			clean = clean[:max(0, bytes.LastIndexByte(clean, '/'))]
		}
		if !more {
			clean = append(clean, '/')
		}
	}
	return string(clean)
}

// dots is 1 for a segment that means its own directory, 2 for one that means the
// directory above, and 0 for any other. A dot may be escaped.
func dots(segment string) int {
	if len(segment) > len("%2e%2e") {
		return 0
	}
	switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
	case ".":
		return 1
	case "..":
		return 2
	}
	return 0
}
