package argv

import "slices"

// The DFA gives verdicts; captures and explanations come from running the NFA
// of one rule. Both follow the same law of keywords, and a test holds them to
// each other.

// front is the states in front of a token: closures, in the order of numbers.
type front []int32

// from returns the front behind the states q. Accepting states and the states
// of sets are part of it.
func (n *wordNFA) front(q []int32) front {
	f := front(n.closure(q, map[int32]bool{}, func(w *wordNode) bool {
		return w.op != stEmpty || w.set != nil
	}))
	slices.Sort(f)
	return f
}

// follow returns the states of f whose word takes a token of class c. When a
// keyword does, only keywords are followed.
func (m *Matcher) follow(f front, c int32) []int32 {
	var steps, keywords []int32
	for _, q := range f {
		node := &m.nfa.nodes[q]
		if node.op != stWord || !m.lex.has(c, node.pred) {
			continue
		}
		if node.word.keyword {
			keywords = append(keywords, q)
		} else {
			steps = append(steps, q)
		}
	}
	if keywords != nil {
		return keywords
	}
	return steps
}

// behind returns the front behind the word states steps.
func (m *Matcher) behind(steps []int32) front {
	to := make([]int32, len(steps))
	for i, q := range steps {
		to[i] = m.nfa.nodes[q].to
	}
	return m.nfa.front(to)
}

// readings returns, for each argument, the words of line ref that read it on
// some way through the whole line. It returns nil when there is no way, and an
// empty list for no arguments.
func (m *Matcher) readings(ref LineRef, args []string) [][]*word {
	steps := make([][]int32, len(args))
	f := m.nfa.front(m.nfa.starts[ref.Rule : ref.Rule+1])
	for i, arg := range args {
		steps[i] = m.follow(f, m.lex.class(arg))
		f = m.behind(steps[i])
	}
	// Backwards: keep what leads to the end. goal are the states of the line
	// from which the rest of the arguments was read.
	goal := map[int32]bool{}
	for _, q := range f {
		if node := &m.nfa.nodes[q]; node.op == stAccept && node.ref == ref {
			goal[q] = true
		}
	}
	if len(goal) == 0 {
		return nil
	}
	out := make([][]*word, len(args))
	for i := len(args) - 1; i >= 0; i-- {
		before := map[int32]bool{}
		for _, q := range steps[i] {
			// A state that is alone is on every way.
			if len(steps[i]) > 1 && (m.nfa.nodes[q].ref != ref || !m.leads(q, goal)) {
				continue
			}
			before[q] = true
			if w := m.nfa.nodes[q].word; !slices.Contains(out[i], w) {
				out[i] = append(out[i], w)
			}
		}
		goal = before
	}
	return out
}

// leads reports whether a state of goal is in front behind the word state q.
func (m *Matcher) leads(q int32, goal map[int32]bool) bool {
	return slices.ContainsFunc(m.behind([]int32{q}), func(q int32) bool { return goal[q] })
}
