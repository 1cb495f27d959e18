package policy

import (
	"path"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// escapeWork bounds the search for escapes of one program, in steps.
const escapeWork = 1 << 24

// escapes refuses lines that accept what is known to make their program do more
// than the rule says: run another program, open a shell, read or write a file of
// the caller's choice, load code. No rule can accept that: what it means to allow
// it can spell out, and what is spelled out is no escape.
func (p *proofs) escapes(prog *program) {
	k, err := known()
	if err != nil {
		p.lineFinding(SeverityError, prog, argv.LineRef{Line: 1}, "P-ESCAPE", nil, "%v", err)
		return
	}
	b := k.lookup(prog.path)
	if b == nil || slices.Contains(p.tried[prog.matcher], b) {
		return
	}
	p.tried[prog.matcher] = append(p.tried[prog.matcher], b)
	s := samplesBeside(prog.usage)
	t, err := b.templates()
	if !s.equal(firstSamples()) {
		t, err = b.compile(s)
	}
	if err != nil {
		p.lineFinding(SeverityError, prog, argv.LineRef{Line: 1}, "P-ESCAPE", nil, "%v", err)
		return
	}
	p.meetEscapes(prog, b, s, t.always, false)
	p.meetEscapes(prog, b, s, t.stdin, true)
}

// meetEscapes reports the lines of a program that share a request with m.
func (p *proofs) meetEscapes(prog *program, b *knownProgram, s samples, m *argv.Matcher, stdin bool) {
	work := escapeWork
	meetings, err := prog.matcher.Meet(m, &work)
	for _, meet := range meetings {
		if r := prog.rules[meet.Ref.Rule]; r.unwrapped() || stdin && r.Stdin.Max == 0 {
			continue
		}
		rule := prog.rules[meet.Ref.Rule].ID
		e, err := b.which(s, stdin, meet.Request)
		if err != nil || e == nil {
			e = &escape{kind: "escape"}
		}
		p.lineFinding(SeverityError, prog, meet.Ref, "P-ESCAPE", meet.Request, "%s:%d accepts a known escape: %s: %s",
			rule, meet.Ref.Line, e.via(path.Base(prog.path)), quoteArgv(prog, meet.Request))
	}
	if err != nil {
		p.lineFinding(SeverityNote, prog, argv.LineRef{Line: 1}, "P-ESCAPE", nil,
			"the lines for %s are too many to prove that none is a known escape", prog.path)
	}
}
