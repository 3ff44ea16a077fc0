package yaml

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema is the JSON schema (draft 2020-12) of the native file, for editors. It
// knows keys and forms; what names refer to only [Parse] checks.
func Schema() []byte { return slices.Clone(schema) }
