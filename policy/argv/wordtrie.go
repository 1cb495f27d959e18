package argv

import (
	"cmp"
	"slices"
)

// wordTrie is the words of a program that are literals: state 0 is no such word,
// state 1 the start. Programs have the same types in many rules and words of
// their own beside them, so the automaton of the types is built once and the
// words are laid over it.
type wordTrie []trieNode

type trieNode struct {
	from int32 // the state before it
	by   rune
	to   []int32 // behind it, ascending by rune
	word int32   // the predicate that ends here, or -1
	made int32   // the predicate that the state was made for
}

// add adds a word. It returns false when that takes more than limit states.
func (t *wordTrie) add(text string, pred int32, limit int) bool {
	if len(*t) == 1 {
		*t = append(*t, trieNode{word: -1, made: pred})
	}
	at := int32(1)
	for _, r := range text {
		i, found := t.find(at, r)
		if !found {
			if len(*t) >= limit {
				return false
			}
			next := int32(len(*t))
			*t = append(*t, trieNode{from: at, by: r, word: -1, made: pred})
			(*t)[at].to = slices.Insert((*t)[at].to, i, next)
		}
		at = (*t)[at].to[i]
	}
	(*t)[at].word = pred
	return true
}

func (t *wordTrie) find(at int32, r rune) (int, bool) {
	return slices.BinarySearchFunc((*t)[at].to, r, func(n int32, r rune) int { return cmp.Compare((*t)[n].by, r) })
}

// largest returns the predicate that the most states were made for.
func (t wordTrie) largest() int32 {
	var worst int32
	count := map[int32]int{}
	for _, n := range t[1:] {
		if count[n.made]++; count[n.made] > count[worst] {
			worst = n.made
		}
	}
	return worst
}

// overlay is a product of the words with the automaton of the typed words in
// progress. Every state of the trie is reached by one text and so in one state
// of d: the product has as many states as both together.
type overlay struct {
	words wordTrie
	d     *dfa
	typed []int32 // the predicate of each one of d
	abc   *alphabet
	below []uint16 // of each class of abc, the class of d.abc
	out   *dfa
	ids   []uint32 // of each state of d off the trie, 0 is none yet
	pairs []overlayPair
	accID map[[2]int32]int32
}

// overlayPair is a state of the product: of d, and of the trie.
type overlayPair struct{ d, word int32 }

// over returns the automaton of d and the words together, states in
// breadth-first order.
func (t wordTrie) over(d *dfa, typed []int32, b *bounds) (*dfa, error) {
	sets := d.abc.classes()
	for _, n := range t[min(2, len(t)):] {
		sets = append(sets, span(n.by, n.by))
	}
	slices.SortFunc(sets, func(x, y runeSet) int { return slices.Compare(x, y) })
	sets = slices.CompactFunc(sets, func(x, y runeSet) bool { return slices.Equal(x, y) })
	abc, _, err := newAlphabet(sets, &b.work)
	if err != nil {
		return nil, err
	}
	o := &overlay{
		words: t, d: d, typed: typed, abc: abc,
		below: make([]uint16, abc.n), ids: make([]uint32, d.states()),
		out:   &dfa{abc: abc, accepts: [][]int32{nil}},
		accID: map[[2]int32]int32{{0, -1}: 0},
	}
	for c := 1; c < abc.n; c++ {
		o.below[c] = d.abc.classOf(abc.rep[c])
	}
	return o.out, o.run(b)
}

func (o *overlay) run(b *bounds) error {
	root := int32(0)
	if len(o.words) > 1 {
		root = 1
	}
	n := o.abc.n
	o.out.next = make([]uint32, 0, min(b.cells, n*(o.d.states()+len(o.words))))
	o.state(overlayPair{0, 0}, 0, 0)
	o.state(overlayPair{1, root}, 0, 0)
	behind := make([]int32, n) // by class, from the state of the trie
	for s := 1; s < len(o.pairs); s++ {
		if b.work -= n; b.work < 0 || len(o.out.next) > b.cells {
			return errBudget
		}
		at := o.pairs[s]
		for _, to := range o.words[at.word].to {
			behind[o.abc.classOf(o.words[to].by)] = to
		}
		for c := 1; c < n; c++ {
			to := overlayPair{int32(o.d.next[int(at.d)*o.d.abc.n+int(o.below[c])]), behind[c]}
			if to == (overlayPair{}) {
				continue
			}
			id := o.ids[to.d]
			if to.word != 0 || id == 0 {
				if len(o.pairs) >= b.states {
					return errStates
				}
				id = o.state(to, uint32(s), uint16(c))
			}
			o.out.next[s*n+c] = id
		}
		for _, to := range o.words[at.word].to {
			behind[o.abc.classOf(o.words[to].by)] = 0
		}
	}
	return nil
}

// state adds a state to the product.
func (o *overlay) state(p overlayPair, parent uint32, by uint16) uint32 {
	id := uint32(len(o.pairs))
	o.pairs = append(o.pairs, p)
	if p.word == 0 {
		o.ids[p.d] = id
	}
	key := [2]int32{o.d.accept[p.d], o.words[p.word].word}
	acc, ok := o.accID[key]
	if !ok {
		acc = int32(len(o.out.accepts))
		o.accID[key] = acc
		var preds []int32
		for _, a := range o.d.accepts[key[0]] {
			preds = append(preds, o.typed[a])
		}
		if key[1] >= 0 {
			preds = append(preds, key[1])
		}
		slices.Sort(preds)
		o.out.accepts = append(o.out.accepts, preds)
	}
	o.out.accept = append(o.out.accept, acc)
	o.out.from, o.out.by = append(o.out.from, parent), append(o.out.by, by)
	o.out.next = append(o.out.next, make([]uint32, o.abc.n)...)
	return id
}
