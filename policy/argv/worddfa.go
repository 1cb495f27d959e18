package argv

import "slices"

// wordDFA is the deterministic automaton over token classes. State 0 is dead,
// state 1 is the start. A state's steps are few among all classes, so they
// are kept as sorted lists.
type wordDFA struct {
	begin   []int32 // of each state, its first step; one more at the end
	class   []int32 // of each step, ascending in a state
	to      []int32
	accepts [][]LineRef // of each state
	// withheld are the classes that a word accepts and does not get, because
	// they abbreviate keywords.
	withheld map[withheld]bool
	// reserved are those that it does not get because a keyword takes them.
	reserved map[withheld]bool
}

// withheld is a class that a word of a line does not get.
type withheld struct {
	ref   LineRef
	word  *word
	class int32
}

func (d *wordDFA) states() int { return len(d.accepts) }

// step returns the state behind s after a token of class c.
func (d *wordDFA) step(s, c int32) int32 {
	lo, hi := d.begin[s], d.begin[s+1]
	i, found := slices.BinarySearch(d.class[lo:hi], c)
	if !found {
		return 0
	}
	return d.to[lo+int32(i)]
}

// wordBounds bound a wordDFA. All but states are counted down.
type wordBounds struct {
	states, steps, entries, work int
}

// wordSubsets is a subset construction over tokens in progress.
type wordSubsets struct {
	n     *wordNFA
	x     *lexer
	b     *wordBounds
	d     *wordDFA
	ids   map[string]int32
	sets  [][]int32
	memo  map[string]int32 // of targets before their closure
	seen  []int32
	stamp int32
	stack []int32 // buffer of intern
	raw   []byte  // and another
	hist  map[LineRef]int

	targets  [][]int32 // of each class
	touched  []int32   // classes with targets
	reserved []int32   // of each class, the stamp of the rule that reserved it
	short    []int32   // of each class, the stamp of the rule whose keywords it abbreviates
	turn     int32
	union    bool // the rule of this turn reserves nothing
}

// newWordDFA builds the automaton of n. On an error, the LineRef is the line
// with the largest part in it.
func newWordDFA(n *wordNFA, x *lexer, b *wordBounds) (*wordDFA, LineRef, error) {
	w := &wordSubsets{
		n: n, x: x, b: b,
		d:        &wordDFA{withheld: map[withheld]bool{}, reserved: map[withheld]bool{}},
		ids:      map[string]int32{"": 0},
		memo:     map[string]int32{},
		seen:     make([]int32, len(n.nodes)),
		hist:     map[LineRef]int{},
		targets:  make([][]int32, len(x.masks)),
		reserved: make([]int32, len(x.masks)),
		short:    make([]int32, len(x.masks)),
	}
	if err := w.run(); err != nil {
		var worst LineRef
		for ref, h := range w.hist {
			// The lowest line among equals, so that the answer does not change.
			if old := w.hist[worst]; h > old || h == old && compareRefs(ref, worst) < 0 {
				worst = ref
			}
		}
		return nil, worst, err
	}
	return w.d, LineRef{}, nil
}

func (w *wordSubsets) run() error {
	w.grow(nil)
	if _, err := w.intern(w.n.starts); err != nil {
		return err
	}
	if len(w.sets) == 1 {
		w.grow(nil) // no rules: the start is a state of its own
	}
	for s := 0; s < len(w.sets); s++ {
		w.d.begin = append(w.d.begin, int32(len(w.d.class)))
		w.expand(w.sets[s])
		slices.Sort(w.touched)
		if w.b.steps -= len(w.touched); w.b.steps < 0 || w.b.work < 0 {
			return errBudget
		}
		for _, c := range w.touched {
			to, err := w.intern(w.targets[c])
			if err != nil {
				return err
			}
			w.targets[c] = w.targets[c][:0]
			w.d.class, w.d.to = append(w.d.class, c), append(w.d.to, to)
		}
		w.touched = w.touched[:0]
	}
	w.d.begin = append(w.d.begin, int32(len(w.d.class)))
	return nil
}

// expand fills targets with the steps of set, rule by rule: where a keyword of
// a rule accepts a class, only the keywords of that rule are followed; what
// abbreviates a keyword is no value.
func (w *wordSubsets) expand(set []int32) {
	for len(set) > 0 {
		rule := w.n.nodes[set[0]].ref.Rule
		end := 0
		for end < len(set) && w.n.nodes[set[end]].ref.Rule == rule {
			end++
		}
		w.turn++
		w.union = w.n.union[rule]
		w.shorten(set[:end], w.n.short[rule])
		for _, keyword := range []bool{true, false} {
			for _, q := range set[:end] {
				if node := &w.n.nodes[q]; node.op == stWord && node.word.keyword == keyword {
					w.follow(node)
				}
			}
		}
		set = set[end:]
	}
}

// shorten marks the classes that abbreviate a keyword where set is.
func (w *wordSubsets) shorten(set []int32, s *shortening) {
	if s == nil || s.free(w.n.nodes, set) {
		return
	}
	mark := func(pred int32) {
		for _, c := range w.x.classes[pred] {
			w.b.work--
			w.short[c] = w.turn
		}
	}
	mark(s.words)
	for _, q := range set {
		if node := &w.n.nodes[q]; node.op == stWord && node.word.keyword {
			mark(node.prefix)
		}
	}
}

func (w *wordSubsets) follow(node *wordNode) {
	for _, c := range w.x.classes[node.pred] {
		w.b.work--
		if node.word.keyword && !w.union {
			w.reserved[c] = w.turn
		} else if w.reserved[c] == w.turn {
			w.d.reserved[withheld{node.ref, node.word, c}] = true
			continue
		} else if !node.word.keyword && w.short[c] == w.turn {
			w.d.withheld[withheld{node.ref, node.word, c}] = true
			continue
		}
		if len(w.targets[c]) == 0 {
			w.touched = append(w.touched, c)
		}
		w.targets[c] = append(w.targets[c], node.to)
	}
}

// intern returns the state for the closure of from.
func (w *wordSubsets) intern(from []int32) (int32, error) {
	w.b.work -= len(from)
	w.raw = appendKey(w.raw[:0], from)
	if id, ok := w.memo[string(w.raw)]; ok {
		return id, nil
	}
	w.stamp++
	var set []int32
	stack := append(w.stack[:0], from...)
	for len(stack) > 0 {
		q := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if w.seen[q] == w.stamp {
			continue
		}
		w.seen[q] = w.stamp
		w.b.work--
		if w.n.nodes[q].op != stEmpty {
			set = append(set, q)
		}
		stack = append(stack, w.n.nodes[q].out...)
	}
	slices.Sort(set)
	w.stack = stack
	k := keyOf(set)
	id, ok := w.ids[k]
	if !ok {
		if len(w.sets) >= w.b.states {
			return 0, errStates
		}
		if w.b.entries -= len(set); w.b.entries < 0 || w.b.work < 0 {
			return 0, errBudget
		}
		id = int32(len(w.sets))
		w.ids[k] = id
		w.grow(set)
	}
	w.b.entries -= len(from)
	w.memo[string(w.raw)] = id
	return id, nil
}

// grow adds the state for set.
func (w *wordSubsets) grow(set []int32) {
	var acc []LineRef
	for _, q := range set {
		node := &w.n.nodes[q]
		w.hist[node.ref]++
		if node.op == stAccept {
			acc = append(acc, node.ref)
		}
	}
	slices.SortFunc(acc, compareRefs)
	w.sets = append(w.sets, set)
	w.d.accepts = append(w.d.accepts, slices.Compact(acc))
}
