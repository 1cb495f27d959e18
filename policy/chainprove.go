package policy

import (
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// checkNested holds the rules that chains make to what written rules are held to
// when they are read.
func (l *loading) checkNested(nested []*draftRule) {
	asked := make(map[string]bool)
	for _, v := range nested {
		v.doc.rule = v.ID
		v.doc.checkHostPaths(v)
		if e := v.Effect; !asked[e.Key()+string(v.ID)] {
			asked[e.Key()+string(v.ID)] = true
			v.doc.checkSameUID(v)
		}
		v.doc.rule = ""
	}
}

// outside proves what has to be true of the arguments in front of a nested
// command: of wrappers, that the server understands them.
func (p *proofs) outside(r *draftRule) {
	if p.expired(r.Pos.File, r.Pos.Line, "the proofs of this rule") {
		return
	}
	path := r.Programs[0].Path
	m, err := p.compiler.Compile([]argv.Rule{{Lines: r.outside()}}, argv.Limits{})
	if err != nil {
		p.limit(path, []*draftRule{r}, err)
		return
	}
	prog, requests := &program{path: path, rules: []*Rule{r.Rule}, matcher: m}, m.Requests()
	p.empty(prog, requests)
	if r.Wrap != WrapEnv { // whose values are held to the types of variables
		p.hazards(prog, requests)
	}
	if r.Wrap != "" {
		p.unwrappable(r)
	}
}

// unwrappable proves that the server can do what the lines of a wrapper say.
func (p *proofs) unwrappable(r *draftRule) {
	w := wrappers[r.Wrap]
	block, err := argv.Parse(w.usage, nil)
	if err != nil { // cannot be: a test parses them all
		return
	}
	m, err := p.compiler.Compile([]argv.Rule{{Lines: r.outside()}, {Lines: block.Lines, Union: true}}, argv.Limits{})
	if err != nil {
		p.limit(r.Programs[0].Path, []*draftRule{r}, err)
		return
	}
	request := m.Requests().Difference([]argv.LineRef{{Rule: 0}}, []argv.LineRef{{Rule: 1}})
	if request == nil {
		return
	}
	r.doc.rule = r.ID
	defer func() { r.doc.rule = "" }()
	f := r.doc.finding(SeverityError, r.Pos.Line, r.Pos.Column, "P-CHAIN",
		"wrap: %s does not know the arguments %s; what it knows is %s", r.Wrap, clipLong(quoteAll(request)), w.usage)
	f.Witness = append([]string{w.program}, request...)
	p.out.add(f)
}

// outside returns the lines of the rule without their nested commands.
func (r *draftRule) outside() []*argv.Line {
	out := make([]*argv.Line, 0, len(r.lines))
	for _, l := range r.lines {
		out = append(out, l.Outside())
	}
	return out
}

// exposed finds nested commands that a caller of the chain can have without it,
// and have more of that way.
func (p *proofs) exposed(nested []*draftRule) {
	type pair struct{ outer, inner RuleID }
	asked := make(map[pair]bool)
	for _, v := range nested {
		for i, in := range v.nest.chain[1:] {
			if k := (pair{v.ID, in.ID}); asked[k] || v.disjoint(in) {
				continue
			} else {
				asked[k] = true
			}
			sev, how := SeverityWarning, "without what the chain puts around it"
			switch {
			case i+1 > v.nest.runs:
				if how = in.Effect.beyond(v.Effect); how == "" {
					continue
				}
				sev = SeverityError
			case v.nest.wraps(WrapNetns) && !in.Netns.Required:
				sev, how = SeverityError, "in the server's own network namespace"
			}
			if sev == SeverityWarning && !p.vet {
				continue
			}
			v.doc.rule = v.ID
			v.doc.report(sev, v.Pos.Line, v.Pos.Column, "P-CHAIN",
				"%s is chained, and callers of %s can call it by itself as well, %s; give it callers: []", in.ID, v.ID, how)
			v.doc.rule = ""
		}
	}
}

// beyond says what an effect has that o has not, or "".
func (e Effect) beyond(o Effect) string {
	switch {
	case e.UID == 0 && o.UID != 0:
		return "as root"
	case e.FS.Host && !o.FS.Host:
		return "with all files of the host"
	}
	for _, c := range e.Caps {
		if !slices.Contains(o.Caps, c) {
			return "with the capability " + c
		}
	}
	return ""
}
