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
func NewType(name string, p Params) (*Type, error) {
	if d, ok := definitions[name]; ok {
		if err := p.only(name, d.takes); err != nil {
			return nil, err
		}
		work := maxTypeWork
		return d.make(name, p, &work)
	}
	return nil, unknownType(name)
}

// ParseType reads a type in the grammar's own notation: int(1..60),
// path(/dev,/srv), re([a-z]+), a bare type name, or a name of the scope. The
// error is a *TypeError.
func ParseType(notation string, scope Scope) (*Type, error) {
	work := maxTypeWork
	return parseType(notation, scope, &work)
}

// parseType is ParseType with a bound on work, which is counted down.
func parseType(notation string, scope Scope, work *int) (*Type, error) {
	name, args, ok := strings.Cut(notation, "(")
	if !isName(name) {
		return nil, typeErrorf("G-PARSE", firstRunes(notation, 64), "not a type; a type is a name, or a name(parameters)")
	}
	if ok {
		if !strings.HasSuffix(args, ")") {
			return nil, typeErrorf("G-PARSE", name, `no ")" at the end`)
		}
		args = args[:len(args)-1]
	}
	if t := scope[name]; t != nil {
		if ok {
			return nil, typeErrorf("G-PARSE", name, "a named type takes no parameters")
		}
		return t, nil
	}
	d, known := definitions[name]
	switch {
	case !known:
		return nil, unknownType(name)
	case !ok:
		return d.make(name, Params{}, work)
	case d.parse == nil:
		return nil, typeErrorf("G-PARSE", name, "takes no parameters")
	}
	p, err := d.parse(args)
	if err != nil {
		return nil, typeErrorf("G-PARSE", name, "%v", err)
	}
	return d.make(name, p, work)
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

// unknownType says what the known types are. Those of a later release are
// named, so that nobody looks for a spelling mistake.
func unknownType(name string) error {
	known := strings.Join(TypeNames(), ", ")
	if slices.Contains(laterTypes, name) {
		return typeErrorf("G-PARSE", name, "this type comes with a later release; known types: %s", known)
	}
	return typeErrorf("G-PARSE", firstRunes(name, 64), "unknown type; known types: %s", known)
}

// Accepts reports whether s is in the type's language. Guards are not asked.
func (t *Type) Accepts(s string) bool { return t.dfa.accept[t.dfa.run(s)] != 0 }

// Name returns the name of the type: "int", "re", "path" and so on.
func (t *Type) Name() string { return t.name }

// String returns the type in the grammar's notation, as in "int(1..60)".
func (t *Type) String() string { return t.text }

// same reports whether t and o have the same language and the same guard.
func (t *Type) same(o *Type) bool {
	return t == o || t.name == o.name && t.lex == o.lex &&
		t.params.Access == o.params.Access && t.params.FileKind == o.params.FileKind
}

// Params returns a copy of the type's constraints. Under is sorted and without
// duplicates.
func (t *Type) Params() Params {
	p := t.params
	p.Under = slices.Clone(p.Under)
	if p.Min != nil {
		p.Min = new(*p.Min)
	}
	if p.Max != nil {
		p.Max = new(*p.Max)
	}
	return p
}

// TypeNames returns the names of the built-in types, sorted.
func TypeNames() []string {
	names := make([]string, 0, len(definitions))
	for name := range definitions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// compileType builds the automaton of e. dash admits values that begin with
// "-". What it costs is taken from work.
func compileType(name string, e expr, dash bool, work *int) (*dfa, error) {
	spend := min(*work, maxTypeWork)
	b := &bounds{states: maxTypeStates, cells: maxTypeCells, entries: maxTypeEntries, work: spend}
	n := newNFA(maxTypeNodes)
	start, err := n.node()
	if err != nil {
		return nil, err
	}
	end, err := n.expr(start, e)
	if err != nil {
		return nil, typeErrorf("T-REGEX", name, "too large: more than %d positions", maxTypeNodes)
	}
	n.nodes[end].accept = 1
	d, _, err := determinize(n, 1, []runeSet{controls, span('-', '-')}, b)
	*work -= spend - b.work
	switch {
	case err != nil && spend < maxTypeWork:
		return nil, typeErrorf("T-REGEX", name, "too large, together with the types before it")
	case err != nil:
		return nil, typeErrorf("T-REGEX", name, "too large: its automaton passes %d states", maxTypeStates)
	}
	*work -= len(d.next) + len(n.nodes)
	if !dash {
		d = d.withoutDash()
	}
	d = d.minimize()
	if d.empty() {
		hint := ""
		if !dash {
			hint = ` (a value never begins with "-" unless the type says dash: true)`
		}
		return nil, typeErrorf("T-REGEX", name, "no value at all matches%s", hint)
	}
	if s, r, found := d.control(); found {
		return nil, typeErrorf("T-CTRL", name, `accepts the control character %U, as in %q; exclude \pC`,
			r, d.witness(s)+string(r))
	}
	return d, nil
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
