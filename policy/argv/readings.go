package argv

import (
	"errors"
	"math"
	"slices"
)

// ErrUnproved means that a question about readings took more work than it was
// given. It says nothing about the answer.
var ErrUnproved = errors.New("the proof takes too much work")

// Readings answers whether two ways of reading one request differ in what a
// guard would check. It is for one goroutine.
type Readings struct {
	m    *Matcher
	work *int
}

// Readings returns the readings of m. work is how many elementary steps its
// questions may take together; they are counted down.
func (m *Matcher) Readings(work *int) *Readings { return &Readings{m: m, work: work} }

// Differ returns a shortest request that the lines a and b both accept and read
// with different captures, and nil when there is none. a and b may be the same
// line, which then reads the request in two ways. label says what counts: two
// captures are the same when they have the same bytes and the same label, and
// those with an empty label are left out. Differ is exact: the request is such
// a request, and nil is a proof. It returns ErrUnproved when it gave up.
func (x *Readings) Differ(a, b LineRef, label func(Placeholder) string) ([]string, error) {
	m := x.m
	if m.Start() == 0 || !m.hasLine(a) || !m.hasLine(b) {
		return nil, nil
	}
	s := &differ{
		m: m, a: a, b: b, work: x.work,
		words: &wordDiffer{lex: m.lex, label: label, memo: map[wordPair]string{}},
		seen:  map[pairState]bool{},
	}
	s.words.work = s.work
	// The work of the questions is counted by x.work: a front is always whole.
	s.walk = m.walker(math.MaxInt)
	defer s.walk.done()
	s.startA = s.walk.front(m.nfa.starts[a.Rule : a.Rule+1])
	s.startB = s.walk.front(m.nfa.starts[b.Rule : b.Rule+1])
	return s.search()
}

func (m *Matcher) hasLine(ref LineRef) bool { return ref.Rule >= 0 && ref.Rule < m.rules }

// differ walks two readings of one request side by side.
type differ struct {
	m      *Matcher
	a, b   LineRef
	work   *int
	words  *wordDiffer
	walk   *walker
	startA front
	startB front
	seen   map[pairState]bool
	queue  []pairNode
}

// pairState is a state of the product: the automaton's, which knows the
// keywords that are reserved; where the readings are; whether they differ.
type pairState struct {
	s        State
	a, b     int32 // states of the NFA behind the last word
	differed bool
}

type pairNode struct {
	pairState
	frontA, frontB front // of the whole rules, for the keywords
	from           int   // in queue
	tok            string
	depth          int
}

func (s *differ) search() ([]string, error) {
	s.put(pairNode{
		pairState: pairState{s.m.Start(), s.m.nfa.starts[s.a.Rule], s.m.nfa.starts[s.b.Rule], false},
		frontA:    s.startA, frontB: s.startB, from: -1,
	})
	for i := 0; i < len(s.queue); i++ {
		n := s.queue[i]
		ownA, ownB := s.walk.front([]int32{n.a}), s.walk.front([]int32{n.b})
		if n.differed && s.m.ends(ownA, s.a) && s.m.ends(ownB, s.b) {
			return s.request(i), nil
		}
		if n.depth == MaxTokens-1 {
			continue
		}
		var err error
		s.m.Steps(n.s, func(c Class, to State) bool {
			err = s.step(i, n, int32(c), to, ownA, ownB)
			return err == nil
		})
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// ends reports whether the line ref ends in f.
func (m *Matcher) ends(f front, ref LineRef) bool {
	return slices.ContainsFunc(f, func(q int32) bool {
		return m.nfa.nodes[q].op == stAccept && m.nfa.nodes[q].ref == ref
	})
}

// step follows both readings of n over the class c.
func (s *differ) step(i int, n pairNode, c int32, to State, ownA, ownB front) error {
	if *s.work -= 1 + len(ownA) + len(ownB); *s.work < 0 {
		return ErrUnproved
	}
	stepsA := s.own(n.frontA, ownA, c, s.a)
	if len(stepsA) == 0 {
		return nil
	}
	stepsB := s.own(n.frontB, ownB, c, s.b)
	if len(stepsB) == 0 {
		return nil
	}
	*s.work -= len(n.frontA) + len(n.frontB)
	frontA := s.walk.behind(s.m.follow(n.frontA, c))
	frontB := s.walk.behind(s.m.follow(n.frontB, c))
	for _, p := range stepsA {
		for _, q := range stepsB {
			next := pairNode{
				pairState: pairState{to, s.m.nfa.nodes[p].to, s.m.nfa.nodes[q].to, n.differed},
				frontA:    frontA, frontB: frontB, from: i, depth: n.depth + 1,
			}
			if !n.differed {
				tok, differ, err := s.words.differ(s.m.nfa.nodes[p].word, s.m.nfa.nodes[q].word, c)
				if err != nil {
					return err
				}
				next.tok, next.differed = tok, differ
			}
			if next.tok == "" && !(next.differed && !n.differed) {
				next.tok, _ = s.m.Witness(Class(c))
			}
			s.put(next)
		}
	}
	return nil
}

// own returns the states of the line ref in f whose word takes a token of
// class c, as the keywords of its whole rule let it.
func (s *differ) own(whole, f front, c int32, ref LineRef) []int32 {
	var out []int32
	for _, q := range f {
		node := &s.m.nfa.nodes[q]
		if node.op == stWord && node.ref == ref && s.m.lex.has(c, node.pred) {
			out = append(out, q)
		}
	}
	if len(out) == 0 {
		return nil
	}
	reserved := slices.ContainsFunc(whole, func(q int32) bool {
		node := &s.m.nfa.nodes[q]
		return node.op == stWord && node.word.keyword && s.m.lex.has(c, node.pred)
	}) || s.m.abbreviates(whole, c)
	if !reserved {
		return out
	}
	return slices.DeleteFunc(out, func(q int32) bool { return !s.m.nfa.nodes[q].word.keyword })
}

func (s *differ) put(n pairNode) {
	if !s.seen[n.pairState] {
		s.seen[n.pairState] = true
		s.queue = append(s.queue, n)
	}
}

func (s *differ) request(i int) []string {
	args := []string{}
	for ; s.queue[i].from >= 0; i = s.queue[i].from {
		args = append(args, s.queue[i].tok)
	}
	slices.Reverse(args)
	return args
}
