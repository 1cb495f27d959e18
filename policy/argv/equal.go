package argv

import "slices"

// That two values are equal is no matter of a finite automaton: the automaton
// of a line with <name!> accepts any value there, and every analysis of it
// covers more than the line accepts. Match compares the values.

// equalities returns the lines of rules whose values are compared, or nil.
func equalities(rules []Rule) map[LineRef]bool {
	var out map[LineRef]bool
	for r, rule := range rules {
		for l, line := range rule.Lines {
			if !rule.Union && slices.ContainsFunc(line.Placeholders(), func(p Placeholder) bool { return p.Same }) {
				if out == nil {
					out = map[LineRef]bool{}
				}
				out[LineRef{r, l + 1}] = true
			}
		}
	}
	return out
}

// holds reports whether the line ref, which the automaton says accepts args,
// reads them in one way and with equal values.
func (m *Matcher) holds(ref LineRef, args []string) bool {
	caps, err := m.captures(ref, args)
	return err == nil && unequal(caps) < 0
}

// original returns the index in caps of the value that caps[i] must have, or -1
// when it was not given. The names of a nested command are its own.
func original(caps []Capture, i int) int {
	from, to := i, i
	for from > 0 && caps[from-1].Type.name != CommandType {
		from--
	}
	for to < len(caps) && caps[to].Type.name != CommandType {
		to++
	}
	at := slices.IndexFunc(caps[from:to], func(o Capture) bool { return o.Name == caps[i].Name && !o.Same })
	if at < 0 {
		return -1
	}
	return from + at
}

// unequal returns the index in caps of the first <name!> whose value is not that
// of the first <name>, or -1. An optional <name> that was not given has no value.
func unequal(caps []Capture) int {
	for i, c := range caps {
		if !c.Same {
			continue
		}
		if o := original(caps, i); o < 0 || caps[o].Value != c.Value {
			return i
		}
	}
	return -1
}

// unequal returns the failure of arguments that an automaton accepts and whose
// values are not equal, and false when there is no such line in front.
func (e *explainer) unequal() (Failure, bool) {
	var ref LineRef
	for _, q := range e.front {
		if node := &e.m.nfa.nodes[q]; node.op == stAccept && e.m.equal[node.ref] &&
			(ref == LineRef{} || compareRefs(node.ref, ref) < 0) {
			ref = node.ref
		}
	}
	if e.at < len(e.args) || ref == (LineRef{}) || e.m.holds(ref, e.args) {
		return Failure{}, false
	}
	f := Failure{Code: CodeValueMismatch, Arg: -1, Given: -1}
	if caps, err := e.m.captures(ref, e.args); err == nil {
		i := unequal(caps)
		f.Arg = caps[i].Arg
		if o := original(caps, i); o >= 0 {
			f.Given = caps[o].Arg
		}
	}
	// Read in two ways, the arguments have no value that could be compared: the
	// first place where one would be.
	for i, words := range e.m.readings(ref, e.args) {
		for _, w := range words {
			if f.Arg >= 0 && f.Arg != i || !slices.ContainsFunc(w.holes(), func(h Placeholder) bool { return h.Same }) {
				continue
			}
			f.Arg = i
			if len(f.Expected) < maxExpected {
				f.Expected = append(f.Expected, Expect{Kind: ExpectType, Text: w.text, Params: w.types()})
			}
		}
	}
	f.Nearest = []Near{{ref, f.Arg}}
	return f, true
}
