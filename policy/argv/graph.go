package argv

import "unicode/utf8"

// graph is a word for finding which bytes of a token each placeholder has. A
// word repeats nothing, so it is a graph without circles. Points are numbered
// so that every edge leads to a higher one; the word goes from 0 to the last.
type graph struct {
	points int32
	edges  []graphEdge
	out    [][]int32 // the edges that leave each point

	// only is the placeholder of a word that has just one, between pre and
	// post bytes of literal. Most words are like that, and need no search.
	only      *Placeholder
	pre, post int
}

// graphEdge is a unit: a literal, a placeholder, or nothing.
type graphEdge struct {
	from, to int32
	lit      []rune
	hole     *Placeholder
	empty    bool
}

// newGraph builds the graph of units.
func newGraph(units []unit) *graph {
	g := &graph{}
	g.add(units, g.point())
	pre := 0
	for i, u := range units {
		switch {
		case u.op == unitLit && g.only == nil:
			pre += len(u.text)
		case u.op == unitLit:
			g.post += len(u.text)
		case u.op == unitPlace && g.only == nil:
			g.only, g.pre = &units[i].hole, pre
		default:
			g.only = nil
			return g
		}
	}
	return g
}

func (g *graph) point() int32 {
	g.points++
	g.out = append(g.out, nil)
	return g.points - 1
}

func (g *graph) edge(e graphEdge) int32 {
	g.out[e.from] = append(g.out[e.from], int32(len(g.edges)))
	g.edges = append(g.edges, e)
	return e.to
}

// add puts units behind from and returns the point behind them.
func (g *graph) add(units []unit, from int32) int32 {
	for i := range units {
		u := &units[i]
		switch u.op {
		case unitLit:
			from = g.edge(graphEdge{from: from, to: g.point(), lit: []rune(u.text)})
		case unitPlace:
			from = g.edge(graphEdge{from: from, to: g.point(), hole: &u.hole})
		case unitGroup, unitOpt:
			var ends []int32
			for _, alt := range u.alts {
				ends = append(ends, g.add(alt, from))
			}
			if u.op == unitOpt {
				ends = append(ends, from)
			}
			to := g.point() // after the alternatives, to be higher than they are
			for _, e := range ends {
				g.edge(graphEdge{from: e, to: to, empty: true})
			}
			from = to
		}
	}
	return from
}

// reader is a run of all readings of a token through a graph at once, as in
// Pike's machine: one layer for each rune, and in it every place that a
// reading can have reached. Nothing is tried twice.
type reader struct {
	g      *graph
	dfa    func(*Type) *dfa // of a placeholder
	layers []layer
	items  int // of all layers
}

// maxItems bounds the memory of a reader. Only a word of several unbounded
// placeholders that can swap characters comes near it.
const maxItems = 1 << 19

// layer is the readings in front of one rune, or at the end.
type layer struct {
	offset int            // in bytes
	points map[int32]bool // reached
	index  map[item]int32 // of items
	items  []item
	next   []int32 // of each item, its successor in the next layer, or -1
}

// item is a place inside of an edge: runes of a literal, or a state of a type.
type item struct {
	edge  int32
	state uint32
}

// read runs s through g. It reports false when there is no reading, or when
// they take too much memory.
func (r *reader) read(s string) bool {
	r.layers = []layer{newLayer(0)}
	r.enter(0, 0)
	for at, char := range s {
		if char == utf8.RuneError && s[at] != 0xef {
			return false
		}
		k := len(r.layers) - 1
		if len(r.layers[k].items) == 0 || r.items > maxItems {
			return false
		}
		r.layers = append(r.layers, newLayer(at+utf8.RuneLen(char)))
		for i := range r.layers[k].items {
			r.layers[k].next[i] = r.step(k+1, r.layers[k].items[i], char)
		}
	}
	last := r.layers[len(r.layers)-1]
	return last.points[r.g.points-1] && r.items <= maxItems
}

func newLayer(offset int) layer {
	return layer{offset: offset, points: map[int32]bool{}, index: map[item]int32{}}
}

// enter puts a reading at point p of layer k.
func (r *reader) enter(k int, p int32) {
	if r.layers[k].points[p] {
		return
	}
	r.layers[k].points[p] = true
	for _, e := range r.g.out[p] {
		switch edge := &r.g.edges[e]; {
		case edge.empty:
			r.enter(k, edge.to)
		case edge.hole != nil:
			r.put(k, item{e, 1})
		default:
			r.put(k, item{e, 0})
		}
	}
}

// put puts it into layer k and returns its index.
func (r *reader) put(k int, it item) int32 {
	l := &r.layers[k]
	i, ok := l.index[it]
	if ok || r.items > maxItems {
		return i
	}
	i = int32(len(l.items))
	l.index[it] = i
	l.items, l.next = append(l.items, it), append(l.next, -1)
	r.items++
	if r.atEnd(it) {
		r.enter(k, r.g.edges[it.edge].to)
	}
	return i
}

// step moves it over char into layer k.
func (r *reader) step(k int, it item, char rune) int32 {
	if !it.advance(r, char) {
		return -1
	}
	return r.put(k, it)
}

// advance moves it over char within its edge. It reports false when it cannot.
func (it *item) advance(r *reader, char rune) bool {
	edge := &r.g.edges[it.edge]
	if edge.hole != nil {
		it.state = r.dfa(edge.hole.Type).step(it.state, char)
		return it.state != 0
	}
	if int(it.state) >= len(edge.lit) || edge.lit[it.state] != char {
		return false
	}
	it.state++
	return true
}

// atEnd reports whether the edge of it may end where it is.
func (r *reader) atEnd(it item) bool {
	edge := &r.g.edges[it.edge]
	if edge.hole != nil {
		return r.dfa(edge.hole.Type).accept[it.state] != 0
	}
	return int(it.state) == len(edge.lit)
}
