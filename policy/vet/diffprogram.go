package vet

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// line is a usage line of a rule.
type line struct {
	rule   *policy.Rule
	number int
}

// effects is a pair of effects that stand for one change.
type effects struct {
	old, next string
	rule      *policy.Rule
}

// tally is what a walk over all states found for one class of callers.
type tally struct {
	// only are the lines of policy i that allow what the other does not, and where
	// the states at which they do.
	only  [2][]line
	where [2]map[line]*states
	// changed are answers of both that allow, by their effects.
	changed map[effects][]*[2]answer
	order   []effects
	// alike are pairs of lines, old and new, that allow requests with one effect.
	alike [][2]argv.LineRef
	met   map[[2]argv.LineRef]bool // those in alike
}

// states are where a line allows what the other policy does not.
type states struct {
	first argv.State // the nearest
	all   map[argv.State]bool
}

func (c *comparison) tally(cl *class) *tally {
	t := &tally{changed: map[effects][]*[2]answer{}, met: map[[2]argv.LineRef]bool{}}
	t.where = [2]map[line]*states{{}, {}}
	for s := range c.requests.States {
		for _, a := range c.answers(cl, s) {
			t.count(s, a)
		}
	}
	return t
}

func (t *tally) count(s argv.State, a *[2]answer) {
	at := [2]line{{a[0].Rule, a[0].Line}, {a[1].Rule, a[1].Line}}
	switch old, next := a[0].Allowed(), a[1].Allowed(); {
	case old != next:
		i := rank(old)
		if t.where[i][at[i]] == nil {
			t.where[i][at[i]] = &states{first: s, all: map[argv.State]bool{}}
			t.only[i] = append(t.only[i], at[i])
		}
		t.where[i][at[i]].all[s] = true
	case !old:
	case a[0].effect() == a[1].effect():
		t.agree(a)
	default:
		e := effects{a[0].effect(), a[1].effect(), a[1].Rule}
		if t.changed[e] == nil {
			t.order = append(t.order, e)
		}
		t.changed[e] = append(t.changed[e], a)
	}
}

// agree notes that two lines allow requests with one effect.
func (t *tally) agree(a *[2]answer) {
	at := [2]argv.LineRef{a[0].ref, a[1].ref}
	if a[0].ref.Line > 0 && a[1].ref.Line > 0 && !t.met[at] {
		t.met[at] = true
		t.alike = append(t.alike, at)
	}
}

// classChanges returns what the program's rules decide differently for cl.
func (c *comparison) classChanges(cl *class) ([]Change, error) {
	t := c.tally(cl)
	var out []Change
	for i, kind := range []Kind{Removed, Added} {
		if len(t.only[i]) == 0 {
			continue
		}
		alive := c.useful(func(s argv.State) bool {
			return slices.ContainsFunc(c.answers(cl, s), func(a *[2]answer) bool { return a[1-i].Allowed() })
		})
		for _, l := range t.only[i] {
			if c.ctx.Err() != nil {
				return nil, context.Cause(c.ctx)
			}
			out = append(out, c.oneSided(kind, i, cl, l, t.where[i][l], alive))
		}
	}
	for _, e := range t.order {
		all := t.changed[e]
		fields, equal := fieldsOf(all[0][0].Decision, all[0][1].Decision)
		if !equal {
			out = append(out, c.bothAllow(cl, all, fields))
			continue
		}
		for _, a := range all {
			t.agree(a)
		}
	}
	return append(out, c.guardChanges(cl, t.alike)...), nil
}

