package argv

import (
	"math"
	"slices"
)

// The DFA gives verdicts; captures and explanations come from running the NFA
// of one rule. Both follow the same law of keywords, and a test holds them to
// each other.

// front is the states in front of a token that matter: words, ends, and the
// places between the members of sets.
type front []int32

// walker runs the NFA of rules. It is for one goroutine; its memory is used
// again by the next.
type walker struct {
	m     *Matcher
	seen  []uint32 // of each state, the turn that met it last
	turn  uint32
	stack []int32
	work  int // states that may still be met

	// For explanations, of each word of the vocabulary: a set that is empty
	// between uses, and how far the failed argument is from it.
	words []uint64
	far   []uint16
}

// walker returns a walker that meets at most work states, for use up to done.
func (m *Matcher) walker(work int) *walker {
	w, ok := m.walkers.Get().(*walker)
	if !ok {
		n := len(m.vocabulary.words)
		w = &walker{m: m, seen: make([]uint32, len(m.nfa.nodes)), words: make([]uint64, (n+63)/64), far: make([]uint16, n)}
	}
	w.work = work
	return w
}

func (w *walker) done() { w.m.walkers.Put(w) }

// next begins a turn.
func (w *walker) next() {
	if w.turn++; w.turn == 0 { // all turns were used
		clear(w.seen)
		w.turn = 1
	}
}

// front returns the front behind the states from.
func (w *walker) front(from []int32) front {
	w.next()
	var f front
	w.stack = append(w.stack[:0], from...)
	for len(w.stack) > 0 && w.work > 0 {
		q := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if w.seen[q] == w.turn {
			continue
		}
		w.seen[q] = w.turn
		w.work--
		node := &w.m.nfa.nodes[q]
		if node.op != stEmpty || node.set != nil {
			f = append(f, q)
		}
		w.stack = append(w.stack, node.out...)
	}
	return f
}

// follow returns the states of f whose word takes a token of class c. When a
// keyword does, only keywords are followed; when the token abbreviates one,
// none are.
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
	if steps != nil && m.abbreviates(f, c) {
		return nil
	}
	return steps
}

// behind returns the front behind the word states steps.
func (w *walker) behind(steps []int32) front {
	to := make([]int32, len(steps))
	for i, q := range steps {
		to[i] = w.m.nfa.nodes[q].to
	}
	return w.front(to)
}

// readings returns, for each argument, the words of line ref that read it on
// some way through the whole line. It returns nil when there is no way, and an
// empty list for no arguments.
func (m *Matcher) readings(ref LineRef, args []string) [][]*word {
	steps := make([][]int32, len(args))
	w, f := m.walker(math.MaxInt), m.vocabulary.fronts[ref.Rule]
	defer w.done()
	for i, arg := range args {
		steps[i] = m.follow(f, m.lex.class(arg))
		f = w.behind(steps[i])
	}
	// Backwards: keep what leads to the end. goal are the states of the line
	// from which the rest of the arguments was read.
	var goal []int32
	for _, q := range f {
		if node := &m.nfa.nodes[q]; node.op == stAccept && node.ref == ref {
			goal = append(goal, q)
		}
	}
	if len(goal) == 0 {
		return nil
	}
	out := make([][]*word, len(args))
	for i := len(args) - 1; i >= 0; i-- {
		leads := func(int32) bool { return true } // a state that is alone is on every way
		if len(steps[i]) > 1 {
			leads = w.behindOf(goal)
		}
		var before []int32
		for _, q := range steps[i] {
			if node := &m.nfa.nodes[q]; node.ref != ref || !leads(node.to) {
				continue
			}
			before = append(before, q)
			if word := m.nfa.nodes[q].word; !slices.Contains(out[i], word) {
				out[i] = append(out[i], word)
			}
		}
		goal = before
	}
	return out
}

// behindOf returns a function that reports whether a state of goal is in front
// behind a state. It is good until the walker goes on.
func (w *walker) behindOf(goal []int32) func(int32) bool {
	w.next()
	w.stack = append(w.stack[:0], goal...)
	for len(w.stack) > 0 {
		q := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if w.seen[q] != w.turn {
			w.seen[q] = w.turn
			w.stack = append(w.stack, w.m.vocabulary.into(q)...)
		}
	}
	return func(q int32) bool { return w.seen[q] == w.turn }
}
