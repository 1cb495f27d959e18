package vet

import (
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// guardOf returns what the server checks of a value, and grants with it, beyond
// the text that the type accepts; empty: nothing. The roots of a path are no part
// of it: which paths lie below them is a matter of the text.
func guardOf(t *argv.Type) string {
	if t.Name() != "path" {
		return t.Guard()
	}
	p := t.Params()
	text := "path " + p.Access.String() + " " + p.FileKind.String()
	if len(p.Owner) > 0 {
		text += " owner " + strings.Join(p.Owner, ",")
	}
	if p.Create {
		text += " create"
	}
	if p.BindFD {
		text += " bind fd"
	}
	return text
}

// guardsOf compares the guards of two lines, by the names of their placeholders.
func guardsOf(old, next []argv.Placeholder) []Field {
	a, b := guards(old), guards(next)
	var names []string
	for _, h := range slices.Concat(old, next) {
		if !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	f := &fields{}
	for _, name := range names {
		x, y := a[name], b[name]
		if !slices.EqualFunc(x, y, sameGuard) {
			f.add("<"+name+">", guardText(x), guardText(y), direction(narrowerGuards(y, x), narrowerGuards(x, y)))
		}
	}
	if len(f.out) == 0 { // the same guards, of other parts of a request
		f.value("guards", "", "of other arguments")
	}
	return f.out
}

func guards(list []argv.Placeholder) map[string][]*argv.Type {
	out := map[string][]*argv.Type{}
	for _, h := range list {
		if guardOf(h.Type) != "" && !slices.ContainsFunc(out[h.Name], func(t *argv.Type) bool { return sameGuard(t, h.Type) }) {
			out[h.Name] = append(out[h.Name], h.Type)
		}
	}
	return out
}

func sameGuard(a, b *argv.Type) bool { return guardOf(a) == guardOf(b) }

func guardText(types []*argv.Type) string {
	var out []string
	for _, t := range types {
		out = append(out, guardOf(t))
	}
	return orNone(out)
}

// narrowerGuards reports whether each new guard grants no more, and checks no
// less, than each old one. Access to read is part of that to execute, and no part
// of that to write; one kind of file is part of any.
func narrowerGuards(old, next []*argv.Type) bool {
	if len(old) == 0 || len(next) == 0 {
		return false
	}
	for _, o := range old {
		for _, n := range next {
			if !sameGuard(o, n) && !narrowerPath(o, n) {
				return false
			}
		}
	}
	return true
}

func narrowerPath(old, next *argv.Type) bool {
	if old.Name() != "path" || next.Name() != "path" {
		return false
	}
	p, q := old.Params(), next.Params()
	access := p.Access == q.Access || p.Access == argv.AccessExec && q.Access == argv.AccessRead
	kind := p.FileKind == q.FileKind || p.FileKind == argv.KindAny
	owner := len(p.Owner) == 0 || len(q.Owner) > 0 &&
		!slices.ContainsFunc(q.Owner, func(o string) bool { return !slices.Contains(p.Owner, o) })
	return access && kind && owner && (p.Create || !q.Create) && p.BindFD == q.BindFD
}
