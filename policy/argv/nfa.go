package argv

import "errors"

// Errors of a construction that would pass a bound. The caller turns them into
// a *TypeError or a *LimitError.
var (
	errPositions = errors.New("too many positions") // of an NFA
	errStates    = errors.New("too many states")    // of a DFA
	errBudget    = errors.New("too much work or memory")
)

// nfaEdge is a step on one rune of a set.
type nfaEdge struct {
	set int32 // index in nfa.sets
	to  int32
}

// nfaNode is a state of an nfa.
type nfaNode struct {
	edges []nfaEdge
	eps   []int32
	// accept is 1 + the predicate that ends here, 0 for none.
	accept int32
	// owner is the predicate the node was built for.
	owner int32
}

// nfa is an automaton over runes with empty steps, built by one goroutine.
type nfa struct {
	nodes []nfaNode
	sets  []runeSet
	ids   map[string]int32
	owner int32 // of the nodes that are built now
	limit int   // of nodes
}

// newNFA returns an automaton that has its start, the node 0, and at most limit
// nodes.
func newNFA(limit int) *nfa {
	return &nfa{nodes: make([]nfaNode, 1), ids: map[string]int32{}, limit: limit}
}

// setID interns s.
func (n *nfa) setID(s runeSet) int32 {
	k := s.key()
	id, ok := n.ids[k]
	if !ok {
		id = int32(len(n.sets))
		n.ids[k] = id
		n.sets = append(n.sets, s)
	}
	return id
}

// node adds a state.
func (n *nfa) node() (int32, error) {
	if len(n.nodes) >= n.limit {
		return 0, errPositions
	}
	n.nodes = append(n.nodes, nfaNode{owner: n.owner})
	return int32(len(n.nodes) - 1), nil
}

// linked adds a state with an empty step to it.
func (n *nfa) linked(from int32) (int32, error) {
	s, err := n.node()
	if err == nil {
		n.link(from, s)
	}
	return s, err
}

func (n *nfa) link(from, to int32) {
	n.nodes[from].eps = append(n.nodes[from].eps, to)
}

// expr adds e behind from and returns the state behind e.
func (n *nfa) expr(from int32, e expr) (int32, error) {
	switch e.op {
	case exprSet:
		to, err := n.node()
		if err != nil {
			return 0, err
		}
		if len(e.set) > 0 {
			n.nodes[from].edges = append(n.nodes[from].edges, nfaEdge{n.setID(e.set), to})
		}
		return to, nil
	case exprAlt:
		return n.alt(from, len(e.subs), func(s int32, i int) (int32, error) {
			return n.expr(s, e.subs[i])
		})
	case exprRep:
		return n.rep(from, e)
	case exprCat:
		var err error
		for _, sub := range e.subs {
			if from, err = n.expr(from, sub); err != nil {
				return 0, err
			}
		}
	}
	return from, nil
}

// alt adds count alternatives behind from and returns the state behind them.
// Each begins in a state of its own: a loop inside one must not lead into
// another.
func (n *nfa) alt(from int32, count int, build func(from int32, i int) (int32, error)) (int32, error) {
	end, err := n.node()
	if err != nil {
		return 0, err
	}
	for i := range count {
		s, err := n.linked(from)
		if err != nil {
			return 0, err
		}
		e, err := build(s, i)
		if err != nil {
			return 0, err
		}
		n.link(e, end)
	}
	return end, nil
}

// rep adds a repetition. Counts are written out; the limit on nodes bounds
// nested counts, and every round adds a node, so it ends.
func (n *nfa) rep(from int32, e expr) (int32, error) {
	end, err := n.node()
	if err != nil {
		return 0, err
	}
	round := func() error {
		s, err := n.linked(from)
		if err != nil {
			return err
		}
		from, err = n.expr(s, e.subs[0])
		return err
	}
	for range e.min {
		if err := round(); err != nil {
			return 0, err
		}
	}
	if e.max < 0 {
		loop, err := n.linked(from)
		if err != nil {
			return 0, err
		}
		back, err := n.expr(loop, e.subs[0])
		if err != nil {
			return 0, err
		}
		n.link(back, loop)
		n.link(loop, end)
		return end, nil
	}
	for i := e.min; i < e.max; i++ {
		n.link(from, end)
		if err := round(); err != nil {
			return 0, err
		}
	}
	n.link(from, end)
	return end, nil
}

// dfa adds a copy of d behind from and returns the state behind it.
func (n *nfa) dfa(from int32, d *dfa) (int32, error) {
	end, err := n.node()
	if err != nil {
		return 0, err
	}
	base := int32(len(n.nodes)) - 1 // state 1 of d is the next node
	for range d.states() - 1 {
		if _, err := n.node(); err != nil {
			return 0, err
		}
	}
	sets := make([]int32, len(d.sets))
	for i, s := range d.sets {
		sets[i] = n.setID(s)
	}
	for s := 1; s < d.states(); s++ {
		at := base + int32(s)
		for _, e := range d.edges[s] {
			n.nodes[at].edges = append(n.nodes[at].edges, nfaEdge{sets[e.set], base + e.to})
		}
		if d.accept[s] != 0 {
			n.link(at, end)
		}
	}
	n.link(from, base+1)
	return end, nil
}
