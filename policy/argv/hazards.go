package argv

import (
	"slices"
	"strings"
)

// WithPrefix returns a shortest value of t that begins with prefix.
func (t *Type) WithPrefix(prefix string) (string, bool) {
	d := t.dfa
	start := d.run(prefix)
	if start == 0 {
		return "", false
	}
	type link struct {
		s    uint32
		from int
		by   rune
	}
	queue, seen := []link{{s: start, from: -1}}, map[uint32]bool{start: true}
	for i := 0; i < len(queue); i++ {
		if d.accept[queue[i].s] != 0 {
			var rs []rune
			for at := i; queue[at].from >= 0; at = queue[at].from {
				rs = append(rs, queue[at].by)
			}
			return prefix + reversed(rs), true
		}
		for c := 1; c < d.abc.n; c++ {
			if to := d.next[int(queue[i].s)*d.abc.n+c]; to != 0 && !seen[to] {
				seen[to] = true
				queue = append(queue, link{to, i, d.abc.rep[c]})
			}
		}
	}
	return "", false
}

// Unbounded reports whether values of t can be of any length.
func (t *Type) Unbounded() bool {
	// A minimal automaton has a circle that leads to an end, or is finite:
	// remove states that lead nowhere until none is left to remove.
	d := t.dfa
	open := make([]int, d.states())
	before := make([][]uint32, d.states())
	var done []uint32
	for s := 1; s < d.states(); s++ {
		for c := 1; c < d.abc.n; c++ {
			if to := d.next[s*d.abc.n+c]; to != 0 {
				open[s]++
				before[to] = append(before[to], uint32(s))
			}
		}
		if open[s] == 0 {
			done = append(done, uint32(s))
		}
	}
	left := d.states() - 1
	for ; len(done) > 0; left-- {
		s := done[len(done)-1]
		done = done[:len(done)-1]
		for _, p := range before[s] {
			if open[p]--; open[p] == 0 {
				done = append(done, p)
			}
		}
	}
	return left > 0
}

// Unbounded reports whether the line has a repetition without a maximum.
func (l *Line) Unbounded() bool { return l.seq.unbounded() }

func (s seq) unbounded() bool {
	return slices.ContainsFunc(s, func(n *node) bool {
		return n.most == 0 || slices.ContainsFunc(n.alts, seq.unbounded)
	})
}

// Fill returns, for each place of h in the line, the token there in which h has
// this value and everything else is as short as it can be.
func (l *Line) Fill(h Placeholder, value string) []string {
	var out []string
	eachWord(l.seq, func(w *word) {
		eachUnit(w.units, func(u *unit) {
			if u.op == unitPlace && u.hole == h {
				tok, _ := fill(w.units, u, value)
				out = append(out, tok)
			}
		})
	})
	return out
}

// fill writes units with value for the placeholder at, and reports whether it
// stands in them.
func fill(units []unit, at *unit, value string) (string, bool) {
	var b strings.Builder
	found := false
	for i := range units {
		u := &units[i]
		switch u.op {
		case unitLit:
			b.WriteString(u.text)
		case unitPlace:
			if u == at {
				found = true
				b.WriteString(value)
				continue
			}
			v, _ := u.hole.Type.WithPrefix("")
			b.WriteString(v)
		case unitGroup, unitOpt:
			text, inside := "", false
			for k, alt := range u.alts {
				v, in := fill(alt, at, value)
				if in || k == 0 && u.op == unitGroup {
					text, inside = v, inside || in
				}
				if in {
					break
				}
			}
			b.WriteString(text)
			found = found || inside
		}
	}
	return b.String(), found
}

// Leads reports whether a token of the line can begin with a value of h.
func (l *Line) Leads(h Placeholder) bool {
	found := false
	eachWord(l.seq, func(w *word) { found = found || leads(w.units, h) })
	return found
}

func leads(units []unit, h Placeholder) bool {
	for _, u := range units {
		switch u.op {
		case unitPlace:
			return u.hole == h
		case unitLit:
			return false
		case unitGroup, unitOpt:
			if slices.ContainsFunc(u.alts, func(alt []unit) bool { return leads(alt, h) }) {
				return true
			}
			if u.op == unitGroup {
				return false
			}
		}
	}
	return false
}

// Traversal is a token of a line that contains a ".." component.
type Traversal struct {
	Ref   LineRef
	Token string
	// Slash is whether there is a slash beside the component: a path that leaves
	// its directory, and not just a name.
	Slash bool
	// Holes are the placeholders of the word that accepts it.
	Holes []Placeholder
}

// Traversals returns, for each line and each of its words with a placeholder for
// which want reports true, a shortest token with a ".." component, if there is
// one; one with a slash is preferred. A component begins at the start of a token,
// behind "/", and behind a "=" before the first slash. It returns ErrUnproved when that takes more than work
// elementary steps.
func (m *Matcher) Traversals(want func([]Placeholder) bool, work int) ([]Traversal, error) {
	if m.Start() == 0 {
		return nil, nil
	}
	var found []Traversal
	asked := map[int32]string{} // the shortest token of each predicate
	type key struct {
		ref  LineRef
		pred int32
	}
	listed, preds := map[key]bool{}, map[int32]bool{}
	var keys []key
	holes := map[key][]Placeholder{}
	for i := range m.nfa.nodes {
		node := &m.nfa.nodes[i]
		if k := (key{node.ref, node.pred}); node.op == stWord && !node.word.keyword && !listed[k] {
			listed[k] = true
			if h := node.word.holes(); want(h) {
				keys, preds[node.pred], holes[k] = append(keys, k), true, h
			}
		}
	}
	slash, err := m.lex.traverse(preds, asked, work)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if tok, ok := asked[k.pred]; ok {
			found = append(found, Traversal{k.ref, tok, slash[k.pred], holes[k]})
		}
	}
	return found, nil
}

// holes returns the placeholders of w.
func (w *word) holes() []Placeholder {
	var out []Placeholder
	eachUnit(w.units, func(u *unit) {
		if u.op == unitPlace {
			out = append(out, u.hole)
		}
	})
	return out
}
