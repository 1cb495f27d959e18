// Package schema holds the JSON Schema of policy files, for editors.
//
// It refuses less than the loader, and nothing that the loader accepts: it
// cannot see a type, a usage line or a second rule. No program of ours trusts
// it.
package schema

import _ "embed" // the schema is a file, as editors want it

// JSON is the schema of version 1 of the language, of draft 2020-12.
//
//go:embed policy.v1.json
var JSON string
