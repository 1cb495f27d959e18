package argv

import "slices"

// minimize returns the smallest DFA with the language of d, states in
// breadth-first order and edges filled in. A type is minimized once and then
// copied into many lexers, which multiply whatever is left in it.
func (d *dfa) minimize() *dfa {
	block := d.refine()
	m := &dfa{abc: d.abc, accepts: d.accepts}
	// Number the blocks from the start; block 0 is the dead one.
	final := map[int32]uint32{block[0]: 0}
	rep := []uint32{0}
	m.from, m.by = append(m.from, 0), append(m.by, 0)
	if block[1] == block[0] { // the language is empty
		rep = append(rep, 0)
		m.from, m.by = append(m.from, 0), append(m.by, 0)
	} else {
		final[block[1]] = 1
		rep = append(rep, 1)
		m.from, m.by = append(m.from, 0), append(m.by, 0)
	}
	n := d.abc.n
	for s := 0; s < len(rep); s++ {
		m.accept = append(m.accept, d.accept[rep[s]])
		for c := range n {
			b := block[d.next[int(rep[s])*n+c]]
			to, ok := final[b]
			if !ok {
				to = uint32(len(rep))
				final[b] = to
				rep = append(rep, d.next[int(rep[s])*n+c])
				m.from, m.by = append(m.from, uint32(s)), append(m.by, uint16(c))
			}
			m.next = append(m.next, to)
		}
	}
	m.join()
	return m
}

// refine returns the block of each state under Hopcroft's algorithm: two
// states share a block when no string tells them apart.
func (d *dfa) refine() []int32 {
	count, n := d.states(), d.abc.n
	// preds of each class, by target, as one slice with offsets.
	off := make([]int32, n*(count+1)+1)
	for s := range count {
		for c := range n {
			off[c*count+int(d.next[s*n+c])+1]++
		}
	}
	for i := 1; i < len(off); i++ {
		off[i] += off[i-1]
	}
	pred := make([]int32, count*n)
	fill := slices.Clone(off)
	for s := range count {
		for c := range n {
			at := c*count + int(d.next[s*n+c])
			pred[fill[at]] = int32(s)
			fill[at]++
		}
	}
	p := newPartition(d.accept)
	type split struct{ block, class int32 }
	var todo []split
	for b := range p.first {
		for c := range n {
			todo = append(todo, split{int32(b), int32(c)})
		}
	}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		// A copy, because marking moves elements, also those of this block.
		splitter := slices.Clone(p.elem[p.first[w.block]:p.end[w.block]])
		for _, e := range splitter {
			at := int(w.class)*count + int(e)
			for _, s := range pred[off[at]:off[at+1]] {
				p.mark(s)
			}
		}
		// The smaller half goes on the list. When the old block is still on
		// it, that entry stands for the larger half, whichever that is.
		for _, b := range p.split() {
			for c := range n {
				todo = append(todo, split{b, int32(c)})
			}
		}
	}
	return p.block
}

// partition of the numbers below n, with the elements of a block side by side.
type partition struct {
	elem, at   []int32 // elem[at[s]] == s
	block      []int32 // of each element
	first, end []int32 // of each block, in elem
	marked     []int32 // of each block, how many of its first elements
	touched    []int32 // blocks with a mark
}

// newPartition puts the elements with equal keys in one block.
func newPartition(keys []int32) *partition {
	p := &partition{at: make([]int32, len(keys)), block: make([]int32, len(keys))}
	byKey := map[int32][]int32{}
	var order []int32
	for s, k := range keys {
		if _, ok := byKey[k]; !ok {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], int32(s))
	}
	for b, k := range order {
		p.first = append(p.first, int32(len(p.elem)))
		for _, s := range byKey[k] {
			p.at[s], p.block[s] = int32(len(p.elem)), int32(b)
			p.elem = append(p.elem, s)
		}
		p.end = append(p.end, int32(len(p.elem)))
		p.marked = append(p.marked, 0)
	}
	return p
}

// mark moves s, which is not marked, to the marked elements of its block.
func (p *partition) mark(s int32) {
	b := p.block[s]
	to := p.first[b] + p.marked[b]
	if p.marked[b] == 0 {
		p.touched = append(p.touched, b)
	}
	p.marked[b]++
	other := p.elem[to]
	p.elem[p.at[s]], p.at[other] = other, p.at[s]
	p.elem[to], p.at[s] = s, to
}

// split parts every block into its marked elements and the others, gives the
// smaller part a new number, and returns the new numbers.
func (p *partition) split() []int32 {
	var fresh []int32
	for _, b := range p.touched {
		mid := p.first[b] + p.marked[b]
		p.marked[b] = 0
		if mid == p.end[b] {
			continue
		}
		id := int32(len(p.first))
		lo, hi := p.first[b], mid
		if mid-lo <= p.end[b]-mid {
			p.first[b] = mid
		} else {
			lo, hi = mid, p.end[b]
			p.end[b] = mid
		}
		p.first, p.end, p.marked = append(p.first, lo), append(p.end, hi), append(p.marked, 0)
		for i := lo; i < hi; i++ {
			p.block[p.elem[i]] = id
		}
		fresh = append(fresh, id)
	}
	p.touched = p.touched[:0]
	return fresh
}

// join fills in sets and edges: for each state and target, the runes that lead
// there.
func (d *dfa) join() {
	ranges := d.abc.classes()
	ids := map[string]int32{}
	d.edges = make([][]nfaEdge, d.states())
	for s := 1; s < d.states(); s++ {
		classes := map[uint32][]int32{}
		var targets []uint32
		for c := 1; c < d.abc.n; c++ {
			to := d.next[s*d.abc.n+c]
			if to == 0 {
				continue
			}
			if classes[to] == nil {
				targets = append(targets, to)
			}
			classes[to] = append(classes[to], int32(c))
		}
		for _, to := range targets {
			k := keyOf(classes[to])
			id, ok := ids[k]
			if !ok {
				id = int32(len(d.sets))
				ids[k] = id
				var all []runeSet
				for _, c := range classes[to] {
					all = append(all, ranges[c-1])
				}
				d.sets = append(d.sets, union(all...))
			}
			d.edges[s] = append(d.edges[s], nfaEdge{id, int32(to)})
		}
	}
}
