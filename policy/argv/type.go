package argv

import "errors"

// Type is the type of a placeholder: a regular language of strings, and the
// facts that a run-time guard needs. Types are immutable.
type Type struct {
	name   string // "int", "path", ...
	text   string // canonical notation
	params Params
}

// Scope holds the named types that a notation or a line may refer to. A name
// in the scope hides a built-in type of that name.
type Scope map[string]*Type

// TypeError is a type that cannot be: unknown, without a value, or with
// constraints that do not fit. Check is the vet check it falls under.
type TypeError struct {
	Check string
	Type  string
	Msg   string
}

func (e *TypeError) Error() string { return e.Type + ": " + e.Msg }

// NewType returns the type of that name with the constraints p, which it
// copies. The error is a *TypeError.
func NewType(name string, p Params) (*Type, error) {
	return nil, errors.New("not built")
}

// ParseType reads a type in the grammar's own notation: int(1..60),
// path(/dev,/srv), re([a-z]+), a bare type name, or a name of the scope. The
// error is a *TypeError.
func ParseType(notation string, scope Scope) (*Type, error) {
	return nil, errors.New("not built")
}

// Accepts reports whether s is in the type's language. Guards are not asked.
func (t *Type) Accepts(s string) bool { return false }

// Name returns the name of the type: "int", "re", "path" and so on.
func (t *Type) Name() string { return t.name }

// String returns the type in the grammar's notation, as in "int(1..60)".
func (t *Type) String() string { return t.text }

// Params returns a copy of the type's constraints. Under is sorted and without
// duplicates.
func (t *Type) Params() Params { return t.params }

// TypeNames returns the names of the built-in types, sorted.
func TypeNames() []string { return nil }
