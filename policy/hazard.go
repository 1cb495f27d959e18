package policy

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// traversalWork bounds the search for ".." of one program, in steps.
const traversalWork = 1 << 24

// safeTypes are types whose values hold no ".." component and, but for path, do
// not begin with "/": their definition says so.
var safeTypes = strings.Fields("int decimal size duration path ip ip4 ip6 cidr mac uuid port host fqdn " +
	"ifname netns user group uid gid pid enum-list bundle")

// isLoose reports whether a value of h may be a path that nobody checks.
func isLoose(h argv.Placeholder) bool {
	t := h.Type
	if of := t.Params().Of; of != nil {
		t = of
	}
	return !slices.Contains(safeTypes, t.Name())
}

// anyText reports whether a type is for text of any form: what it holds is the
// author's to judge, where an expression says what its author thought of.
func anyText(h argv.Placeholder) bool { return h.Type.Name() == "str" || h.Type.Name() == "any" }

// hazards looks for values that programs read as something else than the
// policy's author did.
func (p *proofs) hazards(prog *program, requests *argv.Requests) {
	p.traversals(prog, requests)
	for r, rule := range prog.rules {
		draft := p.drafts[rule]
		if p.expired(rule.Pos.File, rule.Pos.Line, "the proofs of this rule") {
			return
		}
		if rule.nest != nil {
			continue // as in empty
		}
		for i, line := range draft.lines {
			ref := argv.LineRef{Rule: r, Line: i + 1}
			p.paths(prog, requests, ref, line)
			p.ids(prog, requests, ref, line)
			p.dashes(prog, requests, ref, line)
			if p.vet {
				p.lengths(prog, ref, line)
			}
		}
	}
}

// found reports a hazard of a value: an error where somebody wrote down what is
// accepted, a warning for text of any form.
func (p *proofs) found(prog *program, requests *argv.Requests, ref argv.LineRef, loose bool, id, tok, format string, args ...any) bool {
	sev := SeverityError
	if loose {
		if sev = SeverityWarning; !p.vet {
			return true
		}
	}
	var request []string
	if !p.out.full(sev) { // or nobody will see it
		if request = requests.Containing(ref, tok); request == nil {
			return false
		}
	}
	p.lineFinding(sev, prog, ref, id, request, format, args...)
	return true
}

// traversals finds tokens with a ".." component.
func (p *proofs) traversals(prog *program, requests *argv.Requests) {
	all, err := prog.matcher.Traversals(func(hs []argv.Placeholder) bool {
		return slices.ContainsFunc(hs, isLoose)
	}, traversalWork)
	if errors.Is(err, argv.ErrUnproved) {
		p.lineFinding(SeverityNote, prog, argv.LineRef{Line: 1}, "T-TRAVERSE", nil,
			"the lines for %s are too many to prove that no argument has a \"..\" component", prog.path)
	}
	// Errors first: a warning about a line must not stand for its error.
	done := make(map[argv.LineRef]bool)
	for _, warn := range []bool{false, true} {
		for _, t := range all {
			loose := !t.Slash || !slices.ContainsFunc(t.Holes, func(h argv.Placeholder) bool { return isLoose(h) && !anyText(h) })
			if done[t.Ref] || loose != warn || prog.rules[t.Ref.Rule].nest != nil {
				continue
			}
			r, _ := p.lineAt(prog, t.Ref)
			done[t.Ref] = p.found(prog, requests, t.Ref, loose, "T-TRAVERSE", t.Token,
				`%s:%d accepts %s, which has a ".." component; exclude it, or use path`, r.ID, t.Ref.Line, quote(t.Token))
		}
	}
}

// paths finds values that are absolute paths and have no type path.
func (p *proofs) paths(prog *program, requests *argv.Requests, ref argv.LineRef, line *argv.Line) {
	for _, warn := range []bool{false, true} {
		for _, h := range line.Placeholders() {
			if !isLoose(h) || anyText(h) != warn {
				continue
			}
			value, ok := h.Type.WithPrefix("/")
			if !ok {
				continue
			}
			for _, tok := range line.Fill(h, value) {
				if p.found(prog, requests, ref, warn, "T-PATHRE", tok,
					"<%s> of %s accepts the path %s, and nobody checks where it leads; use path", h.Name, h.Type, quote(value)) {
					return
				}
			}
		}
	}
}

// idNames are the names of placeholders for ids of users, groups and processes,
// alone or behind "-" or "_".
var idNames = regexp.MustCompile(`(?:^|[-_])(?:pid|ppid|pgid|uid|euid|gid|egid)$`)

// ids finds values for an id that mean another one, or all: 0 is root or one's
// own process group, -1 every process or nobody's change, and 4294967295 is how
// chown(2) and setuid(2) see -1 (CVE-2019-14287).
func (p *proofs) ids(prog *program, requests *argv.Requests, ref argv.LineRef, line *argv.Line) {
	for _, h := range line.Placeholders() {
		if t := h.Type.Name(); !idNames.MatchString(h.Name) || t != "int" && t != "decimal" && t != "re" {
			continue
		}
		for _, value := range []string{"-1", "0", "4294967295"} {
			if !h.Type.Accepts(value) {
				continue
			}
			for _, tok := range line.Fill(h, value) {
				if p.found(prog, requests, ref, false, "T-NEGID", tok,
					"<%s> of %s accepts %s, which is no id of one user, group or process; use uid, gid or pid, or a range from 1", h.Name, h.Type, value) {
					return
				}
			}
		}
	}
}

// dashes finds values that a program reads as options. That they do is what the
// type any is for, so that no rule may have it there; a bundle is one on purpose.
func (p *proofs) dashes(prog *program, requests *argv.Requests, ref argv.LineRef, line *argv.Line) {
	for _, h := range line.Placeholders() {
		plain := h.Type.Name() != "any"
		if !line.Leads(h) || h.Type.Name() == "bundle" || plain && !p.vet {
			continue
		}
		// A digit after the dash is a negative number.
		value, ok := "", false
		for _, second := range "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
			if value, ok = h.Type.WithPrefix("-" + string(second)); ok {
				break
			}
		}
		if !ok {
			continue
		}
		for _, tok := range line.Fill(h, value) {
			if p.found(prog, requests, ref, plain, "T-DASH", tok,
				"<%s> of %s accepts %s, which the program may read as an option", h.Name, h.Type, quote(value)) {
				return
			}
		}
	}
}

// lengths finds what only the limits of a request bound.
func (p *proofs) lengths(prog *program, ref argv.LineRef, line *argv.Line) {
	id := prog.rules[ref.Rule].ID
	if line.Unbounded() {
		p.lineFinding(SeverityWarning, prog, ref, "T-UNBOUNDED", nil, "%s:%d has a repetition without a maximum; write ...N", id, ref.Line)
		return
	}
	for _, h := range line.Placeholders() {
		if isLoose(h) && h.Type.Unbounded() {
			p.lineFinding(SeverityWarning, prog, ref, "T-UNBOUNDED", nil, "<%s> of %s has no bound of its length", h.Name, h.Type)
			return
		}
	}
}
