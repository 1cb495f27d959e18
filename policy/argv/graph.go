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
	items  []item  // of all layers
	next   []int32 // of each item, its successor in the next layer, or -1
	mark   []int32 // of each point, the number of layers when it was reached
	work   *int
}

// maxItems bounds the work for the captures of a request, in items. Only words
// of several placeholders that can swap characters come near it: two of them
// take two or three items for a byte, and a request has 32 KiB.
const maxItems = 1 << 17

// layer is the readings in front of one rune, or at the end.
type layer struct {
	offset int // in bytes
	first  int // of its items
	index  map[item]int32
}

// small is how many items of a layer are looked through one by one; more of
// them get an index, and cost more.
const small = 16

// item is a place inside of an edge: runes of a literal, or a state of a type.
type item struct {
	edge  int32
	state uint32
}

// read runs s through g. It reports false when there is no reading, or when
// they take more than the work that is left.
func (r *reader) read(s string) bool {
	r.mark = make([]int32, r.g.points)
	r.layers = append(make([]layer, 0, len(s)+1), layer{})
	r.enter(0)
	for at, char := range s {
		if char == utf8.RuneError && s[at] != 0xef {
			return false
		}
		first, end := r.layers[len(r.layers)-1].first, len(r.items)
		if first == end || *r.work < 0 {
			return false
		}
		r.layers = append(r.layers, layer{offset: at + utf8.RuneLen(char), first: end})
		for i := first; i < end; i++ {
			if it := r.items[i]; it.advance(r, char) {
				r.next[i] = r.put(it)
			}
		}
	}
	return r.mark[r.g.points-1] == int32(len(r.layers)) && *r.work >= 0
}

// enter puts a reading at point p of the last layer.
func (r *reader) enter(p int32) {
	if r.mark[p] == int32(len(r.layers)) {
		return
	}
	r.mark[p] = int32(len(r.layers))
	for _, e := range r.g.out[p] {
		switch edge := &r.g.edges[e]; {
		case edge.empty:
			r.enter(edge.to)
		case edge.hole != nil:
			r.put(item{e, 1})
		default:
			r.put(item{e, 0})
		}
	}
}

// put puts it into the last layer and returns its index.
func (r *reader) put(it item) int32 {
	k := len(r.layers) - 1
	i := r.find(k, it)
	if i >= 0 || *r.work < 0 {
		return i
	}
	*r.work--
	i = int32(len(r.items))
	r.items, r.next = append(r.items, it), append(r.next, -1)
	if l := &r.layers[k]; len(r.items)-l.first > small {
		*r.work -= 3
		if l.index == nil {
			l.index = make(map[item]int32, 2*small)
			for j := l.first; j < len(r.items); j++ {
				l.index[r.items[j]] = int32(j)
			}
		}
		l.index[it] = i
	}
	if r.atEnd(it) {
		r.enter(r.g.edges[it.edge].to)
	}
	return i
}

// find returns the index of it in layer k, or -1.
func (r *reader) find(k int, it item) int32 {
	l := &r.layers[k]
	if l.index != nil {
		if i, ok := l.index[it]; ok {
			return i
		}
		return -1
	}
	end := len(r.items)
	if k+1 < len(r.layers) {
		end = r.layers[k+1].first
	}
	for i := l.first; i < end; i++ {
		if r.items[i] == it {
			return int32(i)
		}
	}
	return -1
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
