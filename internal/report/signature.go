package report

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"wget/internal/fetch"
)

// signed is a thing by which results are compared: a field, with as much of its
// value as counts.
type signed struct{ name, value string }

// signer lists all that counts of a result.
type signer struct {
	ofAnswer func(*fetch.Result) []signed
}

// byRule is the signer for which the tables of the rule say what counts.
func byRule() signer { return signer{newRule().sign} }

// sign lists all that counts of a result. A failure counts by its stage and kind.
func (s signer) sign(r *fetch.Result) []signed {
	if r.Err != nil {
		return []signed{{"error", string(r.Err.Stage) + ": " + string(r.Err.Kind)}}
	}
	return s.ofAnswer(r)
}

// name is the hash of the group of a result.
func (s signer) name(r *fetch.Result) string { return hash(s.sign(r)) }

// hash is a short name for what was signed, the same in every run.
func hash(list []signed) string {
	var b bytes.Buffer
	for _, s := range list {
		b.WriteString(s.name)
		b.WriteByte(0)
		b.WriteString(s.value)
		b.WriteByte('\n')
	}
	sum := sha256.Sum256(b.Bytes())
	return fmt.Sprintf("%x", sum[:8])
}
