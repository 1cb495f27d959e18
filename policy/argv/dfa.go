package argv

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// dfa is a deterministic automaton over runes. State 0 is dead, state 1 is the
// start, and states are numbered in breadth-first order, so that the first
// state with some property has a shortest string.
type dfa struct {
	abc    *alphabet
	next   []uint32 // at state*abc.n + class
	accept []int32  // of each state, index in accepts
	// accepts are the distinct sets of predicates that end in a state, each
	// ascending; accepts[0] is none.
	accepts [][]int32
	from    []uint32 // the state from which each was found first ...
	by      []uint16 // ... and the class that led there

	// sets and edges are the steps with the classes joined again; types have
	// them, lexers do not.
	sets  []runeSet
	edges [][]nfaEdge
}

func (d *dfa) states() int { return len(d.accept) }

// step returns the state behind s after r. Runes of no set lead to state 0.
func (d *dfa) step(s uint32, r rune) uint32 {
	return d.next[int(s)*d.abc.n+int(d.abc.classOf(r))]
}

// run returns the state behind str, or 0 when it is not valid UTF-8.
func (d *dfa) run(str string) uint32 {
	s, n := uint32(1), uint32(d.abc.n)
	for i := 0; i < len(str); {
		var c uint16
		if b := str[i]; b < utf8.RuneSelf {
			c = d.abc.ascii[b]
			i++
		} else {
			r, size := utf8.DecodeRuneInString(str[i:])
			if r == utf8.RuneError && size == 1 {
				return 0
			}
			c = d.abc.classOf(r)
			i += size
		}
		if s = d.next[s*n+uint32(c)]; s == 0 {
			return 0
		}
	}
	return s
}

// witness returns a shortest string that leads to s.
func (d *dfa) witness(s uint32) string {
	var rs []rune
	for ; s > 1; s = d.from[s] {
		rs = append(rs, d.abc.rep[d.by[s]])
	}
	slices.Reverse(rs)
	return string(rs)
}

// bounds of one subset construction. work and entries are counted down.
type bounds struct {
	states  int // of the DFA
	cells   int // of its table
	entries int // of all subsets together, which is memory
	work    int // steps, which is time
}

// subsets is a subset construction in progress.
type subsets struct {
	n     *nfa
	of    [][]uint16 // the classes of each set of n
	d     *dfa
	b     *bounds
	ids   map[string]uint32
	sets  [][]int32 // the NFA states of each DFA state, ascending
	accID map[string]int32
	seen  []int32 // of each NFA state, the closure it was last put in
	stamp int32
	// Buffers of intern, which runs for every class of every state.
	stack, set []int32
	key        []byte
	hist       []int // of each predicate, its nodes in all subsets
}

// determinize returns the DFA of n from its node 0. extra sets refine the
// alphabet. On an error the int is the predicate with the largest part in it.
func determinize(n *nfa, preds int, extra []runeSet, b *bounds) (*dfa, int32, error) {
	abc, of, err := newAlphabet(append(slices.Clone(n.sets), extra...), &b.work)
	if err != nil {
		return nil, 0, err
	}
	x := &subsets{
		n: n, of: of, b: b,
		d:     &dfa{abc: abc, accepts: [][]int32{nil}},
		ids:   map[string]uint32{"": 0},
		accID: map[string]int32{"": 0},
		seen:  make([]int32, len(n.nodes)),
		hist:  make([]int, preds),
	}
	if err = x.run(); err != nil {
		worst := int32(0)
		for p, h := range x.hist {
			if h > x.hist[worst] {
				worst = int32(p)
			}
		}
		return nil, worst, err
	}
	return x.d, 0, nil
}

func (x *subsets) run() error {
	x.grow(nil, 0, 0)
	if _, err := x.intern([]int32{0}, 0, 0); err != nil {
		return err
	}
	if len(x.sets) == 1 { // the start is a state of its own even if it is dead
		x.grow(nil, 0, 0)
	}
	targets := make([][]int32, x.d.abc.n)
	sums := make([]uint64, x.d.abc.n) // of the targets of each class
	var met []int32                   // one class of each list of targets of this state
	for s := 1; s < len(x.sets); s++ {
		for _, q := range x.sets[s] {
			for _, e := range x.n.nodes[q].edges {
				for _, c := range x.of[e.set] {
					targets[c] = append(targets[c], e.to)
					sums[c] = (sums[c] + uint64(e.to) + 1) * 0x9e3779b97f4a7c15
				}
				x.b.work -= len(x.of[e.set])
			}
			if x.b.work < 0 {
				return errBudget
			}
		}
		met = met[:0]
		row := s * x.d.abc.n
		for c, t := range targets {
			if len(t) == 0 {
				continue
			}
			// Most classes go where another one goes: closures are dear.
			same := slices.IndexFunc(met, func(m int32) bool { return sums[m] == sums[c] && slices.Equal(targets[m], t) })
			x.b.work -= len(met)
			if same >= 0 {
				x.d.next[row+c] = x.d.next[row+int(met[same])]
				continue
			}
			met = append(met, int32(c))
			to, err := x.intern(t, uint32(s), uint16(c))
			if err != nil {
				return err
			}
			x.d.next[row+c] = to
		}
		for c, t := range targets {
			targets[c] = t[:0]
		}
		clear(sums)
	}
	return nil
}

// intern returns the state for the closure of the nodes in from.
func (x *subsets) intern(from []int32, parent uint32, by uint16) (uint32, error) {
	x.stamp++
	stack, set := append(x.stack[:0], from...), x.set[:0]
	for len(stack) > 0 {
		q := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if x.seen[q] == x.stamp {
			continue
		}
		x.seen[q] = x.stamp
		x.b.work--
		node := &x.n.nodes[q]
		if len(node.edges) > 0 || node.accept > 0 {
			set = append(set, q)
		}
		stack = append(stack, node.eps...)
	}
	slices.Sort(set)
	x.stack, x.set, x.key = stack, set, appendKey(x.key[:0], set)
	if id, ok := x.ids[string(x.key)]; ok {
		return id, nil
	}
	if len(x.sets) >= x.b.states {
		return 0, errStates
	}
	if x.b.entries -= len(set); len(x.d.next) >= x.b.cells || x.b.entries < 0 || x.b.work < 0 {
		return 0, errBudget
	}
	id := uint32(len(x.sets))
	x.ids[string(x.key)] = id
	x.grow(slices.Clone(set), parent, by)
	return id, nil
}

// grow adds the state for set.
func (x *subsets) grow(set []int32, parent uint32, by uint16) {
	var acc []int32
	for _, q := range set {
		node := &x.n.nodes[q]
		x.hist[node.owner]++
		if node.accept > 0 {
			acc = append(acc, node.accept-1)
		}
	}
	slices.Sort(acc)
	acc = slices.Compact(acc)
	k := keyOf(acc)
	id, ok := x.accID[k]
	if !ok {
		id = int32(len(x.d.accepts))
		x.accID[k] = id
		x.d.accepts = append(x.d.accepts, acc)
	}
	x.sets = append(x.sets, set)
	x.d.accept = append(x.d.accept, id)
	x.d.from = append(x.d.from, parent)
	x.d.by = append(x.d.by, by)
	x.d.next = append(x.d.next, make([]uint32, x.d.abc.n)...)
}

// appendKey appends to b what is equal for equal slices.
func appendKey(b []byte, s []int32) []byte {
	for _, v := range s {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// keyOf returns a string that is equal for equal slices.
func keyOf(s []int32) string { return string(appendKey(nil, s)) }
