package argv

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Guard returns what a value has to be held to when a request is made, beyond
// being a value of the type: a text that is equal for equal duties, and empty
// when there is none.
func (t *Type) Guard() string {
	p := &t.params
	switch {
	case t.name == CommandType: // where a nested command begins
		return t.name
	case t.name == "path":
		return fmt.Sprintf("path[%s %s under=%q owner=%q create=%t bind=%t]", p.Access, p.FileKind, p.Under, p.Owner, p.Create, p.BindFD)
	case t.name == "user", t.name == "group", p.InGroup != "":
		lo, hi := "", ""
		if p.Min != nil {
			lo = fmt.Sprint(*p.Min)
		}
		if p.Max != nil {
			hi = fmt.Sprint(*p.Max)
		}
		return fmt.Sprintf("%s[%s..%s in=%q root=%t]", t.name, lo, hi, p.InGroup, p.AllowRoot)
	case p.Exe != nil, p.Unit != nil, p.Owner != nil:
		return fmt.Sprintf("%s[exe=%q unit=%q owner=%q]", t.name, p.Exe, p.Unit, p.Owner)
	case p.Exists, p.LinkKind != "":
		return fmt.Sprintf("%s[kind=%q]", t.name, p.LinkKind)
	}
	return ""
}

// Key returns a text that is equal for types with the same name, the same
// language and the same guard.
func (t *Type) Key() string { return fmt.Sprintf("%s %q %s", t.name, t.lex, t.Guard()) }

// same reports whether t and o have the same language and the same guard.
func (t *Type) same(o *Type) bool { return t == o || t.Key() == o.Key() }

var (
	linkKind = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
	unitForm = regexp.MustCompile(`^[A-Za-z0-9_:.@*\\-]{1,255}$`)
)

// checkGuards holds the constraints of a guard to their form. Those of a path
// and of an account are checked with their languages.
func checkGuards(name string, p *Params) error {
	if name == "pid" {
		if err := checkOwners(name, p.Owner); err != nil {
			return err
		}
	}
	if p.LinkKind != "" && !linkKind.MatchString(p.LinkKind) || p.FileKind != 0 && name == "ifname" {
		return typeErrorf("G-PARSE", name, "kind is not a kind of network interface, like veth")
	}
	if len(p.Exe) > maxAlternatives || len(p.Unit) > maxAlternatives {
		return typeErrorf("G-PARSE", name, "more than %d programs or units", maxAlternatives)
	}
	for _, e := range p.Exe {
		if !strings.HasPrefix(e, "/") || path.Clean(e) != e || !isPrintable(e) || len(e) > MaxTokenBytes {
			return typeErrorf("G-PARSE", name, "exe %q is not an absolute canonical path", firstRunes(e, 64))
		}
	}
	for _, u := range p.Unit {
		if !unitForm.MatchString(u) {
			return typeErrorf("G-PARSE", name, "%q is not the name of a unit", firstRunes(u, 64))
		}
	}
	return nil
}
