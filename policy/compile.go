package policy

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// maxPolicyStates bounds the automata of all programs together, as the bounds of
// one do not: a thousand rules for as many programs could take a gigabyte.
const maxPolicyStates = 150_000

// compile builds the matchers of all programs. nested are the rules that stand
// for those of drafts which have a chain.
func (l *loading) compile(drafts, nested []*draftRule) *Snapshot {
	slices.SortFunc(drafts, func(a, b *draftRule) int { return cmp.Compare(a.ID, b.ID) })
	l.resolveOverrides(drafts)
	s := &Snapshot{byName: make(map[string][]*program)}
	byPath := make(map[string][]*draftRule)
	var paths []string
	all := slices.Clone(nested)
	for _, r := range drafts {
		s.rules = append(s.rules, r.Rule)
		if len(r.chain) == 0 {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *draftRule) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.nest.name(), b.nest.name()))
	})
	for _, r := range all {
		r.key = r.decisionKey()
		for _, p := range r.Programs {
			if byPath[p.Path] == nil {
				paths = append(paths, p.Path)
			}
			byPath[p.Path] = append(byPath[p.Path], r)
		}
	}
	slices.Sort(paths)
	// Programs that share all their rules, such as iptables-restore and
	// ip6tables-restore, share their matcher.
	shared := make(map[string]*argv.Matcher)
	for _, p := range paths {
		first := byPath[p][0]
		if l.expired(first.Pos.File, first.Pos.Line, "the automata of "+p) {
			return s
		}
		prog := l.program(p, byPath[p], shared)
		if l.states > maxPolicyStates {
			return s
		}
		if prog == nil {
			continue
		}
		s.byName[p] = append(s.byName[p], prog)
		if base := path.Base(p); base != p {
			s.byName[base] = append(s.byName[base], prog)
		}
	}
	l.neverGuards(s)
	return s
}

func (l *loading) program(path string, drafts []*draftRule, shared map[string]*argv.Matcher) *program {
	prog := &program{path: path}
	short := abbreviated(path)
	var ids strings.Builder
	fmt.Fprintf(&ids, "%p\n", short) // a program that abbreviates has another matcher
	rules := make([]argv.Rule, 0, len(drafts))
	for _, r := range drafts {
		prog.rules = append(prog.rules, r.Rule)
		runs := r.Programs[slices.IndexFunc(r.Programs, func(p Program) bool { return p.Path == path })]
		if r.nest != nil && r.nest.runs > 0 {
			runs = r.nest.programs[r.nest.runs]
		}
		prog.digests = append(prog.digests, runs.SHA256)
		rules = append(rules, argv.Rule{Lines: r.lines, Abbreviated: short})
		fmt.Fprintf(&ids, "%s%s\n", r.ID, r.nest.name())
	}
	prog.usage = rules
	if prog.matcher = shared[ids.String()]; prog.matcher != nil {
		return prog
	}
	m, err := l.compiler.Compile(rules, argv.Limits{})
	if err != nil {
		l.limit(path, drafts, err)
		return nil
	}
	if l.states += m.States(); l.states > maxPolicyStates {
		first := drafts[0]
		first.doc.rule = first.ID
		first.doc.report(SeverityError, first.Pos.Line, first.Pos.Column, "G-STATES",
			"with %s the automata of the policy have more than %d states together", path, maxPolicyStates)
		first.doc.rule = ""
		return nil
	}
	prog.matcher, shared[ids.String()] = m, m
	return prog
}

// limit reports which rule made the automata of a program too large.
func (l *loading) limit(path string, drafts []*draftRule, err error) {
	f := Finding{ID: "G-STATES", Message: path + ": " + clipLong(err.Error())}
	if e, ok := errors.AsType[*argv.LimitError](err); ok && e.Rule >= 0 && e.Rule < len(drafts) {
		r := drafts[e.Rule]
		pos := r.Pos
		if e.Line >= 1 && e.Line <= len(r.Lines) {
			pos = r.Lines[e.Line-1].Pos
		}
		f.Rule, f.File, f.Line, f.Column = r.ID, pos.File, pos.Line, pos.Column
		f.Message = fmt.Sprintf("the rule needs more than %d %s for %s", e.Limit, e.What, path)
		f.Excerpt = r.doc.src.excerpt(pos.Line, pos.Column)
	}
	l.out.add(f)
}

// decisionKey returns everything that a rule decides and a request's arguments
// do not: two lines with the same key are one answer.
func (r *Rule) decisionKey() string {
	var b strings.Builder
	b.WriteString(r.Effect.Key())
	fmt.Fprintf(&b, " netns=%s,%t", typeText(r.Netns.Type), r.Netns.Required)
	fmt.Fprintf(&b, " set=%q pass=", r.Env.Set)
	for _, p := range r.Env.Pass {
		fmt.Fprintf(&b, "%s:%s,", p.Name, typeText(p.Type))
	}
	fmt.Fprintf(&b, " under=%q owner=%s stdin=%+v signals=%q", r.Cwd, r.CwdOwner, r.Stdin, r.Signals)
	if r.nest != nil {
		b.WriteString(r.nest.key())
	}
	return b.String()
}

func typeText(t *argv.Type) string {
	if t == nil {
		return ""
	}
	return t.Key()
}
