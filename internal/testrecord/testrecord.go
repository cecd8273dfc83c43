// Package testrecord holds records against their JSON Schema, docs/record.schema.json, for the tests of several packages.
package testrecord

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is the JSON Schema of a record.
type Schema struct{ schema *jsonschema.Schema }

// Load reads the schema from its file.
func Load(file string) (*Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertContent()
	schema, err := compiler.Compile(file)
	return &Schema{schema}, err
}

// Check checks that each line is a record, and returns their number. The error is
// about the first line that is none.
func (s *Schema) Check(lines []byte) (n int, err error) {
	for line := range bytes.Lines(lines) {
		record, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = s.schema.Validate(record)
		}
		if err != nil {
			return n, fmt.Errorf("%w in %s", err, line)
		}
		n++
	}
	return n, nil
}
