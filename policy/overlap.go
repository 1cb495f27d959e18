package policy

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// overlaps refuses two rules that accept the same arguments with different
// effects. What a request asks for beside its arguments, a namespace or
// variables, does not choose between rules: the arguments alone do, so rules
// that differ only there overlap as well.
func (p *proofs) overlaps(prog *program, requests *argv.Requests, digests []string) {
	met := make(map[string]bool)
	requests.States(func(s argv.State) bool {
		refs := prog.decisive(prog.matcher.Accepting(s))
		if len(refs) < 2 {
			return true
		}
		key := fmt.Sprint(refs)
		if met[key] {
			return true
		}
		met[key] = true
		for i, a := range refs {
			for _, b := range refs[i+1:] {
				if p.pairs--; p.pairs < 0 {
					p.unproved(prog, a)
					return false
				}
				p.pair(prog, a, b, digests, func() []string { return requests.To(s) })
			}
		}
		return true
	})
	p.guards(prog)
}

func (p *proofs) unproved(prog *program, ref argv.LineRef) {
	p.lineFinding(SeverityNote, prog, ref, "A-OVERLAP", nil,
		"the lines for %s are too many to prove that no two overlap; a request that two of them decide differently is refused when it is made", prog.path)
}

// pair judges two lines that accept one request.
func (p *proofs) pair(prog *program, a, b argv.LineRef, digests []string, request func() []string) {
	x, y := prog.rules[a.Rule], prog.rules[b.Rule]
	if x != y && (x.disjoint(y) || x.overrides(y) || y.overrides(x)) {
		return
	}
	if x.key == y.key && digests[a.Rule] == digests[b.Rule] {
		if len(p.guarded) <= maxGuarded && (p.opens(prog, a) || p.opens(prog, b)) {
			p.guarded[[2]place{{x, a.Line}, {y, b.Line}}] = true
		}
		return
	}
	if ids := [2]RuleID{x.ID, y.ID}; !p.conflict[ids] {
		p.conflict[ids] = true
		what := p.drafts[x].difference(p.drafts[y])
		if what == "" {
			what = "sha256"
		}
		p.overlap(prog, a, b, request(), "different effects ("+what+")")
	}
}

// overlap reports two lines that accept one request.
func (p *proofs) overlap(prog *program, a, b argv.LineRef, request []string, how string) {
	x, first := p.lineAt(prog, a)
	y, second := p.lineAt(prog, b)
	p.lineFinding(SeverityError, prog, b, "A-OVERLAP", request, "rules %s and %s both accept %s with %s; the first stands at %s, the second at %s",
		x.lineName(a.Line), y.lineName(b.Line), quoteArgv(prog, request), how, first.Pos, second.Pos)
}

// guards compares, for lines that accept one request under one effect, what
// they would hold its values to, and the paths that they would open.
func (p *proofs) guards(prog *program) {
	pairs := make([][2]argv.LineRef, 0, len(p.guarded))
	index := make(map[*Rule]int)
	for i, r := range prog.rules {
		index[r] = i
	}
	for pair := range p.guarded {
		pairs = append(pairs, [2]argv.LineRef{
			{Rule: index[pair[0].rule], Line: pair[0].line}, {Rule: index[pair[1].rule], Line: pair[1].line},
		})
	}
	clear(p.guarded)
	if len(pairs) > maxGuarded {
		p.unproved(prog, pairs[0][0])
	}
	slices.SortFunc(pairs, func(a, b [2]argv.LineRef) int { return slices.CompareFunc(a[:], b[:], compareLines) })
	for _, pair := range pairs {
		a, b := pair[0], pair[1]
		request, err := p.differ(prog, a, b, guardText)
		switch {
		case errors.Is(err, argv.ErrUnproved):
			p.unproved(prog, a)
			return
		case request != nil:
			p.overlap(prog, a, b, request, "different checks of its values, or different paths opened to the program")
		}
	}
}

// guardText is what a capture is held to; see match.guards.
func guardText(h argv.Placeholder) string { return h.Type.Guard() }

func compareLines(a, b argv.LineRef) int {
	if a.Rule != b.Rule {
		return a.Rule - b.Rule
	}
	return a.Line - b.Line
}

// opens reports whether a line has an argument with a guard, or a nested command.
func (p *proofs) opens(prog *program, ref argv.LineRef) bool {
	r, _ := p.lineAt(prog, ref)
	return r.nest != nil || slices.ContainsFunc(r.lines[ref.Line-1].Placeholders(), func(h argv.Placeholder) bool {
		return h.Type.Guard() != ""
	})
}

// differ asks for a request that two lines read with different captures.
func (p *proofs) differ(prog *program, a, b argv.LineRef, label func(argv.Placeholder) string) ([]string, error) {
	if p.work <= 0 || p.ctx.Err() != nil {
		return nil, argv.ErrUnproved
	}
	left := min(readingWork, p.work)
	p.work -= left
	request, err := prog.matcher.Readings(&left).Differ(a, b, label)
	p.work += max(left, 0)
	return request, err
}