// oneSided describes what only policy i allows, by the line l, at the states of
// where.
func (c *comparison) oneSided(kind Kind, i int, cl *class, l line, where *states, alive []bool) Change {
	ch := Change{Kind: kind, Program: c.path, Callers: cl.names, Rule: l.rule, Lines: []int{l.number}}
	proof := func(a *[2]answer) bool {
		return a[i].Allowed() && !a[1-i].Allowed() && a[i].Rule == l.rule && a[i].Line == l.number
	}
	ways, more := c.branches(c.wayOf(c.requests.To(where.first)), where.all, alive)
	ch.More = more
	for _, way := range ways {
		args := c.along(way)
		a := [2]answer{c.ask(0, cl, args), c.ask(1, cl, args)}
		if !a[i].Allowed() || a[1-i].Allowed() {
			// A request with other values shows it.
			all := c.answers(cl, way[len(way)-1])
			a = *all[slices.IndexFunc(all, proof)]
		}
		ch.witness(a[i])
		ch.Ambiguous = ch.Ambiguous || a[1-i].Denial.Reason == policy.ReasonAmbiguous
	}
	return ch
}

// bothAllow describes what both policies allow with the effects of the first
// answers.
func (c *comparison) bothAllow(cl *class, all []*[2]answer, fields []Field) Change {
	ch := Change{
		Kind: Changed, Program: c.path, Callers: cl.names, Rule: all[0][1].Rule, Was: all[0][0].Rule, Fields: fields,
	}
	for _, a := range all {
		if slices.Contains(ch.Lines, a[1].Line) {
			continue
		}
		ch.Lines = append(ch.Lines, a[1].Line)
		if ch.More = len(ch.Witnesses) == maxBranches; !ch.More {
			ch.witness(a[1])
		}
	}
	slices.Sort(ch.Lines)
	return ch
}

// witness adds an allowed request to the change, by the program's short name
// where that is enough.
func (ch *Change) witness(a answer) {
	r := a.request
	r.Argv = slices.Clone(r.Argv)
	ch.Witnesses = append(ch.Witnesses, r)
	for _, capture := range a.Captures {
		if guard := guardOf(capture.Type); guard != "" {
			text := fmt.Sprintf("<%s> %s", capture.Name, guard)
			if !slices.Contains(ch.Guards, text) {
				ch.Guards = append(ch.Guards, text)
			}
		}
	}
}

// short returns the request as people type it.
func short(r policy.Request) []string {
	return append([]string{path.Base(r.Argv[0])}, r.Argv[1:]...)
}

// guardChanges compares what lines with one effect have the server check.
func (c *comparison) guardChanges(cl *class, pairs [][2]argv.LineRef) []Change {
	var out []Change
	for _, p := range pairs {
		fields, request := c.guardFields(p)
		if len(fields) == 0 {
			continue
		}
		i, next := c.side(p[1])
		_, old := c.side(p[0])
		ch := Change{
			Kind: Changed, Program: c.path, Callers: cl.names, Rule: c.rules[i][next],
			Lines: []int{c.rules[i][next].Lines[p[1].Line-1].Number}, Was: c.rules[1-i][old], Fields: fields,
		}
		if request != nil {
			if a := c.ask(1, cl, request); a.Allowed() {
				ch.witness(a)
			}
		}
		out = append(out, ch)
	}
	return out
}

func (c *comparison) placeholders(ref argv.LineRef) []argv.Placeholder {
	i, rule := c.side(ref)
	return c.usage[i][rule].Lines[ref.Line-1].Placeholders()
}

// guardFields returns how two lines differ in what they have the server check
// of one request, and such a request.
func (c *comparison) guardFields(p [2]argv.LineRef) ([]Field, []string) {
	old, next := c.placeholders(p[0]), c.placeholders(p[1])
	if len(guards(old)) == 0 && len(guards(next)) == 0 {
		return nil, nil
	}
	left := min(guardWork, *c.work)
	*c.work -= left
	request, err := c.matcher.Readings(&left).Differ(p[0], p[1], func(h argv.Placeholder) string { return guardOf(h.Type) })
	*c.work += max(left, 0)
	switch {
	case err != nil:
		return []Field{{Name: "guards", Old: "not compared", New: "too much work"}}, nil
	case request == nil:
		return nil, nil
	}
	return guardsOf(old, next), request
}
