package argv

// captures returns the values of the placeholders of w in tok, which w is
// known to accept; Arg is left to the caller.
// It takes what it does from work.
func (w *word) captures(tok string, work *int) ([]Capture, error) {
	g := w.graph
	if g == nil {
		return nil, nil
	}
	if g.only != nil {
		end := len(tok) - g.post
		if g.pre > end {
			return nil, ErrNoMatch
		}
		return []Capture{{Name: g.only.Name, Type: g.only.Type, Same: g.only.Same, Value: tok[g.pre:end], Start: g.pre, End: end}}, nil
	}
	r := &reader{g: g, dfa: func(t *Type) *dfa { return t.dfa }, work: work}
	if !r.read(tok) {
		if *work < 0 {
			return nil, ErrAmbiguous
		}
		return nil, ErrNoMatch
	}
	n := len(r.layers) * int(g.points)
	if *work -= n / 64; *work < 0 { // bytes that are cleared
		return nil, ErrAmbiguous
	}
	b := &back{
		reader: r, points: make([]usefulness, n), places: make([]usefulness, len(r.items)),
		tails: map[spot]*tail{}, entries: map[int32]int{},
	}
	t, err := b.tail(0, 0)
	if err != nil {
		return nil, err
	}
	var out []Capture
	for ; t != nil; t = t.rest {
		t.c.Value = tok[t.c.Start:t.c.End]
		out = append(out, t.c)
	}
	return out, nil
}

// back walks the readings of a reader from their end, over those places only
// from which the end can be reached. Whatever is reachable on both sides is
// part of a reading, so two different tails anywhere are two readings.
type back struct {
	*reader
	points  []usefulness // at layer*g.points + point
	places  []usefulness // of each item
	tails   map[spot]*tail
	entries map[int32]int // of each placeholder, the tails that begin with it
}

// usefulness says whether the end can be reached. The zero value is not known.
type usefulness uint8

const (
	useless usefulness = iota + 1
	useful
)

func usefulIf(yes bool) usefulness {
	if yes {
		return useful
	}
	return useless
}

// spot is a point of a layer.
type spot struct {
	layer int
	point int32
}

// tail is the captures from a point to the end.
type tail struct {
	c    Capture
	rest *tail
}

// same reports whether a guard would do the same for c and o.
func (c Capture) same(o Capture) bool {
	return c.Name == o.Name && c.Same == o.Same && c.Arg == o.Arg && c.Start == o.Start && c.End == o.End && c.Type.same(o.Type)
}

func (t *tail) equal(o *tail) bool {
	for ; t != nil && o != nil; t, o = t.rest, o.rest {
		if t == o {
			return true
		}
		if !t.c.same(o.c) {
			return false
		}
	}
	return t == o
}

// pointUseful reports whether the end can be reached from p in layer k.
func (b *back) pointUseful(k int, p int32) bool {
	if p == b.g.points-1 {
		return k == len(b.layers)-1
	}
	memo := &b.points[k*int(b.g.points)+int(p)]
	if *memo != 0 {
		return *memo == useful
	}
	u := false
	for _, e := range b.g.out[p] {
		edge := &b.g.edges[e]
		if edge.empty {
			u = u || b.pointUseful(k, edge.to)
		} else {
			u = u || b.itemUseful(k, b.first(k, e))
		}
	}
	*memo = usefulIf(u)
	return u
}

// first returns the item with which a reading enters e in layer k.
func (b *back) first(k int, e int32) int32 {
	if b.g.edges[e].hole != nil {
		return b.find(k, item{e, 1})
	}
	return b.find(k, item{e, 0})
}

// itemUseful reports whether the end can be reached from item i of layer k.
func (b *back) itemUseful(k int, i int32) bool {
	if memo := b.places[i]; memo != 0 {
		return memo == useful
	}
	u := b.atEnd(b.items[i]) && b.pointUseful(k, b.g.edges[b.items[i].edge].to) ||
		b.next[i] >= 0 && b.itemUseful(k+1, b.next[i])
	b.places[i] = usefulIf(u)
	return u
}

// maxEntries is at how many places one placeholder may begin before the token
// counts as ambiguous. Without it two unbounded neighbours would cost the
// square of the token's length.
const maxEntries = 16

// tail returns the captures from the useful point p in layer k to the end.
func (b *back) tail(k int, p int32) (*tail, error) {
	if p == b.g.points-1 {
		return nil, nil
	}
	at := spot{k, p}
	if t, ok := b.tails[at]; ok {
		return t, nil
	}
	var found *tail
	some := false
	for _, e := range b.g.out[p] {
		t, ok, err := b.through(k, e)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if some && !t.equal(found) {
			return nil, ErrAmbiguous
		}
		found, some = t, true
	}
	b.tails[at] = found
	return found, nil
}

// through returns the captures from the start of edge e in layer k. ok is
// false when no reading goes that way.
func (b *back) through(k int, e int32) (t *tail, ok bool, err error) {
	edge := &b.g.edges[e]
	if edge.empty {
		if !b.pointUseful(k, edge.to) {
			return nil, false, nil
		}
		t, err = b.tail(k, edge.to)
		return t, true, err
	}
	i := b.first(k, e)
	if !b.itemUseful(k, i) {
		return nil, false, nil
	}
	if edge.hole != nil {
		if b.entries[e]++; b.entries[e] > maxEntries {
			return nil, false, ErrAmbiguous
		}
	}
	exit := -1
	for n := k; i >= 0; n++ {
		if b.atEnd(b.items[i]) && b.pointUseful(n, edge.to) {
			if exit >= 0 {
				return nil, false, ErrAmbiguous
			}
			exit = n
		}
		i = b.next[i]
	}
	rest, err := b.tail(exit, edge.to)
	if err != nil || edge.hole == nil {
		return rest, true, err
	}
	c := Capture{Name: edge.hole.Name, Type: edge.hole.Type, Same: edge.hole.Same, Start: b.layers[k].offset, End: b.layers[exit].offset}
	return &tail{c, rest}, true, nil
}
