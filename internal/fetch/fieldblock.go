package fetch

import (
	"errors"
	"strings"
	"sync"

	"golang.org/x/net/http2/hpack"
)

// fieldBlocks decodes the field blocks of an HTTP/2 connection and writes them
// down as sections of lines. A field is written only if it reads as the field
// that came, but for spaces behind its name, which are an anomaly of the line, and
// around its value.
type fieldBlocks struct {
	sections headReader // what has been decoded
	max      int        // bytes that the sections may take together
	buffers  *sync.Pool // of the buffer that the sections begin in
	buffer   *[]byte    // the one in use; nil before the first block comes
	decoder  *hpack.Decoder
	discard  bool  // the block is decoded for the decoder's table only
	fault    error // what is wrong with the block
}

// decode decodes a block, which is not whole if the connection ended inside it.
func (d *fieldBlocks) decode(block []byte, discard, whole bool) error {
	if d.decoder == nil {
		d.buffer = d.buffers.Get().(*[]byte)
		d.sections.buf = (*d.buffer)[:0]
		const tableSize = 4096 // RFC 9113 section 6.5.2: unless we ask for another
		d.decoder = hpack.NewDecoder(tableSize, d.add)
		d.decoder.SetMaxStringLength(d.max)
	}
	d.discard, d.fault = discard, nil
	_, err := d.decoder.Write(block)
	if err == nil && whole {
		err = d.decoder.Close()
	}
	switch {
	case d.fault != nil:
		return d.fault
	case errors.Is(err, hpack.ErrStringLength):
		return tooLarge(d.max)
	case err != nil:
		return violates(codeCompression, "%v", err)
	case resizesLate(block):
		return violates(codeCompression, "the size of the table changes behind a field")
	}
	return nil
}

// resizesLate reports whether a block changes the size of the table behind a
// field (RFC 7541 section 4.2). hpack lets that pass while the table is empty.
func resizesLate(block []byte) bool {
	for late := false; len(block) > 0; late = true {
		prefix := 4
		switch first := block[0]; {
		case first&0x80 != 0: // a field of the tables
			_, block = readInt(block, 7)
			continue
		case first&0xe0 == 0x20: // a size
			if late {
				return true
			}
			for len(block) > 0 && block[0]&0xe0 == 0x20 {
				_, block = readInt(block, 5)
			}
			continue
		case first&0x40 != 0:
			prefix = 6
		}
		name, rest := readInt(block, prefix)
		if block = rest; name == 0 {
			block = skipString(block)
		}
		block = skipString(block)
	}
	return false
}

// readInt reads an integer whose first byte has so many bits of it (RFC 7541
// section 5.1), from a block that has been decoded or ends early.
func readInt(b []byte, prefix int) (n int, rest []byte) {
	if len(b) == 0 {
		return 0, nil
	}
	most := 1<<prefix - 1
	if n = int(b[0]) & most; n < most {
		return n, b[1:]
	}
	for i, c := range b[1:] {
		n += int(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return n, b[2+i:]
		}
	}
	return n, nil
}

func skipString(b []byte) []byte {
	n, rest := readInt(b, 7)
	return rest[min(max(n, 0), len(rest)):]
}

// close gives the buffer back; the sections must have been copied.
func (d *fieldBlocks) close() {
	if d.buffer != nil {
		d.buffers.Put(d.buffer)
	}
}

// add takes one decoded field (RFC 9113 sections 8.2.1 and 8.3.2).
func (d *fieldBlocks) add(f hpack.HeaderField) {
	switch {
	case d.discard || d.fault != nil:
	case f.Name == ":status" && !d.sections.begun:
		d.begin(f.Value)
	case f.IsPseudo():
		d.fault = violates(codeProtocol, "field \"%s\" out of place", f.Name)
	case !d.sections.begun:
		d.fault = violates(codeProtocol, "field \"%s\" before :status", f.Name)
	case !fitsLine(f.Name, f.Value):
		d.fault = violates(codeProtocol, "field \"%s\" does not fit on a line of its own", f.Name)
	default:
		d.write(f.Name, ": ", f.Value)
	}
}

// begin writes the status line of a section.
func (d *fieldBlocks) begin(status string) {
	if len(status) != 3 || !isDigit(status[0]) || !isDigit(status[1]) || !isDigit(status[2]) {
		d.fault = violates(codeProtocol, ":status \"%s\"", status)
		return
	}
	if d.write(protoHTTP2, " ", status); d.fault == nil {
		d.sections.begun = true
		d.sections.final = decodedHead(int(status[0]-'0')*100 + int(status[1]-'0')*10 + int(status[2]-'0'))
	}
}

// write appends a line, if there is room for it.
func (d *fieldBlocks) write(a, b, c string) {
	if len(d.sections.buf)+len(a)+len(b)+len(c)+len("\r\n") > d.max {
		d.fault = tooLarge(d.max)
		return
	}
	s := &d.sections
	s.buf = append(append(append(append(s.buf, a...), b...), c...), "\r\n"...)
}

// end ends the section that a whole block was.
func (d *fieldBlocks) end() (done bool, err error) {
	if !d.sections.begun {
		return false, violates(codeProtocol, "no :status")
	}
	if d.write("", "", ""); d.fault != nil {
		return false, d.fault
	}
	return d.sections.nextSection(len(d.sections.buf))
}

// decodePart keeps what there is of a block that will not be whole.
func (d *fieldBlocks) decodePart(block []byte) {
	var broken *violation
	if errors.As(d.decode(block, false, false), &broken) {
		d.drop()
	}
}

// drop forgets the section that was begun.
func (d *fieldBlocks) drop() {
	s := &d.sections
	s.buf, s.final = s.buf[:s.section], Head{}
}

// fitsLine reports whether a field that is written on a line reads as one field:
// not as two, as the rest of the one before, or as one whose name ends earlier.
func fitsLine(name, value string) bool {
	return !strings.ContainsAny(name, ":\n") && !strings.Contains(value, "\n") &&
		(name == "" || name[0] != ' ' && name[0] != '\t')
}
