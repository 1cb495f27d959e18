package argv

import "slices"

// accepts reports whether the word of g takes tok when the types are what dfa
// says. It keeps no layers: it is for explanations, which need no captures. It
// takes its steps from work, and reports false when they are used up.
func (g *graph) accepts(tok string, dfa func(*Type) *dfa, work *int) bool {
	if g.only != nil {
		return g.acceptsOnly(tok, dfa, work)
	}
	if *work -= int(g.points); *work < 0 {
		return false
	}
	s := &scan{reader: reader{g: g, dfa: dfa, mark: make([]int32, g.points), work: work}}
	s.enter(0)
	for _, char := range tok {
		s.here, s.there = s.there, s.here[:0]
		s.turn++
		for _, it := range s.here {
			if it.advance(&s.reader, char) {
				s.put(it)
			}
		}
		if len(s.there) == 0 || *work < 0 {
			return false
		}
	}
	return s.mark[g.points-1] == s.turn+1
}

// acceptsOnly is accepts for one placeholder between literals.
func (g *graph) acceptsOnly(tok string, dfa func(*Type) *dfa, work *int) bool {
	end := len(tok) - g.post
	if *work -= 1 + len(tok)/8; *work < 0 || g.pre > end || !g.around(tok[:g.pre], tok[end:]) {
		return false
	}
	d := dfa(g.only.Type)
	return d.accept[d.run(tok[g.pre:end])] != 0
}

// around reports whether the only placeholder of g stands between pre and post.
func (g *graph) around(pre, post string) bool {
	for i := range g.edges {
		lit := string(g.edges[i].lit)
		switch {
		case g.edges[i].hole != nil:
			if pre != "" {
				return false
			}
			pre = post
		case len(lit) > len(pre) || pre[:len(lit)] != lit:
			return false
		default:
			pre = pre[len(lit):]
		}
	}
	return pre == ""
}

// scan is the set of places in a word at which a reading can stand.
type scan struct {
	reader
	here, there []item
	turn        int32 // one less than the mark of what is reached in it
}

func (s *scan) enter(p int32) {
	if s.mark[p] == s.turn+1 {
		return
	}
	s.mark[p] = s.turn + 1
	for _, e := range s.g.out[p] {
		switch edge := &s.g.edges[e]; {
		case edge.empty:
			s.enter(edge.to)
		case edge.hole != nil:
			s.put(item{e, 1})
		default:
			s.put(item{e, 0})
		}
	}
}

func (s *scan) put(it item) {
	if *s.work -= 1 + len(s.there)/4; *s.work < 0 || slices.Contains(s.there, it) {
		return
	}
	s.there = append(s.there, it)
	if s.atEnd(it) {
		s.enter(s.g.edges[it.edge].to)
	}
}
