package wget

import (
	"hash/maphash"
	"maps"
	"slices"

	"wget/internal/fetch"
	"wget/internal/report"
)

// ledger says which targets of a list have a record. It takes a bit for each, and
// for each block of them a sum over what their records say: when the list has gone
// by, and the sum over what the list says is another, then the records are about
// another list. The sum does not depend on the order in which the targets were
// recorded.
type ledger struct {
	shard  shard
	seed   maphash.Seed
	blocks map[int]*block
	left   int // recorded targets that the list has not come to
	done   int // recorded targets that are not to be asked again

	at   int      // the block that the list has come to
	seen []string // what the list says of the block's recorded targets, in order
}

// blockSize is how many targets of the shard share a sum. So many must be compared
// to find the one that differs, and may have to wait until all have gone by.
const blockSize = 4096

type block struct {
	recorded bits
	again    *bits // recorded, and to be asked again; nil if none is
	sum      uint64
	left     int // recorded targets that the list has not come to
}

// bits is a bit for each target of a block.
type bits [blockSize / 64]uint64

func (b *bits) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

func (b *bits) set(i int) { b[i/64] |= 1 << (i % 64) }

func newLedger(s shard) *ledger {
	return &ledger{shard: s, seed: maphash.MakeSeed(), blocks: make(map[int]*block)}
}

// place is the block of a target, which is nil if nothing of it is recorded, and
// the target's bit in there. The shard's targets are numbered without gaps.
func (l *ledger) place(index int) (b *block, bit int) {
	number := index / l.shard.step()
	return l.blocks[number/blockSize], number % blockSize
}

func (l *ledger) isRecorded(index int) bool {
	b, bit := l.place(index)
	return b != nil && b.recorded.has(bit)
}

// isDone reports whether a target is not to be asked.
func (l *ledger) isDone(index int) bool {
	b, bit := l.place(index)
	return b != nil && b.recorded.has(bit) && (b.again == nil || !b.again.has(bit))
}

// isSettled reports whether the block of a target has been compared with the list.
func (l *ledger) isSettled(index int) bool {
	b, _ := l.place(index)
	return b == nil || b.left == 0
}

// add notes the record of a target that has none.
func (l *ledger) add(index int, text []byte, again bool) {
	number := index / l.shard.step()
	b, bit := l.place(index)
	if b == nil {
		b = new(block)
		l.blocks[number/blockSize] = b
	}
	b.recorded.set(bit)
	b.sum += maphash.Bytes(l.seed, text) * factor(index)
	b.left++
	l.left++
	if !again {
		l.done++
		return
	}
	if b.again == nil {
		b.again = new(bits)
	}
	b.again.set(bit)
}

// factor makes the sum depend on which index goes with which text. It is odd, so
// that no bit of the text's hash is lost.
func factor(index int) uint64 { return 2*uint64(index) + 1 }

// compare takes the next target of the list, and is false once it has found that
// the records are about another list.
func (l *ledger) compare(t *fetch.Target) bool {
	b, bit := l.place(t.Index)
	if b == nil || !b.recorded.has(bit) {
		return true
	}
	if at := t.Index / l.shard.step() / blockSize; at != l.at {
		l.at, l.seen = at, l.seen[:0]
	}
	text := report.RecordedText(t.Text)
	l.seen = append(l.seen, text)
	b.sum -= maphash.String(l.seed, text) * factor(t.Index)
	b.left--
	l.left--
	return b.left > 0 || b.sum == 0
}

// end takes the end of the list, and is false if targets with a record are not on
// it.
func (l *ledger) end() bool {
	if l.left == 0 {
		return true
	}
	for _, at := range slices.Sorted(maps.Keys(l.blocks)) {
		if l.blocks[at].left > 0 {
			if at != l.at {
				l.at, l.seen = at, nil
			}
			return false
		}
	}
	return true
}
