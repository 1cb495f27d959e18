package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Decide answers a request of c. It is pure, and no input makes it panic. A
// caller learns nothing of rules that do not admit it: their programs are
// denied in the words of programs that no rule knows.
func (s *Snapshot) Decide(c Caller, r Request) Decision {
	d := s.decide(r, func(rule *Rule) bool { return rule.admits(c) })
	if len(d.Owners) > 0 && d.Rule.CwdOwner.Caller {
		d.Owners = append(d.Owners, c.UID)
	}
	return d
}

// match is one line that accepts a request's arguments.
type match struct {
	program  *program
	rule     *Rule
	ref      argv.LineRef
	captures []argv.Capture
}

// decide is Decide for the rules that admit names.
func (s *Snapshot) decide(r Request, admit func(*Rule) bool) Decision {
	if err := argv.CheckTokens(r.Argv); err != nil {
		d := Denial{Reason: ReasonInvalidArgv, ArgvIndex: -1, Message: err.Error()}
		if e, ok := errors.AsType[*argv.TokenError](err); ok {
			d.ArgvIndex = e.Index
		}
		return Decision{Denial: d}
	}
	var programs []*program
	if s != nil {
		programs = s.byName[r.Argv[0]]
	}
	matches := overridden(findMatches(programs, r.Argv[1:], admit))
	if len(matches) == 0 {
		return denyArgv(programs, r, admit)
	}
	for i := range matches {
		m := &matches[i]
		var err error
		if m.captures, err = m.program.matcher.Captures(m.ref, r.Argv[1:]); err != nil {
			return matches[0].deny(Denial{
				Reason: ReasonAmbiguous, ArgvIndex: -1, Message: fmt.Sprintf("%s: %v", m, err),
			})
		}
	}
	m := &matches[0]
	for i := range matches[1:] {
		if o := &matches[1+i]; !m.sameEffect(o) {
			return m.deny(Denial{
				Reason: ReasonAmbiguous, ArgvIndex: -1,
				Message: fmt.Sprintf("%s and %s allow it with different effects", m, o),
			})
		}
	}
	return m.decide(s, r)
}

// findMatches returns the lines that accept args, ordered by rule, line and
// program, which is an order that no file has a say in.
func findMatches(programs []*program, args []string, admit func(*Rule) bool) []match {
	var out []match
	for _, p := range programs {
		var buf [4]argv.LineRef
		for _, ref := range p.matcher.Match(args, buf[:0]) {
			if rule := p.rules[ref.Rule]; admit(rule) {
				out = append(out, match{program: p, rule: rule, ref: ref})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.rule.ID, b.rule.ID), cmp.Compare(a.ref.Line, b.ref.Line))
	})
	return out
}

// sameEffect reports whether two matches are one answer: the same program under
// the same effect, with the same guards of its values.
func (m *match) sameEffect(o *match) bool {
	return m.program == o.program && m.rule.key == o.rule.key &&
		slices.Equal(m.digests(), o.digests()) && slices.Equal(m.guards(), o.guards())
}

// String names the line of a match, with those of nested commands behind it.
func (m *match) String() string { return m.rule.lineName(m.ref.Line) }

func (m *match) digests() []string { return m.program.digests[m.ref.Rule] }

