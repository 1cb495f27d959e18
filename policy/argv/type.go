package argv

import (
	"fmt"
	"slices"
	"strings"
)

// Type is the type of a placeholder: a regular language of strings, and the
// facts that a run-time guard needs. Types are immutable.
type Type struct {
	name   string // "int", "path", ...
	text   string // canonical notation
	params Params
	// lex is the notation without what is a guard's business: two types with
	// the same lex have the same language.
	lex string
	dfa *dfa
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

// typeErrorf returns a *TypeError.
func typeErrorf(check, name, format string, args ...any) error {
	return &TypeError{Check: check, Type: name, Msg: fmt.Sprintf(format, args...)}
}

// Bounds of the automaton of one type. They hold for a type by itself, so that
// a bad expression is reported where it stands.
const (
	maxTypeNodes   = 1 << 16
	maxTypeStates  = 1 << 13
	maxTypeCells   = 1 << 20
	maxTypeEntries = 1 << 20
	maxTypeWork    = 1 << 24
	// maxBlockWork is for all types of a block together, memory included.
	maxBlockWork = 1 << 25
)

// NewType returns the type of that name with the constraints p, which it
// copies. The error is a *TypeError.
func NewType(name string, p Params) (*Type, error) { return Refine(name, nil, p) }

// ParseType reads a type in the grammar's own notation: int(1..60),
// path(/dev,/srv), re([a-z]+), csv(ip4), a bare type name, or a name of the
// scope. The error is a *TypeError.
func ParseType(notation string, scope Scope) (*Type, error) {
	work := maxTypeWork
	return parseType(notation, scope, &work)
}

// Refine returns the type of a notation with more constraints, none of which
// the notation states. The error is a *TypeError.
func Refine(notation string, scope Scope, more Params) (*Type, error) {
	work := maxTypeWork
	name, p, err := resolve(notation, scope, &work)
	if err != nil {
		return nil, err
	}
	if p, err = p.merge(name, more); err != nil {
		return nil, err
	}
	return makeType(name, p, &work)
}

// parseType is ParseType with a bound on work, which is counted down.
func parseType(notation string, scope Scope, work *int) (*Type, error) {
	if t := scope[notation]; t != nil {
		return t, nil
	}
	name, p, err := resolve(notation, scope, work)
	if err != nil {
		return nil, err
	}
	return makeType(name, p, work)
}

// resolve returns the built-in type that a notation stands for, and the
// constraints in it.
func resolve(notation string, scope Scope, work *int) (string, Params, error) {
	name, args, ok := strings.Cut(notation, "(")
	if !isName(name) {
		return "", Params{}, typeErrorf("G-PARSE", firstRunes(notation, 64), "not a type; a type is a name, or a name(parameters)")
	}
	if ok {
		if !strings.HasSuffix(args, ")") {
			return "", Params{}, typeErrorf("G-PARSE", name, `no ")" at the end`)
		}
		args = args[:len(args)-1]
	}
	if t := scope[name]; t != nil {
		if ok {
			return "", Params{}, typeErrorf("G-PARSE", name, "a named type takes no parameters")
		}
		return t.name, t.params, nil
	}
	d, known := definitions[name]
	switch {
	case !known:
		return "", Params{}, unknownType(name)
	case !ok:
		return name, Params{}, nil
	case name == "csv":
		// No deeper than one: a csv is no item.
		if strings.HasPrefix(args, "csv") {
			return "", Params{}, typeErrorf("G-PARSE", name, "a list has no lists in it")
		}
		of, err := parseType(args, scope, work)
		return name, Params{Of: of}, err
	case d.parse == nil:
		return "", Params{}, typeErrorf("G-PARSE", name, "takes no parameters")
	}
	p, err := d.parse(args)
	if err != nil {
		return "", Params{}, typeErrorf("G-PARSE", name, "%v", err)
	}
	return name, p, nil
}

// makeType builds a type.
func makeType(name string, p Params, work *int) (*Type, error) {
	d := definitions[name]
	if err := p.only(name, d.takes); err != nil {
		return nil, err
	}
	t := &Type{name: name, text: name, params: p.clone()}
	if err := checkGuards(name, &t.params); err != nil {
		return nil, err
	}
	var err error
	if d.plain != nil && p.Under == nil {
		t.dfa, err = d.plain()
	} else {
		var l language
		if l, err = d.language(name, &t.params); err == nil {
			t.text = l.short
			t.dfa, err = l.compile(name, work)
		}
	}
	if err == nil && p.Except != nil {
		t.dfa, err = without(name, &t.params, t.dfa, work)
	}
	if err != nil {
		return nil, err
	}
	t.lex = t.text
	if p := &t.params; isAccount(name) || p.Dash || p.FileKind == KindDir || p.Depth > 0 || p.Except != nil {
		t.lex += fmt.Sprintf(" dash=%t dir=%t depth=%d except=%q root=%t %s..%s", p.Dash, p.FileKind == KindDir, p.Depth, p.Except,
			p.AllowRoot, boundText(p.Min), boundText(p.Max))
	}
	t.text += t.params.rest(name)
	return t, nil
}

// isName reports whether s is a name of the grammar.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if lower := 'a' <= c && c <= 'z'; !lower && (i == 0 || c != '-' && c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// unknownType says what the known types are.
func unknownType(name string) error {
	if name == CommandType {
		return typeErrorf("G-PARSE", name, "is no type of a value; <inner:command> is the last argument of a line")
	}
	known := strings.Join(TypeNames(), ", ")
	if name == "bytes" {
		return typeErrorf("G-PARSE", name, "there is no such type: no argument of a request holds a control character")
	}
	return typeErrorf("G-PARSE", firstRunes(name, 64), "unknown type; known types: %s", known)
}

// Accepts reports whether s is in the type's language. Guards are not asked.
func (t *Type) Accepts(s string) bool { return t.dfa.accept[t.dfa.run(s)] != 0 }

// Name returns the name of the type: "int", "re", "path" and so on.
func (t *Type) Name() string { return t.name }

// String returns the type in the grammar's notation, as in "int(1..60)".
func (t *Type) String() string { return t.text }

// Params returns a copy of the type's constraints. Lists of alternatives are
// sorted and without duplicates.
func (t *Type) Params() Params { return t.params.clone() }

// TypeNames returns the names of the built-in types, sorted.
func TypeNames() []string {
	names := make([]string, 0, len(definitions))
	for name := range definitions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// withoutDash removes the strings that begin with "-". The start gets a number
// of its own: a loop may come back to the old one, where "-" is harmless.
func (d *dfa) withoutDash() *dfa {
	n := d.abc.n
	old := uint32(d.states())
	d.next = append(d.next, d.next[n:2*n]...)
	d.accept = append(d.accept, d.accept[1])
	d.from, d.by = append(d.from, 1), append(d.by, 0)
	for i := n; i < len(d.next); i++ { // whoever led to the start leads to its copy
		if d.next[i] == 1 {
			d.next[i] = old
		}
	}
	d.next[n+int(d.abc.classOf('-'))] = 0
	return d
}

// empty reports whether a minimal d accepts nothing.
func (d *dfa) empty() bool {
	return d.accept[1] == 0 && !slices.ContainsFunc(d.next[d.abc.n:2*d.abc.n], func(s uint32) bool { return s != 0 })
}

// control finds a step of a minimal d on a control character.
func (d *dfa) control() (from uint32, r rune, found bool) {
	for s := 1; s < d.states(); s++ {
		for c := 1; c < d.abc.n; c++ {
			if r := d.abc.rep[c]; d.next[s*d.abc.n+c] != 0 && controls.has(r) {
				return uint32(s), r, true
			}
		}
	}
	return 0, 0, false
}
