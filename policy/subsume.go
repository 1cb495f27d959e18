package policy

import (
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// subsumed finds lines that another line makes superfluous: it accepts all that
// they do, for the same callers and with the same effect.
func (p *proofs) subsumed(prog *program, requests *argv.Requests, digests []string) {
	over := make(map[argv.LineRef][]argv.LineRef) // lines that accept whatever a line did so far
	requests.States(func(s argv.State) bool {
		refs := prog.matcher.Accepting(s)
		for _, a := range refs {
			old, met := over[a]
			if p.pairs -= max(len(old), 1) * len(refs); p.pairs < 0 {
				clear(over) // a warning less, and no wrong one
				return false
			}
			if !met {
				over[a] = slices.DeleteFunc(slices.Clone(refs), func(b argv.LineRef) bool { return b == a })
				continue
			}
			over[a] = slices.DeleteFunc(old, func(b argv.LineRef) bool { return !slices.Contains(refs, b) })
		}
		return true
	})
	for r, rule := range prog.rules {
		if rule.nest != nil {
			continue // a line as written is many lines here
		}
		for i := range rule.Lines {
			a := argv.LineRef{Rule: r, Line: i + 1}
			for _, b := range over[a] {
				// Of two equal lines the first one stays.
				if slices.Contains(over[b], a) && compareLines(a, b) < 0 || !p.covers(prog, b, a, digests) {
					continue
				}
				o := prog.rules[b.Rule]
				p.lineFinding(SeverityWarning, prog, a, "A-SUBSUMED", nil,
					"%s:%d accepts nothing that %s:%d does not accept with the same effect (%s)", rule.ID, a.Line, o.ID, b.Line, o.Lines[b.Line-1].Pos)
				break
			}
		}
	}
}

// covers reports whether what b decides is what a would, for all callers of a.
func (p *proofs) covers(prog *program, b, a argv.LineRef, digests []string) bool {
	x, y := prog.rules[a.Rule], prog.rules[b.Rule]
	// Nobody calls a rule without callers by itself: what it is for is a chain,
	// and that another rule accepts the same says nothing about the chain.
	if x != y && len(x.Callers) == 0 {
		return false
	}
	if x.key != y.key || digests[a.Rule] != digests[b.Rule] {
		return false
	}
	for _, c := range x.Callers {
		if !slices.Contains(y.Callers, c) {
			return false
		}
	}
	if !p.opens(prog, a) && !p.opens(prog, b) {
		return true
	}
	request, err := p.differ(prog, a, b, guardText)
	return err == nil && request == nil
}