// guards returns what the captures are held to and grant beyond their text, and
// where nested commands begin, sorted.
func (m *match) guards() []string {
	var out []string
	for _, c := range m.captures {
		if g := c.Type.Guard(); g != "" {
			out = append(out, fmt.Sprintf("%d:%d:%d%s", c.Arg, c.Start, c.End, g))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// deny returns the refusal of a request that the match came nearest to.
func (m *match) deny(d Denial) Decision {
	n := m.rule.nearest(m.ref.Line, 0)
	d.Nearest = []Nearest{n}
	return Decision{Rule: n.Rule, Line: n.Line, Denial: d}
}

// decide answers for the one match, or for one of several that are the same.
func (m *match) decide(s *Snapshot, r Request) Decision {
	c, denial := m.unwrap(r)
	if denial != nil {
		return m.deny(*denial)
	}
	d := Decision{
		Rule: c.rule, Line: c.line, Program: c.program, SHA256: c.digests, Argv: c.argv(), Effect: c.effect,
		Netns: c.netns, Captures: c.captures, Chain: m.rule.links(m.ref.Line), Skip: c.skip, Outer: c.outer,
	}
	if denial = c.checkNetns(); denial == nil {
		if d.Env, denial = c.rule.environment(c.env); denial == nil {
			if d.Cwd, denial = c.rule.directory(r.Cwd); denial == nil {
				denial = c.rule.checkStdin(r.Stdin)
			}
		}
	}
	guard := m.program.guard
	if m.rule.unwrapped() {
		guard = s.guardOf(c.program)
	}
	if n := s.violated(guard, c); denial == nil && n != nil {
		denial = &Denial{Reason: ReasonNever, ArgvIndex: -1, Message: "the policy says never: " + n.ID}
	}
	if denial != nil {
		return m.deny(*denial)
	}
	if d.Cwd != c.rule.Effect.Cwd && c.rule.CwdOwner.String() != "" {
		// Nobody has noID: until Decide adds the caller's own id, a list of the
		// caller alone must not be empty, which is anybody.
		d.Owners = append([]uint32{noID}, c.rule.CwdOwner.ids...)
	}
	d.Verdict = Allow
	return d
}

// denyArgv explains why no line accepts the arguments, to a caller of the
// rules that admit names.
func denyArgv(programs []*program, r Request, admit func(*Rule) bool) Decision {
	var best *program
	var why argv.Failure
	for _, p := range programs {
		if !slices.ContainsFunc(p.rules, admit) {
			continue
		}
		f := p.matcher.Explain(r.Argv[1:], func(rule int) bool { return admit(p.rules[rule]) })
		if best == nil || f.Arg > why.Arg {
			best, why = p, f
		}
	}
	if best == nil {
		return Decision{Denial: Denial{
			Reason: ReasonNoRule, ArgvIndex: 0,
			Message: "no rule for " + quote(r.Argv[0]),
		}}
	}
	d := Decision{Denial: Denial{
		Reason: Reason(why.Code.String()), ArgvIndex: why.Arg + 1,
		Expected: why.Expected, DidYouMean: why.Suggest, Escape: escapeNote(best.path, r),
	}}
	d.Denial.Nearest = best.nearest(why.Nearest)
	if len(d.Denial.Nearest) > 0 {
		d.Rule, d.Line = d.Denial.Nearest[0].Rule, d.Denial.Nearest[0].Line
	}
	d.Denial.Message = argvMessage(r.Argv, d.Denial, why.Given+1)
	if why.Nested && why.Code != argv.CodeMissingArgument {
		d.Denial.Reason = ReasonInnerNotAllowed
	}
	if why.Keyword != "" {
		d.Denial.Message += "; the program would read it as the keyword " + quote(why.Keyword)
	}
	return d
}

// nearest returns the lines as they are written, each once. Where several nested
// commands could have stood, none is nearer than the others.
func (p *program) nearest(all []argv.Near) []Nearest {
	var out []Nearest
	for _, n := range all {
		near := p.rules[n.Ref.Rule].nearest(n.Ref.Line, n.Matched)
		i := slices.IndexFunc(out, func(o Nearest) bool { return o.Rule == near.Rule && o.Line == near.Line })
		if i < 0 {
			out = append(out, near)
			continue
		}
		out[i].Usage = near.Rule.Lines[near.Line-1].Text
	}
	return out
}

func (r *Rule) nearest(line, matched int) Nearest {
	l := r.Lines[line-1]
	n := Nearest{Usage: l.Text, Pos: l.Pos, Matched: matched}
	n.Rule, n.Line = r.outermost(line)
	return n
}