// sharedNames warns of rules for two programs of one name that accept the same
// arguments. A request by path says which it means; one by name is for both, and
// refused.
func (p *proofs) sharedNames(s *Snapshot) {
	var names []string
	for name, programs := range s.byName {
		if len(programs) > 1 && path.Base(name) == name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if p.expired(name, 0, "the proofs of "+name) {
			return
		}
		p.sharedName(s.byName[name])
	}
}

func (p *proofs) sharedName(programs []*program) {
	// One matcher of all of them; a rule of two of them stands in it twice.
	all := &program{path: programs[0].path}
	var of []*program
	var rules []argv.Rule
	for _, prog := range programs {
		for _, r := range prog.rules {
			all.rules, of = append(all.rules, r), append(of, prog)
			rules = append(rules, argv.Rule{Lines: p.drafts[r].lines, Abbreviated: abbreviated(prog.path)})
		}
	}
	var err error
	if all.matcher, err = p.compiler.Compile(rules, argv.Limits{}); err != nil {
		p.unproved(programs[0], argv.LineRef{Line: 1})
		return
	}
	requests := all.matcher.Requests()
	requests.States(func(s argv.State) bool {
		refs := all.matcher.Accepting(s)
		for i, a := range refs {
			for _, b := range refs[i+1:] {
				if p.pairs--; p.pairs < 0 {
					p.unproved(all, a)
					return false
				}
				x, y := all.rules[a.Rule], all.rules[b.Rule]
				ids := [2]RuleID{x.ID, y.ID}
				if of[a.Rule] == of[b.Rule] || p.conflict[ids] || x.disjoint(y) {
					continue
				}
				p.conflict[ids] = true
				request := requests.To(s)
				p.lineFinding(SeverityWarning, all, b, "A-OVERLAP", request, "rules %s and %s both accept %s for different programs (%s and %s): a request by that name is refused, one by path is not",
					x.lineName(a.Line), y.lineName(b.Line), quoteArgv(all, request), of[a.Rule].path, of[b.Rule].path)
			}
		}
		return true
	})
}

// disjoint reports whether nobody can be a caller of both rules. Groups are
// anybody's: only two different users or units, and nobody, prove it.
func (r *Rule) disjoint(o *Rule) bool {
	for _, a := range r.Callers {
		for _, b := range o.Callers {
			never := !a.possible() || !b.possible() || a.byUser && b.byUser && a.uid != b.uid ||
				a.Unit != "" && b.Unit != "" && unitsDiffer(a.Unit, b.Unit)
			if !never {
				return false
			}
		}
	}
	return true
}

// possible reports whether a spec can admit anybody.
func (s CallerSpec) possible() bool { return !s.unknown && (s.byUser || s.byGroup || s.Unit != "") }

// difference names what two rules grant differently.
func (r *draftRule) difference(o *draftRule) string {
	a, b := r.Effect, o.Effect
	var out []string
	add := func(name string, x, y any) {
		if l, m := fmt.Sprintf("%v", x), fmt.Sprintf("%v", y); l != m {
			out = append(out, fmt.Sprintf("%s %s and %s", name, l, m))
		}
	}
	add("user", a.User, b.User)
	add("group", a.Group, b.Group)
	add("groups", a.Groups, b.Groups)
	add("caps", a.Caps, b.Caps)
	add("seccomp", a.Seccomp, b.Seccomp)
	add("fs", fmt.Sprintf("%+v", a.FS), fmt.Sprintf("%+v", b.FS))
	add("net", a.Net, b.Net)
	add("limits", fmt.Sprintf("%+v", a.Limits), fmt.Sprintf("%+v", b.Limits))
	add("umask", fmt.Sprintf("%#o", a.Umask), fmt.Sprintf("%#o", b.Umask))
	add("nice", a.Nice, b.Nice)
	add("cwd", a.Cwd, b.Cwd)
	add("cwd under", r.Cwd, o.Cwd)
	add("cwd owner", cmp.Or(r.CwdOwner.String(), "any"), cmp.Or(o.CwdOwner.String(), "any"))
	add("netns", netnsText(r.Netns), netnsText(o.Netns))
	add("stdin", fmt.Sprintf("%+v", r.Stdin), fmt.Sprintf("%+v", o.Stdin))
	add("signals", r.Signals, o.Signals)
	if a, b := r.nest.executes(), o.nest.executes(); a != b {
		out = append(out, fmt.Sprintf("executed %s and %s", a, b))
	}
	if a, b := r.wrappedNetns(), o.wrappedNetns(); a != b {
		out = append(out, fmt.Sprintf("the namespace is of %s and of %s", a, b))
	}
	if len(out) == 0 && r.key != o.key {
		out = append(out, "env")
	}
	return clipLong(strings.Join(out, "; "))
}

func netnsText(n Netns) string {
	switch {
	case n.Type == nil:
		return "none"
	case n.Required:
		return n.Type.String() + " required"
	}
	return n.Type.String()
}

// wrappedNetns is what the namespace that a wrapper names is held to.
func (r *Rule) wrappedNetns() string {
	if !r.unwrapped() || !r.nest.wraps(WrapNetns) {
		return ""
	}
	if t := r.nest.chain[r.nest.runs].Netns.Type; t != nil {
		return t.String()
	}
	return "any type"
}
