package argv

import (
	"cmp"
	"slices"
	"strings"
)

// lexer maps a token to its class: the set of words of a program that accept
// it. Class 0 is no word at all. Two tokens of one class can stand for each
// other everywhere.
type lexer struct {
	dfa   *dfa // the accept sets are the classes
	preds []predicate
	// classes are, for each predicate, the classes that it accepts.
	classes [][]int32
	// masks are, for each class, its predicates as bits.
	masks [][]uint64
	// first is, for each class, the first state in it.
	first []uint32
}

// predicate is the language of a word, or what abbreviates a word of it.
type predicate struct {
	word   *word
	prefix bool    // the strings with which those of word begin, but for ""
	ref    LineRef // where it was seen first
}

// numbering is the predicates of rules, equal ones once.
type numbering struct {
	preds []predicate
	ids   map[predicateKey]int32
}

type predicateKey struct {
	key    string
	prefix bool
}

// id returns the number of w, or of what abbreviates it.
func (n *numbering) id(w *word, prefix bool, ref LineRef) int32 {
	k := predicateKey{w.key, prefix}
	id, ok := n.ids[k]
	if !ok {
		id = int32(len(n.preds))
		n.ids[k] = id
		n.preds = append(n.preds, predicate{w, prefix, ref})
	}
	return id
}

// newLexer builds the lexer of preds. On an error, the LineRef is the line to
// blame.
func (c *Compiler) newLexer(preds []predicate, b *bounds) (*lexer, LineRef, error) {
	words := wordTrie{{word: -1}}
	var typed []int32
	for i, p := range preds {
		switch units := p.word.units; {
		case !p.prefix && len(units) == 1 && units[0].op == unitLit:
			if !words.add(units[0].text, int32(i), b.states) {
				return nil, p.ref, errStates
			}
		default:
			typed = append(typed, int32(i))
		}
	}
	d, worst, err := c.typed(preds, typed, b)
	if err == nil {
		worst = words.largest()
		d, err = words.over(d, typed, b)
	}
	if err != nil {
		ref := LineRef{}
		if int(worst) < len(preds) {
			ref = preds[worst].ref
		}
		return nil, ref, err
	}
	x := &lexer{
		dfa: d, preds: preds,
		classes: make([][]int32, len(preds)),
		first:   make([]uint32, len(d.accepts)),
	}
	for c, acc := range d.accepts {
		mask := make([]uint64, (len(preds)+63)/64)
		for _, p := range acc {
			x.classes[p] = append(x.classes[p], int32(c))
			mask[p/64] |= 1 << (p % 64)
		}
		x.masks = append(x.masks, mask)
	}
	for s := d.states() - 1; s > 0; s-- {
		x.first[d.accept[s]] = uint32(s)
	}
	return x, LineRef{}, nil
}

// typed returns the automaton of the words that are more than a literal; its
// predicates count within typed. On an error the int is the predicate with the
// largest part in it.
func (c *Compiler) typed(preds []predicate, typed []int32, b *bounds) (*dfa, int32, error) {
	slices.SortFunc(typed, func(x, y int32) int {
		return cmp.Or(strings.Compare(preds[x].word.key, preds[y].word.key), btoi(preds[x].prefix)-btoi(preds[y].prefix))
	})
	var key strings.Builder
	for _, p := range typed {
		// A key is a sequence of quoted texts: it holds no NUL.
		key.WriteString(preds[p].word.key)
		key.WriteByte(0)
		if preds[p].prefix {
			key.WriteByte(0)
		}
	}
	if d := c.lexers[key.String()]; d != nil {
		return d, 0, nil
	}
	n := newNFA(maxLexerNodes)
	for i, p := range typed {
		n.owner = int32(i)
		s, err := n.linked(0)
		end := s
		if err == nil {
			end, err = n.units(s, preds[p].word.units)
		}
		if err != nil {
			return nil, p, err
		}
		if !preds[p].prefix {
			n.nodes[end].accept = int32(i) + 1
			continue
		}
		// From every state of a word its end can be reached: what stands behind
		// a rune is behind a prefix.
		for at := int(s); at < len(n.nodes); at++ {
			for _, e := range n.nodes[at].edges {
				n.nodes[e.to].accept = int32(i) + 1
			}
		}
	}
	n.owner = 0
	d, worst, err := determinize(n, max(len(typed), 1), nil, b)
	switch {
	case err != nil && len(typed) > 0:
		return nil, typed[worst], err
	case err != nil:
		return nil, 0, err
	}
	if c.cells += len(d.next); c.cells <= maxLexerCells {
		c.lexers[key.String()] = d
	}
	return d, 0, nil
}

// units adds the units of a word behind from and returns the state behind
// them.
func (n *nfa) units(from int32, units []unit) (int32, error) {
	var err error
	for _, u := range units {
		switch u.op {
		case unitLit:
			from, err = n.expr(from, eLit(u.text))
		case unitPlace:
			from, err = n.dfa(from, u.hole.Type.dfa)
		case unitGroup, unitOpt:
			alts := u.alts
			if u.op == unitOpt {
				alts = append(slices.Clone(alts), nil)
			}
			from, err = n.alt(from, len(alts), func(s int32, i int) (int32, error) {
				return n.units(s, alts[i])
			})
		}
		if err != nil {
			return 0, err
		}
	}
	return from, nil
}

// class returns the class of tok. It takes one step for each byte.
func (x *lexer) class(tok string) int32 {
	if len(tok) > MaxTokenBytes {
		return 0
	}
	return x.dfa.accept[x.dfa.run(tok)]
}

// has reports whether the tokens of class c are in predicate p.
func (x *lexer) has(c, p int32) bool { return x.masks[c][p/64]&(1<<(p%64)) != 0 }
