package policy

import (
	"fmt"
	"path"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// The bounds of the proofs. Past one of them a proof is not made, a note says
// so, and what remains is the check of each request.
const (
	maxPairs    = 1 << 20 // pairs of lines that accept one request, of all programs
	maxGuarded  = 1 << 12 // pairs of lines whose paths are compared, of a program
	readingWork = 1 << 20 // elementary steps of one comparison of readings
	maxWork     = 1 << 25 // elementary steps of all of them
)

// proofs are the checks that no rule shows by itself: they ask the automata of
// a program about all requests at once.
type proofs struct {
	*loading
	drafts   map[*Rule]*draftRule
	pairs    int
	work     int
	conflict map[[2]RuleID]bool // rules that were reported together
	// guarded are pairs of lines under one effect that accept one request.
	guarded map[[2]place]bool
	seen    map[*argv.Matcher][][]string      // digests with which a matcher was proved
	tried   map[*argv.Matcher][]*knownProgram // whose escapes a matcher was held to
}

// place is a line of a rule.
type place struct {
	rule *Rule
	line int
}

// prove holds the policy to what has to be true of every request.
func (l *loading) prove(s *Snapshot, drafts, nested []*draftRule) {
	p := &proofs{
		loading: l, drafts: make(map[*Rule]*draftRule), pairs: maxPairs, work: maxWork,
		conflict: make(map[[2]RuleID]bool), guarded: make(map[[2]place]bool),
		seen: make(map[*argv.Matcher][][]string), tried: make(map[*argv.Matcher][]*knownProgram),
	}
	for _, r := range slices.Concat(drafts, nested) {
		p.drafts[r.Rule] = r
	}
	for _, r := range drafts {
		if len(r.chain) > 0 {
			p.outside(r)
		}
	}
	p.exposed(nested)
	programs := s.programs()
	for _, prog := range programs {
		if p.expired(prog.rules[0].Pos.File, prog.rules[0].Pos.Line, "the proofs of "+prog.path) {
			return
		}
		p.program(prog)
		p.nevers(prog)
		p.neversBelow(prog)
		p.escapes(prog) // programs of one matcher have different ones
		if p.vet {
			p.review(prog)
			p.composed(prog)
		}
	}
	p.selfPaths(programs)
	if p.vet {
		for _, r := range drafts {
			r.view()
		}
		p.idleNevers(programs)
		p.sharedNames(s)
	}
}

// program proves the rules of one program. Programs with one matcher differ in
// their digests at most.
func (p *proofs) program(prog *program) {
	digests := make([]string, 0, len(prog.digests))
	for _, d := range prog.digests {
		digests = append(digests, fmt.Sprint(d))
	}
	before := p.seen[prog.matcher]
	if slices.ContainsFunc(before, func(d []string) bool { return slices.Equal(d, digests) }) {
		return
	}
	p.seen[prog.matcher] = append(before, digests)
	requests := prog.matcher.Requests()
	p.overlaps(prog, requests, digests)
	if len(before) > 0 {
		return
	}
	p.empty(prog, requests)
	p.overrides(prog, requests)
	p.ambiguous(prog)
	p.hazards(prog, requests)
	if p.vet {
		p.subsumed(prog, requests, digests)
		p.keywords(prog)
	}
}

// lineAt returns the rule, its draft and its line of ref.
func (p *proofs) lineAt(prog *program, ref argv.LineRef) (*draftRule, Line) {
	r := prog.rules[ref.Rule]
	return p.drafts[r], r.Lines[ref.Line-1]
}

// lineFinding adds a finding about a line with a request that shows it.
func (p *proofs) lineFinding(sev Severity, prog *program, ref argv.LineRef, id string, request []string, format string, args ...any) {
	r, line := p.lineAt(prog, ref)
	r.doc.rule = r.ID
	defer func() { r.doc.rule = "" }()
	if p.out.full(sev) {
		if !p.out.waive(r.ID, sev, id) {
			p.out.counts[sev]++
		}
		return
	}
	f := r.doc.finding(sev, line.Pos.Line, line.Pos.Column, id, format, args...)
	if request != nil {
		f.Witness = append([]string{path.Base(prog.path)}, request...)
	}
	p.out.add(f)
}

// empty refuses lines that no request can meet: their author meant something.
func (p *proofs) empty(prog *program, requests *argv.Requests) {
	met := make(map[argv.LineRef]bool)
	requests.States(func(s argv.State) bool {
		for _, ref := range prog.matcher.Accepting(s) {
			met[ref] = true
		}
		return true
	})
	for r, rule := range prog.rules {
		if rule.nest != nil {
			continue // its parts are asked by themselves
		}
		for i := range rule.Lines {
			ref := argv.LineRef{Rule: r, Line: i + 1}
			if !met[ref] {
				p.lineFinding(SeverityError, prog, ref, "A-UNREACH", nil,
					"%s:%d accepts no request at all: keywords of the rule stand in its way, or it needs more than %d tokens",
					rule.ID, ref.Line, argv.MaxTokens)
			}
		}
	}
}

// comparePaths orders programs.
func comparePaths(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// quoteArgv shows a request in a message.
func quoteArgv(prog *program, request []string) string {
	return "[" + clipLong(quoteAll(append([]string{path.Base(prog.path)}, request...))) + "]"
}
