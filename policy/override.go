package policy

import (
	"cmp"
	"path"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// overriding is a rule that another one takes requests from.
type overriding struct {
	id   RuleID
	node *yaml.Node
}

// readOverrides reads "overrides: RULE", or a list of rules. Whether there are
// such rules shows once all files are read.
func (d *document) readOverrides(n *yaml.Node, r *draftRule) {
	items, ok := d.listOrOne(n, "overrides")
	if !ok {
		return
	}
	for _, item := range items {
		s, ok := d.word(item, "overrides")
		switch {
		case !ok:
		case RuleID(s) == r.ID:
			d.fail(item, "F-VALUE", "overrides: %s is this rule itself", r.ID)
		case slices.Contains(r.Overrides, RuleID(s)):
			d.fail(item, "F-VALUE", "overrides: %s stands twice", clip(s))
		default:
			r.Overrides = append(r.Overrides, RuleID(s))
			r.overriding = append(r.overriding, overriding{RuleID(s), item})
		}
	}
	slices.Sort(r.Overrides)
}

// resolveOverrides refuses overrides of rules that there are not, or that run
// other programs. drafts are sorted by id.
func (l *loading) resolveOverrides(drafts []*draftRule) {
	ids := make([]RuleID, 0, len(drafts))
	for _, r := range drafts {
		ids = append(ids, r.ID)
	}
	for _, r := range drafts {
		r.doc.rule = r.ID
		for _, o := range r.overriding {
			at, found := slices.BinarySearchFunc(drafts, o.id, func(r *draftRule, id RuleID) int { return cmp.Compare(r.ID, id) })
			switch {
			case !found:
				r.doc.fail(o.node, "F-VALUE", "overrides: there is no rule %q%s", clip(string(o.id)), didYouMean(o.id, ids))
			case len(drafts[at].chain) > 0:
				r.doc.fail(o.node, "F-VALUE", "overrides: %s has a chain:, and what it runs is decided by the rules there", o.id)
			case !slices.ContainsFunc(drafts[at].Programs, func(p Program) bool { return r.runs(p.Path) }):
				r.doc.fail(o.node, "F-VALUE", "overrides: %s runs no program of %s", o.id, r.ID)
			}
		}
		r.doc.rule = ""
	}
}

func (r *Rule) runs(path string) bool {
	return slices.ContainsFunc(r.Programs, func(p Program) bool { return p.Path == path })
}

func (r *Rule) overrides(o *Rule) bool { return slices.Contains(r.Overrides, o.ID) }

// overridden takes away the matches of rules that another match's rule
// overrides for the same program. What is left does not depend on an order: a
// match goes by what it meets, never by what was taken away before.
func overridden(matches []match) []match {
	if !slices.ContainsFunc(matches, func(m match) bool { return len(m.rule.Overrides) > 0 }) {
		return matches
	}
	var out []match
	for _, m := range matches {
		if !slices.ContainsFunc(matches, func(o match) bool { return o.program == m.program && o.rule.overrides(m.rule) }) {
			out = append(out, m)
		}
	}
	// Two that override each other would leave nobody to decide: proofs refuse
	// that, and a request is then one that the rules decide differently.
	if len(out) == 0 {
		return matches
	}
	return out
}

// decisive leaves out, of the lines that accept a request, those of rules that
// another one overrides for whoever may call them.
func (prog *program) decisive(refs []argv.LineRef) []argv.LineRef {
	var out []argv.LineRef
	for i, a := range refs {
		taken := slices.ContainsFunc(refs, func(b argv.LineRef) bool {
			x, y := prog.rules[a.Rule], prog.rules[b.Rule]
			return y.overrides(x) && !slices.ContainsFunc(x.Callers, func(c CallerSpec) bool { return !slices.Contains(y.Callers, c) })
		})
		switch {
		case taken && out == nil:
			out = append(make([]argv.LineRef, 0, len(refs)), refs[:i]...)
		case !taken && out != nil:
			out = append(out, a)
		}
	}
	if out == nil {
		return refs
	}
	return out
}

// overrides proves that a rule which overrides another one decides a part of
// what that one does, and no more.
func (p *proofs) overrides(prog *program, requests *argv.Requests) {
	for i, rule := range prog.rules {
		r := p.drafts[rule]
		for _, o := range r.overriding {
			at := slices.IndexFunc(prog.rules, func(x *Rule) bool { return x.ID == o.id })
			if at < 0 {
				continue
			}
			own, other := []argv.LineRef{{Rule: i}}, []argv.LineRef{{Rule: at}}
			if request := requests.Difference(own, other); request != nil {
				r.doc.rule = r.ID
				f := r.doc.finding(SeverityError, o.node.Line, o.node.Column, "A-OVERRIDE",
					"%s overrides %s and accepts %s, which that does not; a rule overrides only what takes in all of it", r.ID, o.id, quoteArgv(prog, request))
				f.Witness = append([]string{path.Base(prog.path)}, request...)
				p.out.add(f)
			} else if requests.Difference(other, own) == nil {
				r.doc.rule = r.ID
				r.doc.fail(o.node, "A-OVERRIDE", "%s accepts all that %s does for %s, which would decide nothing there", r.ID, o.id, prog.path)
			}
			r.doc.rule = ""
		}
	}
}
