package argv

// wordOp is what a state of a wordNFA is.
type wordOp uint8

const (
	stEmpty  wordOp = iota // steps without a token
	stWord                 // a step on a token
	stAccept               // the line ends here
	stValue                // as stEmpty, behind a keyword with a value: Keywords.Valued
)

// wordNode is a state of a wordNFA.
type wordNode struct {
	op   wordOp
	pred int32 // of stWord
	// prefix is the predicate of what abbreviates a keyword, or -1.
	prefix int32
	to     int32 // of stWord
	word   *word
	ref    LineRef
	out    []int32 // of stEmpty
	set    *node   // of a state between the members of a set ...
	used   uint16  // ... the members that were given as often as they may be
}

// wordNFA is the lines of a program's rules over tokens. The states of a rule
// are one stretch of numbers.
type wordNFA struct {
	nodes  []wordNode
	starts []int32 // of each rule
	union  []bool  // of each rule, Rule.Union
	// short are, of each rule, what it says of abbreviations; nil for nothing.
	short []*shortening
	preds numbering
	limit int
	ref   LineRef // of the states that are built now
	// nested is, of each line with a nested command, the step over its program.
	// The states behind it have higher numbers, those in front of it lower ones.
	nested map[LineRef]int32
}

// newWordNFA builds the automaton of rules and numbers the predicates of their
// words. On an error, ref of the result is the line to blame.
func newWordNFA(rules []Rule, limit int) (*wordNFA, error) {
	n := &wordNFA{preds: numbering{ids: map[predicateKey]int32{}}, limit: limit, nested: map[LineRef]int32{}}
	for r, rule := range rules {
		n.ref = LineRef{r, 0}
		n.short = append(n.short, n.shortening(rule))
		start, err := n.node(wordNode{})
		if err != nil {
			return n, err
		}
		n.starts = append(n.starts, start)
		n.union = append(n.union, rule.Union)
		for l, line := range rule.Lines {
			n.ref = LineRef{r, l + 1}
			end, err := n.seq(start, line.seq)
			if err != nil {
				return n, err
			}
			acc, err := n.node(wordNode{op: stAccept})
			if err != nil {
				return n, err
			}
			n.link(end, acc)
		}
	}
	return n, nil
}

func (n *wordNFA) node(w wordNode) (int32, error) {
	if len(n.nodes) >= n.limit {
		return 0, errPositions
	}
	w.ref = n.ref
	n.nodes = append(n.nodes, w)
	return int32(len(n.nodes) - 1), nil
}

func (n *wordNFA) link(from, to int32) { n.nodes[from].out = append(n.nodes[from].out, to) }

// linked adds an empty state behind from.
func (n *wordNFA) linked(from int32) (int32, error) {
	s, err := n.node(wordNode{})
	if err == nil {
		n.link(from, s)
	}
	return s, err
}

// seq adds s behind from, an empty state, and returns the empty state behind
// it. It never adds a step back to from.
func (n *wordNFA) seq(from int32, s seq) (int32, error) {
	for _, item := range s {
		var err error
		if item.most == 1 {
			from, err = n.once(from, item)
		} else {
			from, err = n.repeated(from, item)
		}
		if err != nil {
			return 0, err
		}
	}
	return from, nil
}

// repeated adds item up to item.most times.
func (n *wordNFA) repeated(from int32, item *node) (int32, error) {
	inner := *item
	inner.most = 1
	end, err := n.node(wordNode{})
	if err != nil {
		return 0, err
	}
	if item.op == opOpt { // [x]... is [x...]
		inner.op = opGroup
		n.link(from, end)
	}
	if item.most == 0 {
		if from, err = n.linked(from); err != nil {
			return 0, err
		}
		back, err := n.once(from, &inner)
		if err != nil {
			return 0, err
		}
		n.link(back, from)
		n.link(back, end)
		return end, nil
	}
	for range item.most {
		if from, err = n.once(from, &inner); err != nil {
			return 0, err
		}
		n.link(from, end)
	}
	return end, nil
}

// once adds item, without regard to its repetition.
func (n *wordNFA) once(from int32, item *node) (int32, error) {
	switch item.op {
	case opWord:
		behind, prefix := n.keyword(item.word)
		to, err := n.node(wordNode{op: behind})
		if err != nil {
			return 0, err
		}
		step, err := n.node(wordNode{
			op: stWord, word: item.word, pred: n.preds.id(item.word, false, n.ref), prefix: prefix, to: to,
		})
		if err != nil {
			return 0, err
		}
		n.link(from, step)
		if _, again := n.nested[n.ref]; item.word.isCommand() && !again {
			n.nested[n.ref] = step
		}
		return to, nil
	case opSet:
		return n.set(from, item)
	case opGroup, opOpt:
	}
	end, err := n.node(wordNode{})
	if err != nil {
		return 0, err
	}
	if item.op == opOpt {
		n.link(from, end)
	}
	for _, alt := range item.alts {
		s, err := n.linked(from)
		if err != nil {
			return 0, err
		}
		e, err := n.seq(s, alt)
		if err != nil {
			return 0, err
		}
		n.link(e, end)
	}
	return end, nil
}
