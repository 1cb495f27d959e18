package argv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Params are the constraints of a type, as the map form of a policy states
// them. The zero value states none. NewType refuses a parameter that its type
// does not have.
type Params struct {
	// Min and Max are inclusive bounds, in the unit of ParseBound.
	Min, Max *int64
	// Re is the RE2 expression of a re; the whole token must match it.
	Re string
	// Dash admits values of a re that begin with "-".
	Dash bool
	// Except are values that the type does not take, in any spelling; at most
	// 64, each of which it would take otherwise.
	Except []string
	// Under are the roots of a path, absolute, canonical, at least one: the
	// value lies strictly below one of them, component by component. Of an
	// address, they are networks without bits behind their length.
	Under []string
	// Depth is how many components a path may have below its root; 0 is any.
	Depth int
	// Items are the elements of an enum-list, 1 to 64.
	Items []string
	// Letters are those of a bundle, 1 to 12, each once.
	Letters string
	// Of is the type of the items of a csv.
	Of *Type

	// Access is what the command may do with the file of a path.
	Access Access
	// FileKind is the kind of file that a path must name.
	FileKind FileKind
	// Owner are the accounts, by name or number, of which one must own the
	// file of a path or the process of a pid. "caller" is who asks.
	Owner []string
	// Create admits a path whose last component does not exist yet.
	Create bool
	// BindFD passes a path as /proc/self/fd/N of the file that was checked.
	BindFD bool
	// Exists asks that there is a network interface of an ifname.
	Exists bool
	// LinkKind is the kind of network interface of an ifname, as in "veth".
	LinkKind string
	// Exe are absolute paths of programs, of which a pid must run one.
	Exe []string
	// Unit are the systemd units, of which one must hold a pid; "*" stands for
	// any characters.
	Unit []string
	// InGroup is the group, by name or number, that an account must be in.
	InGroup string
	// AllowRoot admits the id 0 and the name root for an account.
	AllowRoot bool
}

// clone returns p with its own slices, lists of alternatives sorted.
func (p Params) clone() Params {
	for _, list := range []*[]string{&p.Except, &p.Under, &p.Items, &p.Owner, &p.Exe, &p.Unit} {
		*list = slices.Clone(*list)
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, n := range []**int64{&p.Min, &p.Max} {
		if *n != nil {
			*n = new(**n)
		}
	}
	return p
}

// set is whether each parameter is stated, in the order of an error message.
func (p Params) set() []struct {
	name string
	yes  bool
} {
	return []struct {
		name string
		yes  bool
	}{
		{"min", p.Min != nil},
		{"max", p.Max != nil},
		{"re", p.Re != ""},
		{"dash", p.Dash},
		{"except", p.Except != nil},
		{"under", p.Under != nil},
		{"depth", p.Depth != 0},
		{"items", p.Items != nil},
		{"letters", p.Letters != ""},
		{"of", p.Of != nil},
		{"access", p.Access != 0},
		{"kind", p.FileKind != 0 || p.LinkKind != ""},
		{"owner", p.Owner != nil},
		{"create", p.Create},
		{"bind", p.BindFD},
		{"exists", p.Exists},
		{"exe", p.Exe != nil},
		{"unit", p.Unit != nil},
		{"in_group", p.InGroup != ""},
		{"allow_root", p.AllowRoot},
	}
}

// only refuses the parameters that are set and not in takes.
func (p Params) only(name, takes string) error {
	for _, s := range p.set() {
		if !s.yes || slices.Contains(strings.Fields(takes), s.name) {
			continue
		}
		if takes == "" {
			return typeErrorf("G-PARSE", name, "has no %s; it takes no constraints", s.name)
		}
		return typeErrorf("G-PARSE", name, "has no %s; it takes %s", s.name, strings.ReplaceAll(takes, " ", ", "))
	}
	return nil
}

// merge adds what more states to p. A constraint has one place: what both
// state is an error.
func (p Params) merge(name string, more Params) (Params, error) {
	a, b := p.set(), more.set()
	for i := range a {
		if a[i].yes && b[i].yes {
			return Params{}, typeErrorf("G-PARSE", name, "states %s twice", a[i].name)
		}
	}
	if more.Min != nil {
		p.Min = more.Min
	}
	if more.Max != nil {
		p.Max = more.Max
	}
	p.Dash, p.Create, p.BindFD = p.Dash || more.Dash, p.Create || more.Create, p.BindFD || more.BindFD
	p.Exists, p.AllowRoot = p.Exists || more.Exists, p.AllowRoot || more.AllowRoot
	// At most one of the two has something.
	p.Re, p.Letters, p.InGroup, p.LinkKind = p.Re+more.Re, p.Letters+more.Letters, p.InGroup+more.InGroup, p.LinkKind+more.LinkKind
	p.Depth, p.Access, p.FileKind = p.Depth+more.Depth, p.Access+more.Access, p.FileKind+more.FileKind
	p.Except, p.Under = either(p.Except, more.Except), either(p.Under, more.Under)
	p.Owner, p.Exe, p.Unit = either(p.Owner, more.Owner), either(p.Exe, more.Exe), either(p.Unit, more.Unit)
	p.Items = either(p.Items, more.Items)
	if more.Of != nil {
		p.Of = more.Of
	}
	return p, nil
}

func either(a, b []string) []string {
	if a == nil {
		return b
	}
	return a
}

// rest returns the constraints of a type that its notation has no place for,
// as " {depth: 3, ...}", or "".
func (p Params) rest(name string) string {
	var out []string
	add := func(yes bool, format string, args ...any) {
		if yes {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	list := func(name string, items []string) {
		add(len(items) > 0, "%s: [%s]", name, strings.Join(items, ", "))
	}
	if isAccount(name) {
		add(p.Min != nil, "min: %d", deref(p.Min))
		add(p.Max != nil, "max: %d", deref(p.Max))
	}
	list("except", p.Except)
	add(p.Depth != 0, "depth: %d", p.Depth)
	list("owner", p.Owner)
	add(p.Create, "create: true")
	add(p.BindFD, "bind: fd")
	add(p.Exists, "exists: true")
	add(p.LinkKind != "", "kind: %s", p.LinkKind)
	list("exe", p.Exe)
	list("unit", p.Unit)
	add(p.InGroup != "", "in_group: %s", p.InGroup)
	add(p.AllowRoot, "allow_root: true")
	if out == nil {
		return ""
	}
	return " {" + strings.Join(out, ", ") + "}"
}

func deref(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// boundText is a bound, or nothing.
func boundText(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}
