package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// policyDir is where the server reads its policy by default.
const policyDir = "/etc/rootgate"

// grant is a directory or file that a rule's commands may write, and where the
// rule says so.
type grant struct {
	rule *draftRule
	root string
	pos  Position
}

// writes returns what r's commands may write: what its view grants, and what its
// path arguments may name.
func (r *draftRule) writes() []grant {
	var out []grant
	for _, root := range r.Effect.FS.Write {
		pos := r.Origin("run.fs.write", root)
		if pos.File == "" {
			pos = r.Pos
		}
		out = append(out, grant{r, root, pos})
	}
	for i, line := range r.lines {
		for _, h := range line.Placeholders() {
			p := h.Type.Params()
			if h.Type.Name() != "path" || p.Access != argv.AccessWrite || p.FileKind == argv.KindBlock || p.FileKind == argv.KindChar {
				continue
			}
			for _, root := range p.Under {
				out = append(out, grant{r, root, r.Lines[i].Pos})
			}
		}
	}
	return out
}

// report adds a finding where the grant is written.
func (g grant) report(sev Severity, format string, args ...any) {
	g.rule.doc.rule = g.rule.ID
	defer func() { g.rule.doc.rule = "" }()
	g.rule.doc.reportAt(sev, g.pos, "P-PATHSELF", format, args...)
}

// covers reports whether dir is p or a directory above it.
func covers(dir, p string) bool {
	return dir == p || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// selfPaths refuses rules whose commands can write what the policy stands on:
// the policy itself, and the programs that it runs. What they can write of
// another rule's fixed input is worth a warning: that rule trusts it.
func (p *proofs) selfPaths(programs []*program) {
	all := p.sorted()
	for _, r := range all {
		for _, g := range r.writes() {
			if p.expired(g.pos.File, g.pos.Line, "the proofs of "+string(r.ID)) {
				return
			}
			if covers(g.root, policyDir) || covers(policyDir, g.root) {
				g.report(SeverityError, "commands of %s can write %s, where the policy is kept", r.ID, g.root)
				continue
			}
			i := slices.IndexFunc(programs, func(prog *program) bool {
				return covers(g.root, prog.path) || path.Dir(prog.path) == g.root
			})
			if i >= 0 {
				g.report(SeverityError, "commands of %s can write %s, which holds the program %s of rule %s", r.ID, g.root, programs[i].path, programs[i].rules[0].ID)
				continue
			}
			if g.pathArgument() && slices.Contains(writeTrees, g.root) {
				g.report(SeverityError, "a path argument may name anything to write below %s; name the directories in it that the command needs", g.root)
				continue
			}
			if p.vet {
				p.trusted(g, all)
			}
		}
	}
}

// pathArgument reports whether the grant comes of an argument; checkTrees looks
// at the others.
func (g grant) pathArgument() bool { return !slices.Contains(g.rule.Effect.FS.Write, g.root) }

// trusted warns of a grant that holds what another rule reads as its own.
func (p *proofs) trusted(g grant, all []*draftRule) {
	for _, o := range all {
		if o == g.rule {
			continue
		}
		for _, in := range slices.Concat(o.Effect.FS.Read, o.Effect.FS.Exec) {
			if covers(g.root, in) || covers(in, g.root) {
				g.report(SeverityWarning, "commands of %s can write %s, and those of %s trust what is in %s", g.rule.ID, g.root, o.ID, in)
				return
			}
		}
	}
}

// sorted returns the rules by id.
func (p *proofs) sorted() []*draftRule {
	all := make([]*draftRule, 0, len(p.drafts))
	for _, r := range p.drafts {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *draftRule) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all
}

// composed warns of rules whose program takes its configuration from where
// another rule writes: the other's caller chooses what it does.
func (p *proofs) composed(prog *program) {
	k, err := known()
	if err != nil {
		return
	}
	b := k.lookup(prog.path)
	if b == nil {
		return
	}
	for _, meet := range p.meetFacts(prog, b, b.config) {
		r, _ := p.lineAt(prog, meet.Ref)
		for _, h := range r.lines[meet.Ref.Line-1].Placeholders() {
			for _, root := range h.Type.Params().Under {
				if h.Type.Name() != "path" {
					continue
				}
				if g, ok := p.writer(r, root); ok {
					p.lineFinding(SeverityWarning, prog, meet.Ref, "P-COMPOSE", meet.Request,
						"%s %s, and it may lie below %s, where commands of %s write", path.Base(prog.path), b.config[0].note, root, g.rule.ID)
				}
			}
		}
	}
}

// writer returns a grant of another rule that overlaps root.
func (p *proofs) writer(r *draftRule, root string) (grant, bool) {
	for _, o := range p.sorted() {
		if o == r {
			continue
		}
		for _, g := range o.writes() {
			if covers(g.root, root) || covers(root, g.root) {
				return g, true
			}
		}
	}
	return grant{}, false
}
