package policy

import (
	"path"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// nevers proves that no rule for a program allows what a never describes.
func (p *proofs) nevers(prog *program) {
	var named []*draftNever
	lines := false
	for _, n := range p.loading.nevers {
		if n.names(prog.path) {
			named = append(named, n)
			lines = lines || len(n.lines) > 0
		}
	}
	if len(named) == 0 {
		return
	}
	m := prog.matcher
	if lines {
		var err error
		if m, err = p.compiler.Compile(append(slices.Clip(prog.usage), usageOf(named)...), argv.Limits{}); err != nil {
			p.neverLimit(prog, named, len(prog.usage), err)
			return
		}
	}
	requests := m.Requests()
	for i, n := range named {
		p.never(prog, m, requests, n, len(prog.usage)+i)
	}
}

// never reports each rule that violates n, whose usage is rule index of m, with
// a shortest request.
func (p *proofs) never(prog *program, m *argv.Matcher, requests *argv.Requests, n *draftNever, index int) {
	reported := make(map[*Rule]bool)
	holds := make(map[argv.LineRef]bool)
	for r, rule := range prog.rules {
		if rule.unwrapped() {
			continue // it runs another program, where it is asked
		}
		for i, l := range p.drafts[rule].lines {
			var types []*argv.Type
			for _, h := range l.Placeholders() {
				types = append(types, h.Type)
			}
			holds[argv.LineRef{Rule: r, Line: i + 1}] = n.when.holds(rule, types)
		}
	}
	requests.States(func(s argv.State) bool {
		refs := m.Accepting(s)
		if len(n.lines) > 0 && !slices.ContainsFunc(refs, func(r argv.LineRef) bool { return r.Rule == index }) {
			return true
		}
		for _, ref := range refs {
			if !holds[ref] || reported[prog.rules[ref.Rule]] {
				continue
			}
			rule := prog.rules[ref.Rule]
			reported[rule] = true
			request := requests.To(s)
			p.lineFinding(SeverityError, prog, ref, "P-NEVER", request, "never %s of %s is violated by %s:%d, e.g. %s",
				n.ID, n.Pos, rule.ID, ref.Line, quoteArgv(prog, request))
		}
		return true
	})
}

// neversBelow proves that no nested command does, with what the rule of the
// program that starts it grants, what a never describes. What its own rule grants
// was asked where that rule stands.
func (p *proofs) neversBelow(prog *program) {
	for at, rule := range prog.rules {
		n := rule.nest
		if n == nil {
			continue
		}
		for i := n.runs + 1; i < len(n.chain); i++ {
			for _, never := range p.loading.nevers {
				if never.when == nil || !never.names(n.programs[i].Path) || p.expired(rule.Pos.File, rule.Pos.Line, "the nevers of this rule") {
					continue
				}
				p.neverBelow(prog, at, i, never)
			}
		}
	}
}

// neverBelow reports the first line of a rule whose nested command i violates n.
func (p *proofs) neverBelow(prog *program, at, i int, n *draftNever) {
	rule := prog.rules[at]
	usage := []argv.Rule{{Lines: p.drafts[rule].lines, Abbreviated: abbreviated(prog.path)}}
	described := []argv.LineRef{{Rule: 0}}
	if len(n.lines) > 0 {
		usage = append(usage, argv.Rule{Lines: p.outwards(rule.nest, i, n.lines), Union: true})
		described[0].Rule = 1
	}
	m, err := p.compiler.Compile(usage, argv.Limits{})
	if err != nil {
		p.neverLimit(prog, []*draftNever{n}, 1, err)
		return
	}
	requests := m.Requests()
	for k, l := range p.drafts[rule].lines {
		var types []*argv.Type
		for _, h := range l.Placeholders() {
			types = append(types, h.Type)
		}
		if !n.when.holds(rule, types) {
			continue
		}
		if request := requests.Intersection([]argv.LineRef{{Rule: 0, Line: k + 1}}, described); request != nil {
			ref := argv.LineRef{Rule: at, Line: k + 1}
			p.lineFinding(SeverityError, prog, ref, "P-NEVER", request, "never %s of %s is violated by %s, whose program starts %s, e.g. %s",
				n.ID, n.Pos, rule.lineName(ref.Line), rule.nest.programs[i].Path, quoteArgv(prog, request))
			return
		}
	}
}

// outwards writes what is in front of the nested command i before its lines.
func (p *proofs) outwards(n *nest, i int, lines []*argv.Line) []*argv.Line {
	for ; i > 0; i-- {
		names := []string{path.Base(n.programs[i].Path), n.programs[i].Path}
		var out []*argv.Line
		for _, outer := range p.drafts[n.chain[i-1]].lines {
			for _, l := range lines {
				out = append(out, outer.Nest(names, l))
			}
		}
		lines = out
	}
	return lines
}
