package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// The bounds of nested commands.
const (
	maxNested      = 2       // nested commands in one request
	maxNestedLines = 1 << 14 // lines that the chains of a policy make, which argv.Compile takes
)

// chains expands the nested commands of a policy.
type chains struct {
	*loading
	byID     map[RuleID]*draftRule
	visiting []RuleID
	depth    map[RuleID]int // nested commands of a rule's lines; -1: it is visited
	made     map[RuleID][]*draftRule
	lines    int
}

// expand writes nested commands out: for each way through the chains, and each
// program in it, a rule whose lines are those of the outer rule, the program, and
// those of the nested rule. What is matched, explained and proved is then what a
// request can be, whole.
func (l *loading) expand(drafts []*draftRule) []*draftRule {
	c := &chains{
		loading: l, byID: make(map[RuleID]*draftRule), depth: make(map[RuleID]int), made: make(map[RuleID][]*draftRule),
	}
	for _, r := range drafts {
		c.byID[r.ID] = r
	}
	sorted := slices.SortedFunc(slices.Values(drafts), func(a, b *draftRule) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range sorted {
		c.visit(r)
	}
	if l.out.hasErrors() {
		return nil
	}
	var out []*draftRule
	for _, r := range sorted {
		if len(r.chain) == 0 {
			continue
		}
		if l.expired(r.Pos.File, r.Pos.Line, "the chain of this rule") {
			return nil
		}
		out = append(out, c.expansions(r)...)
		if l.out.hasErrors() {
			return nil
		}
	}
	return out
}

// visit finds unknown rules, circles, and chains that are too long. It returns
// how many nested commands the lines of r have.
func (c *chains) visit(r *draftRule) int {
	if d, ok := c.depth[r.ID]; ok {
		return d
	}
	c.depth[r.ID] = -1
	c.visiting = append(c.visiting, r.ID)
	deepest, below := 0, RuleID("")
	r.doc.rule = r.ID
	for _, to := range r.chain {
		inner := c.byID[to.id]
		if inner == nil {
			ids := slices.Sorted(func(yield func(RuleID) bool) {
				for id := range c.byID {
					if !yield(id) {
						return
					}
				}
			})
			r.doc.fail(to.node, "P-CHAIN", "chain: there is no rule %s%s", clip(string(to.id)), didYouMean(to.id, ids))
			continue
		}
		d := c.visit(inner)
		r.doc.rule = r.ID
		switch {
		case d < 0:
			circle := append(c.visiting[slices.Index(c.visiting, to.id):len(c.visiting):len(c.visiting)], to.id)
			r.doc.fail(to.node, "P-CHAIN", "the chain is a circle: %s", joinIDs(circle))
		case d+1 > deepest:
			deepest, below = d+1, to.id
		}
	}
	if deepest > maxNested {
		r.doc.report(SeverityError, r.Pos.Line, r.Pos.Column, "P-CHAIN",
			"commands nest %d deep through %s, the limit is %d", deepest, below, maxNested)
	}
	r.doc.rule = ""
	c.visiting = c.visiting[:len(c.visiting)-1]
	c.depth[r.ID] = deepest
	return deepest
}

func joinIDs(ids []RuleID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " → ")
}

// expansions returns the rules that the chain of r makes. The chains below it are
// no circles: visit has said so.
func (c *chains) expansions(r *draftRule) []*draftRule {
	if out, ok := c.made[r.ID]; ok {
		return out
	}
	var out []*draftRule
	for _, id := range r.Chain {
		inner := c.byID[id]
		below := []*draftRule{inner}
		if len(inner.chain) > 0 {
			below = c.expansions(inner)
		}
		for _, in := range below {
			for _, p := range inner.Programs {
				v := c.nest(r, in, p)
				if v == nil {
					return nil
				}
				out = append(out, v)
			}
		}
	}
	slices.SortFunc(out, func(a, b *draftRule) int { return cmp.Compare(a.nest.name(), b.nest.name()) })
	c.made[r.ID] = out
	return out
}

// nest makes the rule of the lines of r with the lines of in behind them, which
// are called by the program p.
func (c *chains) nest(r, in *draftRule, p Program) *draftRule {
	if c.lines += len(r.lines) * len(in.lines); c.lines > maxNestedLines {
		r.doc.rule = r.ID
		r.doc.report(SeverityError, r.Pos.Line, r.Pos.Column, "F-LIMIT", "the chains of the policy make more than %d lines; the last are those of %s", maxNestedLines, r.ID)
		r.doc.rule = ""
		return nil
	}
	n := &nest{chain: []*Rule{r.Rule, in.Rule}, programs: []Program{{}, p}}
	if in.nest != nil {
		n.chain = append([]*Rule{r.Rule}, in.nest.chain...)
		n.programs = append(n.programs, in.nest.programs[1:]...)
	}
	for n.runs < len(n.chain)-1 && n.chain[n.runs].Wrap != "" {
		n.runs++
	}
	if n.runs == 2 && n.chain[0].Wrap == WrapNetns && n.chain[1].Wrap == WrapNetns {
		r.doc.rule = r.ID
		r.doc.report(SeverityError, r.Pos.Line, r.Pos.Column, "P-CHAIN", "a network namespace inside another: %s wraps %s", r.ID, in.ID)
		r.doc.rule = ""
		return nil
	}
	if why := n.unheld(); why != "" {
		r.doc.rule = r.ID
		r.doc.report(SeverityError, r.Pos.Line, r.Pos.Column, "P-CHAIN", "%s", why)
		r.doc.rule = ""
		return nil
	}
	v := *n.chain[n.runs]
	v.ID, v.Why, v.Pos, v.Callers, v.Programs = r.ID, r.Why, r.Pos, r.Callers, r.Programs
	v.Chain, v.Wrap, v.Inner, v.nest, v.Lines, v.Overrides = r.Chain, r.Wrap, n.chain[1:], n, nil, nil
	if n.wraps(WrapNetns) {
		v.Netns = Netns{}
	}
	out := &draftRule{Rule: &v, doc: r.doc}
	for i, outer := range r.lines {
		for k, inner := range in.lines {
			l := outer.Nest([]string{path.Base(p.Path), p.Path}, inner)
			numbers := []int{i + 1, k + 1}
			if in.nest != nil {
				numbers = append([]int{i + 1}, in.nest.lines[k]...)
			}
			n.lines = append(n.lines, numbers)
			out.lines = append(out.lines, l)
			v.Lines = append(v.Lines, Line{Number: i + 1, Text: l.Source, Pos: r.Lines[i].Pos})
		}
	}
	return out
}
