package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// guardedTypes are the types whose values the server asks the kernel about
// whatever their constraints are.
var guardedTypes = []string{"path", "netns", "pid", "user", "group", "uid", "gid", "command"}

// ambiguous refuses lines that read one request in two ways, of which a guard
// would check one: the value could be something else to the program.
func (p *proofs) ambiguous(prog *program) {
	for r, rule := range prog.rules {
		draft := p.drafts[rule]
		for i, line := range draft.lines {
			ref := argv.LineRef{Rule: r, Line: i + 1}
			guarded := rule.nest != nil || slices.ContainsFunc(line.Placeholders(), isGuarded)
			var request []string
			var err error
			if guarded {
				request, err = p.differ(prog, ref, ref, func(h argv.Placeholder) string {
					if !isGuarded(h) {
						return ""
					}
					return typeText(h.Type)
				})
			}
			if err == nil && request == nil && p.vet {
				p.unguarded(prog, ref, line)
			}
			switch {
			case errors.Is(err, argv.ErrUnproved):
				p.lineFinding(SeverityNote, prog, ref, "A-AMBIG", nil,
					"%s is too large to prove that it reads every request in one way; one with two readings is refused when it is made", rule.lineName(ref.Line))
			case request != nil:
				p.lineFinding(SeverityError, prog, ref, "A-AMBIG", request,
					"%s reads %s in two ways, which differ in a value that has to be checked", rule.lineName(ref.Line), quoteArgv(prog, request))
			}
		}
	}
}

// unguarded warns of readings that differ in names only. No guard would check
// the wrong value, but the request is refused when it is made.
func (p *proofs) unguarded(prog *program, ref argv.LineRef, line *argv.Line) {
	if len(line.Placeholders()) == 0 || prog.rules[ref.Rule].nest != nil {
		return
	}
	request, err := p.differ(prog, ref, ref, func(h argv.Placeholder) string { return fmt.Sprint(h.Name, h.Same, typeText(h.Type)) })
	if err == nil && request != nil {
		p.lineFinding(SeverityWarning, prog, ref, "A-AMBIG", request, "%s reads %s in two ways, and such a request is refused",
			prog.rules[ref.Rule].lineName(ref.Line), quoteArgv(prog, request))
	}
}

func isGuarded(h argv.Placeholder) bool {
	return h.Type.Guard() != "" || slices.Contains(guardedTypes, h.Type.Name())
}
