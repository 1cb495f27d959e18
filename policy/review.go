package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// review looks, for vet, at what a rule's program is known to do with its
// arguments and its input.
func (p *proofs) review(prog *program) {
	k, err := known()
	if err != nil {
		return // escapes says so, and refuses the policy
	}
	b := k.lookup(prog.path)
	if b == nil {
		return
	}
	p.anyArguments(prog, b)
	p.terminals(prog, b)
	p.commands(prog, b)
}

// anyArguments warns of lines for a program with escapes that end in arguments
// of any text: what it makes of the next version's options, nobody wrote down.
func (p *proofs) anyArguments(prog *program, b *knownProgram) {
	if len(b.escapes) == 0 {
		return
	}
	for r, rule := range prog.rules {
		for i, line := range p.drafts[rule].lines {
			if line.Unbounded() && slices.ContainsFunc(line.Placeholders(), anyText) {
				p.lineFinding(SeverityWarning, prog, argv.LineRef{Rule: r, Line: i + 1}, "P-ANYARGS", nil,
					"%s:%d lets a caller give any number of arguments to %s, which is known for its escapes", rule.ID, i+1, path.Base(prog.path))
			}
		}
	}
}

// pagers are the variables that name a program to show text with.
var pagers = strings.Fields("PAGER SYSTEMD_PAGER GIT_PAGER MANPAGER DPKG_PAGER PSQL_PAGER")

// terminals notes programs that start a pager or an editor where they find a
// terminal. The server gives them none, but the wish shows.
func (p *proofs) terminals(prog *program, b *knownProgram) {
	if b.terminal == "" {
		return
	}
	for r, rule := range prog.rules {
		set := slices.ContainsFunc(rule.Env.Set, func(v EnvVar) bool { return slices.Contains(pagers, v.Name) })
		for i, line := range rule.Lines {
			if !set && !strings.Contains(line.Text, "--no-pager") {
				p.lineFinding(SeverityNote, prog, argv.LineRef{Rule: r, Line: i + 1}, "X-SUIDLIB", nil, "%s: %s", path.Base(prog.path), b.terminal)
				break
			}
		}
	}
}

// commands warns of rules whose program takes commands from a standard input
// that is held to nothing but its size.
func (p *proofs) commands(prog *program, b *knownProgram) {
	for _, meet := range p.meetFacts(prog, b, b.commands) {
		rule := prog.rules[meet.Ref.Rule]
		if rule.Stdin.Max > 0 && rule.Stdin.Lines == nil {
			p.lineFinding(SeverityWarning, prog, meet.Ref, "S-STDIN", meet.Request,
				"%s %s, and stdin has no lines: that say which", path.Base(prog.path), b.commands[0].note)
		}
	}
}

// meetFacts returns the lines of a program that share a request with facts.
func (p *proofs) meetFacts(prog *program, b *knownProgram, facts []*escape) []argv.Meeting {
	if len(facts) == 0 {
		return nil
	}
	scope, err := b.scope(firstSamples().names())
	if err != nil {
		return nil
	}
	m, err := b.matcher(scope, facts)
	if err != nil {
		return nil
	}
	work := escapeWork
	found, _ := prog.matcher.Meet(m, &work)
	return found
}
