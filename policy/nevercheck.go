package policy

import (
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
