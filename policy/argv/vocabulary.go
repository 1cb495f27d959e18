package argv

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// vocabulary is what explanations and captures need of a program, prepared by
// Compile so that a request does not pay for it.
type vocabulary struct {
	words  []*word  // each text once; keywords first, then by text
	types  []string // of each word, the types in it, at most maxTypes
	of     []int32  // of each word state of the NFA, its word
	fronts []front  // of each rule, in front of the first token
	// ins are the states from which a step without a token leads to each state,
	// in one list; begin is where they begin in it.
	ins, begin []int32
}

// newVocabulary collects the words of m, which has its NFA.
func (m *Matcher) newVocabulary() {
	v := &m.vocabulary
	v.of = make([]int32, len(m.nfa.nodes))
	type name struct{ text, key string }
	ids := map[name]int32{}
	for i := range m.nfa.nodes {
		if node := &m.nfa.nodes[i]; node.op == stWord {
			ids[name{node.word.text, node.word.key}] = 0
			if len(ids) > len(v.words) {
				v.words = append(v.words, node.word)
			}
		}
	}
	slices.SortFunc(v.words, func(a, b *word) int {
		return cmp.Or(cmp.Compare(btoi(b.keyword), btoi(a.keyword)), cmp.Compare(a.text, b.text), cmp.Compare(a.key, b.key))
	})
	for i, w := range v.words {
		ids[name{w.text, w.key}] = int32(i)
		v.types = append(v.types, w.types())
	}
	for i := range m.nfa.nodes {
		if node := &m.nfa.nodes[i]; node.op == stWord {
			v.of[i] = ids[name{node.word.text, node.word.key}]
		}
	}
	v.reverse(m.nfa.nodes)
	w := m.walker(math.MaxInt)
	defer w.done()
	for r := range m.nfa.starts {
		v.fronts = append(v.fronts, w.front(m.nfa.starts[r:r+1]))
	}
}

// types names the types in w.
func (w *word) types() string {
	var types []string
	eachUnit(w.units, func(u *unit) {
		if u.op == unitPlace && len(types) < maxTypes && !slices.Contains(types, u.hole.Type.text) {
			types = append(types, u.hole.Type.text)
		}
	})
	return strings.Join(types, ", ")
}

// into returns the states from which a step without a token leads to q.
func (v *vocabulary) into(q int32) []int32 { return v.ins[v.begin[q]:v.begin[q+1]] }

// reverse fills ins.
func (v *vocabulary) reverse(nodes []wordNode) {
	v.begin = make([]int32, len(nodes)+1)
	for i := range nodes {
		for _, to := range nodes[i].out {
			v.begin[to+1]++
		}
	}
	for i := range nodes {
		v.begin[i+1] += v.begin[i]
	}
	v.ins = make([]int32, v.begin[len(nodes)])
	at := slices.Clone(v.begin)
	for i := range nodes {
		for _, to := range nodes[i].out {
			v.ins[at[to]] = int32(i)
			at[to]++
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
