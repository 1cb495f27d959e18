package argv

import "errors"

// language is the values of a type before they are an automaton.
type language struct {
	short string // the notation
	// A value is in all of all; or in one of any; or what nfa adds.
	all, any []expr
	nfa      builder
	not      []expr // and in none of not
	dash     bool   // whether it may begin with "-"
}

// builder adds what a value has to be in behind from. What it builds for that is
// taken from work.
type builder func(n *nfa, from int32, work *int) (int32, error)

// parts are what a value has to be in.
func (l *language) parts() []builder {
	var parts []builder
	add := func(e expr) {
		parts = append(parts, func(n *nfa, from int32, _ *int) (int32, error) { return n.expr(from, e) })
	}
	switch {
	case l.nfa != nil:
		parts = append(parts, l.nfa)
	case l.any != nil:
		add(eAlt(l.any...))
	}
	for _, e := range l.all {
		add(e)
	}
	return parts
}

// compile builds the automaton of l. What it costs is taken from work.
func (l language) compile(name string, work *int) (*dfa, error) {
	d, err := build(name, l.parts(), l.not, work)
	if err != nil {
		return nil, err
	}
	if !l.dash {
		d = d.withoutDash()
	}
	d = d.minimize()
	if d.empty() {
		hint := ""
		if !l.dash {
			hint = ` (a value never begins with "-" unless the type says dash: true)`
		}
		return nil, typeErrorf("T-REGEX", name, "no value at all matches%s", hint)
	}
	if s, r, found := d.control(); found {
		return nil, typeErrorf("T-CTRL", name, `accepts the control character %U, as in %q; exclude \pC`,
			r, d.witness(s)+string(r))
	}
	return d, nil
}

// without takes the exceptions of p out of d.
func without(name string, p *Params, d *dfa, work *int) (*dfa, error) {
	not, err := exceptions(name, p, d)
	if err != nil {
		return nil, err
	}
	out, err := build(name, []builder{
		func(n *nfa, from int32, _ *int) (int32, error) { return n.dfa(from, d) },
	}, not, work)
	if err != nil {
		return nil, err
	}
	if out = out.minimize(); out.empty() {
		return nil, typeErrorf("T-REGEX", name, "no value at all matches: except takes all of them")
	}
	return out, nil
}

// build returns the automaton of what is in all parts and in none of not.
func build(name string, parts []builder, not []expr, work *int) (*dfa, error) {
	n := newNFA(maxTypeNodes)
	if not != nil {
		parts = append(parts, func(n *nfa, from int32, _ *int) (int32, error) { return n.expr(from, eAlt(not...)) })
	}
	for i, part := range parts {
		end, err := n.linked(0)
		if err == nil {
			end, err = part(n, end, work)
		}
		if _, ok := errors.AsType[*TypeError](err); ok {
			return nil, err
		}
		if err != nil {
			return nil, typeErrorf("T-REGEX", name, "too large: more than %d positions", maxTypeNodes)
		}
		n.nodes[end].accept = int32(i) + 1
	}
	spend := min(*work, maxTypeWork)
	b := &bounds{states: maxTypeStates, cells: maxTypeCells, entries: maxTypeEntries, work: spend}
	d, _, err := determinize(n, len(parts), []runeSet{controls, span('-', '-')}, b)
	*work -= spend - b.work
	switch {
	case errors.Is(err, errStates), err != nil && spend == maxTypeWork:
		return nil, typeErrorf("T-REGEX", name, "too large: its automaton passes %d states", maxTypeStates)
	case err != nil:
		return nil, typeErrorf("T-REGEX", name, "too large, together with the types before it")
	}
	*work -= len(d.next) + len(n.nodes)
	want := len(parts)
	if not != nil {
		want--
	}
	d.only(want)
	return d, nil
}

// only makes a state accept when it accepts the first want predicates and no
// other.
func (d *dfa) only(want int) {
	for s, a := range d.accept {
		// Predicates ascend: all of the first and no other are want of them, the
		// last of which is want-1.
		acc := d.accepts[a]
		d.accept[s] = 0
		if len(acc) == want && int(acc[want-1]) == want-1 {
			d.accept[s] = 1
		}
	}
	d.accepts = [][]int32{nil, {0}}
}
