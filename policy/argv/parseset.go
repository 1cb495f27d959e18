package argv

// maxCombinations bounds how many states a set takes: one for each way in which
// its members can have been given so far, as many as maxSet plain members have.
const maxCombinations = 1 << maxSet

// set reads { }.
func (p *parser) set() (*node, error) {
	n := &node{op: opSet, most: 1}
	open := p.i
	states := 1
	var err error
	n.alts, _, err = p.alternatives('}', func(s seq) error {
		m, err := p.member(s)
		if err != nil {
			return err
		}
		if n.members = append(n.members, m); len(n.members) > maxSet {
			return p.errorf(p.i, "G-SETSIZE", `"[a|b|...]..." instead`, "a set of more than %d members", maxSet)
		}
		if states *= m.counts(); states > maxCombinations {
			return p.errorf(open, "G-SETSIZE", `smaller numbers behind "...", or none`,
				"the members of this set can be given in more than %d ways, orders not counted", maxCombinations)
		}
		return nil
	})
	return n, err
}

// counts is how many numbers of occurrences are told apart. Without a bound
// all that matters is whether a member that must occur did.
func (m member) counts() int {
	switch {
	case m.most > 0:
		return m.most + 1
	case m.need:
		return 2
	}
	return 1
}

// member reads what stands behind the items s of a member: "!" for one that
// must occur, and "..." for one that may repeat. A "..." that touches the last
// item is the member's, since {-v...|-q} has no use for a -v that may repeat in
// one place only; "(-v...)" says that.
func (p *parser) member(s seq) (member, error) {
	m := member{most: 1}
	at, repeats := p.i, false
	if n := len(s); n > 0 && s[n-1].most != 1 {
		m.most, repeats = s[n-1].most, true
		s[n-1].most = 1
	}
	if p.peek() == '!' {
		m.need = true
		p.i++
	}
	if p.dots() { // behind a "!": every other one touches an item
		if repeats {
			return m, p.errorf(p.i, "G-PARSE", "", `"..." for the second time`)
		}
		var err error
		if m.most, err = p.count(); err != nil {
			return m, err
		}
	}
	for p.peek() == ' ' {
		p.i++
	}
	if s.nullable() {
		return m, p.errorf(at, "G-NULLREP", "", "a member of a set that may be no argument at all")
	}
	return m, nil
}
