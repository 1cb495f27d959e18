package vet

import (
	"fmt"
	"slices"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// request compares what a request may choose beside its arguments.
func (f *fields) request(a, b *policy.Rule) {
	f.paths("cwd.under", a.Cwd, b.Cwd)
	f.netns(a.Netns, b.Netns)
	if !slices.Equal(a.Env.Set, b.Env.Set) {
		f.add("env.set", variables(a.Env.Set), variables(b.Env.Set), Unordered)
	}
	f.pass(a.Env.Pass, b.Env.Pass)
	f.stdin(a.Stdin, b.Stdin)
	list(f, "signals", a.Signals, b.Signals)
}

// stdin compares what standard input a request may have.
func (f *fields) stdin(a, b policy.Stdin) {
	number(f, "stdin.max", a.Max, b.Max)
	if a.Max == 0 || b.Max == 0 {
		return
	}
	if x, y := a.UTF8 || a.Lines != nil, b.UTF8 || b.Lines != nil; x != y {
		f.add("stdin.utf8", fmt.Sprint(x), fmt.Sprint(y), direction(x, y))
	}
	if a.MaxLines != b.MaxLines { // none is any number
		f.add("stdin.max_lines", fmt.Sprint(a.MaxLines), fmt.Sprint(b.MaxLines),
			direction(b.MaxLines == 0 || a.MaxLines > 0 && a.MaxLines < b.MaxLines, a.MaxLines == 0 || b.MaxLines > 0 && b.MaxLines < a.MaxLines))
	}
	switch {
	case a.Lines == nil && b.Lines == nil:
	case a.Lines == nil || b.Lines == nil:
		f.add("stdin.lines", typeText(a.Lines), typeText(b.Lines), direction(b.Lines == nil, a.Lines == nil))
	default:
		if grows, shrinks := containment(a.Lines, b.Lines); grows && shrinks {
			f.alike = f.alike || a.Lines != b.Lines
		} else {
			f.add("stdin.lines", typeText(a.Lines), typeText(b.Lines), direction(grows, shrinks))
		}
	}
}

func typeText(t *argv.Type) string {
	if t == nil {
		return "any"
	}
	return t.String()
}

func variables(set []policy.EnvVar) string {
	var out []string
	for _, v := range set {
		out = append(out, v.Name+"="+v.Value)
	}
	return orNone(out)
}

// netns compares where a request may or must run: in the namespace of the server,
// in one of a type, or in either.
func (f *fields) netns(a, b policy.Netns) {
	if a.Type == nil && b.Type == nil {
		return
	}
	// What a request may choose: no namespace, and those of the type.
	grows := a.Required || !b.Required
	shrinks := b.Required || !a.Required
	switch {
	case a.Type == nil:
		shrinks = false
	case b.Type == nil:
		grows = false
	default:
		more, less := containment(a.Type, b.Type)
		grows, shrinks = grows && more, shrinks && less
	}
	if grows && shrinks {
		f.alike = true
		return
	}
	f.add("netns", netnsText(a), netnsText(b), direction(grows, shrinks))
}

func netnsText(n policy.Netns) string {
	switch {
	case n.Type == nil:
		return "none"
	case n.Required:
		return n.Type.String() + " required"
	}
	return n.Type.String()
}

// pass compares the variables that a request may give.
func (f *fields) pass(a, b []policy.EnvPass) {
	find := func(list []policy.EnvPass, name string) *argv.Type {
		for _, p := range list {
			if p.Name == name {
				return p.Type
			}
		}
		return nil
	}
	for _, p := range a {
		t := find(b, p.Name)
		if t == nil {
			f.add("env."+p.Name, p.Type.String(), "none", Narrower)
			continue
		}
		grows, shrinks := containment(p.Type, t)
		switch {
		case guardOf(p.Type) != guardOf(t):
			f.add("env."+p.Name, guarded(p.Type), guarded(t), Unordered)
		case grows && shrinks:
			f.alike = true
		default:
			f.add("env."+p.Name, p.Type.String(), t.String(), direction(grows, shrinks))
		}
	}
	for _, p := range b {
		if find(a, p.Name) == nil {
			f.add("env."+p.Name, "none", p.Type.String(), Wider)
		}
	}
}

func guarded(t *argv.Type) string {
	if g := guardOf(t); g != "" {
		return t.String() + " " + g
	}
	return t.String()
}

// containment reports whether all values of a are values of b, and the other way
// round. What cannot be proved is reported as false.
func containment(a, b *argv.Type) (within, covers bool) {
	if a == b {
		return true, true
	}
	m := typesMatcher(a, b)
	if m == nil {
		return false, false
	}
	r := m.Requests()
	x, y := []argv.LineRef{{Rule: 0}}, []argv.LineRef{{Rule: 1}}
	return r.Difference(x, y) == nil, r.Difference(y, x) == nil
}

// typesMatcher returns a matcher whose rules are a value of each type, or nil.
func typesMatcher(types ...*argv.Type) *argv.Matcher {
	rules := make([]argv.Rule, 0, len(types))
	for _, t := range types {
		block, err := argv.Parse("<value:t>", argv.Scope{"t": t})
		if err != nil {
			return nil
		}
		rules = append(rules, argv.Rule{Lines: block.Lines})
	}
	m, err := argv.Compile(rules, argv.Limits{})
	if err != nil {
		return nil
	}
	return m
}

// sampleNetns returns a name of a network namespace that t accepts, or "" when
// there is none. Only names of the language's own type are looked for: whatever
// a type says, a name is one component of a path.
func sampleNetns(t *argv.Type) string {
	own, err := argv.NewType("netns", argv.Params{})
	if err != nil {
		return ""
	}
	m := typesMatcher(t, own)
	if m == nil {
		return ""
	}
	if found := m.Requests().Intersection([]argv.LineRef{{Rule: 0}}, []argv.LineRef{{Rule: 1}}); found != nil {
		return found[0]
	}
	return ""
}
