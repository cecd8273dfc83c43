package dns

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
)

// hosts is a hosts(5) file: its text as it was read, and where in it each name stands. A file of 200,000 lines takes
// eight bytes a name beside its text.
type hosts struct {
	text  []byte
	index []hostsName // by hash, then by line
}

type hostsName struct {
	hash, line uint32 // of the name in lower case; offset in the text
}

func readHosts(text []byte) *hosts {
	h := &hosts{text: text}
	for line := 0; line < len(text); {
		names, end := h.line(line)
		nextWord(&names) // the address
		for name := nextWord(&names); len(name) > 0; name = nextWord(&names) {
			h.index = append(h.index, hostsName{hashName(trimDot(name)), uint32(line)})
		}
		line = end
	}
	h.index = slices.Clip(h.index)
	slices.SortFunc(h.index, func(a, b hostsName) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.line, b.line))
	})
	return h
}

// line is what stands before a comment in the line at an offset, and where the next line begins.
func (h *hosts) line(start int) (text []byte, next int) {
	next = len(h.text)
	if i := bytes.IndexByte(h.text[start:], '\n'); i >= 0 {
		next = start + i + 1
	}
	text, _, _ = bytes.Cut(h.text[start:next], []byte("#"))
	return text, next
}

// nextWord cuts the first word off a line. It is empty at the end of the line.
func nextWord(line *[]byte) []byte {
	text := bytes.TrimLeft(*line, " \t\r\n\v\f")
	end := bytes.IndexAny(text, " \t\r\n\v\f")
	if end < 0 {
		end = len(text)
	}
	*line = text[end:]
	return text[:end]
}

func trimDot(name []byte) []byte { return bytes.TrimSuffix(name, []byte(".")) }

// hashName is FNV-1a of a name in lower case.
func hashName[name string | []byte](n name) uint32 {
	h := uint32(2166136261)
	for i := range len(n) {
		h = (h ^ uint32(lower(n[i]))) * 16777619
	}
	return h
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lookup returns the addresses of a name, of all lines that have it, in the order of the lines.
func (h *hosts) lookup(name string) []netip.Addr {
	hash := hashName(name)
	i, _ := slices.BinarySearchFunc(h.index, hash, func(n hostsName, hash uint32) int { return cmp.Compare(n.hash, hash) })
	var addrs []netip.Addr
	for ; i < len(h.index) && h.index[i].hash == hash; i++ {
		line, _ := h.line(int(h.index[i].line))
		addr, err := netip.ParseAddr(string(nextWord(&line)))
		if addr = addr.Unmap(); err != nil || slices.Contains(addrs, addr) {
			continue
		}
		for word := nextWord(&line); len(word) > 0; word = nextWord(&line) {
			if equalFold(trimDot(word), name) {
				addrs = append(addrs, addr)
				break
			}
		}
	}
	return addrs
}

// equalFold is for ASCII, and allocates nothing.
func equalFold[a, b string | []byte](x a, y b) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range len(x) {
		if lower(x[i]) != lower(y[i]) {
			return false
		}
	}
	return true
}
