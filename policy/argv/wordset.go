package argv

// set adds one state for each way in which the members can have been given so
// far: how often is all that matters, not in which order. The number of a state
// is written with one digit a member, of base counts().
func (n *wordNFA) set(from int32, item *node) (int32, error) {
	end, err := n.node(wordNode{})
	if err != nil {
		return 0, err
	}
	total := 1
	for _, m := range item.members {
		total *= m.counts()
	}
	states := make([]int32, total)
	for i := range states {
		used, complete := given(item.members, i)
		if states[i], err = n.node(wordNode{set: item, used: used}); err != nil {
			return 0, err
		}
		if complete {
			n.link(states[i], end)
		}
	}
	n.link(from, states[0])
	for i := range states {
		used, _ := given(item.members, i)
		weight := 1
		for k, alt := range item.alts {
			m := item.members[k]
			digit := i / weight % m.counts()
			to := i
			if digit+1 < m.counts() {
				to += weight
			}
			weight *= m.counts()
			if used>>k&1 == 1 {
				continue
			}
			s, err := n.linked(states[i])
			if err != nil {
				return 0, err
			}
			e, err := n.seq(s, alt)
			if err != nil {
				return 0, err
			}
			n.link(e, states[to])
		}
	}
	return end, nil
}

// given reads the number of a state: which members were given as often as they
// may be, and whether all were that must be.
func given(members []member, state int) (used uint16, complete bool) {
	complete = true
	for k, m := range members {
		digit := state % m.counts()
		state /= m.counts()
		if m.most > 0 && digit == m.most {
			used |= 1 << k
		}
		if m.need && digit == 0 {
			complete = false
		}
	}
	return used, complete
}
