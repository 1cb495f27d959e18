package argv

import (
	"slices"
	"strings"
)

// wordPair is a question to a wordDiffer.
type wordPair struct {
	a, b  *word
	class int32
}

// wordDiffer finds tokens of a class that two words, or two readings of one
// word, give to their placeholders in different ways.
type wordDiffer struct {
	lex   *lexer
	label func(Placeholder) string
	work  *int
	memo  map[wordPair]string // "" for none, "=" and the token otherwise
}

// differ returns a token of class c that a and b, which both accept the class,
// capture differently.
func (d *wordDiffer) differ(a, b *word, c int32) (string, bool, error) {
	if a.graph == nil && b.graph == nil {
		return "", false, nil
	}
	if simple(a) && simple(b) {
		if d.fixed(a) == d.fixed(b) {
			return "", false, nil
		}
		return d.lex.dfa.witness(d.lex.first[c]), true, nil
	}
	key := wordPair{a, b, c}
	found, ok := d.memo[key]
	if !ok {
		var err error
		if found, err = d.search(a, b, c); err != nil {
			return "", false, err
		}
		d.memo[key] = found
	}
	if found == "" {
		return "", false, nil
	}
	return found[1:], true, nil
}

// simple reports whether the captures of w do not depend on the token.
func simple(w *word) bool { return w.graph == nil || w.graph.only != nil }

// capturePlace is what a simple word captures of any token.
type capturePlace struct {
	label     string
	pre, post int
}

func (d *wordDiffer) fixed(w *word) capturePlace {
	if w.graph == nil {
		return capturePlace{}
	}
	label := d.label(*w.graph.only)
	if label == "" {
		return capturePlace{}
	}
	return capturePlace{label, w.graph.pre, w.graph.post}
}

// readState is two readings of one token, after the same runes. Whether they
// differ is in what begins and ends between two runes: equal marks everywhere
// are equal captures.
type readState struct {
	lex      uint32
	a, b     item // edge < 0: in front of the token
	differed bool
}

// reading is where one can stand in front of the next rune or, with end
// set, behind the token, and the marks that it passed on its way.
type reading struct {
	at    item
	end   bool
	marks string
}

// maxReadings bounds the ways of one reading between two runes. Only words with
// many placeholders that can be empty come near it.
const maxReadings = 64

// search is breadth first over runes: its token is a shortest one.
func (d *wordDiffer) search(a, b *word, c int32) (string, error) {
	type link struct {
		from int
		by   rune
	}
	before := item{edge: -1}
	queue, links := []readState{{1, before, before, false}}, []link{{from: -1}}
	seen := map[readState]bool{queue[0]: true}
	abc := d.lex.dfa.abc
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		waysA, err := d.ways(a, s.a)
		if err != nil {
			return "", err
		}
		waysB, err := d.ways(b, s.b)
		if err != nil {
			return "", err
		}
		for _, p := range waysA {
			for _, q := range waysB {
				if *d.work -= abc.n; *d.work < 0 {
					return "", ErrUnproved
				}
				differed := s.differed || p.marks != q.marks
				if p.end && q.end {
					if differed && d.lex.dfa.accept[s.lex] == c {
						var rs []rune
						for at := i; links[at].from >= 0; at = links[at].from {
							rs = append(rs, links[at].by)
						}
						return "=" + reversed(rs), nil
					}
					continue
				}
				if p.end || q.end {
					continue
				}
				for k := 1; k < abc.n; k++ {
					r := abc.rep[k]
					next := readState{lex: d.lex.dfa.next[int(s.lex)*abc.n+k], differed: differed}
					var okA, okB bool
					if next.a, okA = a.move(p.at, r); !okA || next.lex == 0 {
						continue
					}
					if next.b, okB = b.move(q.at, r); okB && !seen[next] {
						seen[next] = true
						queue, links = append(queue, next), append(links, link{i, r})
					}
				}
			}
		}
	}
	return "", nil
}

func reversed(rs []rune) string {
	var b strings.Builder
	for _, r := range slices.Backward(rs) {
		b.WriteRune(r)
	}
	return b.String()
}

// move reads r at it.
func (w *word) move(it item, r rune) (item, bool) {
	if w.graph == nil {
		// A keyword has no captures: where it stands does not matter, since
		// the lexer's state holds the token to its language.
		return it, true
	}
	edge := &w.graph.edges[it.edge]
	if edge.hole != nil {
		it.state = edge.hole.Type.dfa.step(it.state, r)
		return it, it.state != 0
	}
	if int(it.state) >= len(edge.lit) || edge.lit[it.state] != r {
		return it, false
	}
	it.state++
	return it, true
}

// ways returns where a reading at it can stand before the next rune.
func (d *wordDiffer) ways(w *word, it item) ([]reading, error) {
	if w.graph == nil {
		return []reading{{at: it}, {end: true}}, nil
	}
	x := &waysOf{d: d, g: w.graph}
	if it.edge < 0 {
		x.point(0, "")
	} else {
		x.put(reading{at: it})
		x.leave(it, "")
	}
	if len(x.out) > maxReadings {
		return nil, ErrUnproved
	}
	return x.out, nil
}

type waysOf struct {
	d   *wordDiffer
	g   *graph
	out []reading
}

func (x *waysOf) put(r reading) {
	if !slices.Contains(x.out, r) {
		x.out = append(x.out, r)
	}
}

// point adds the ways from a point of the graph.
func (x *waysOf) point(p int32, marks string) {
	if len(x.out) > maxReadings {
		return
	}
	if p == x.g.points-1 {
		x.put(reading{end: true, marks: marks})
		return
	}
	for _, e := range x.g.out[p] {
		edge := &x.g.edges[e]
		switch {
		case edge.empty:
			x.point(edge.to, marks)
		case edge.hole != nil:
			first := item{e, 1}
			in := marks
			if label := x.d.label(*edge.hole); label != "" {
				in += "<" + label
			}
			x.put(reading{at: first, marks: in})
			x.leave(first, in)
		default:
			x.put(reading{at: item{e, 0}, marks: marks})
			x.leave(item{e, 0}, marks)
		}
	}
}

// leave adds the ways behind the edge of it, if it may end there.
func (x *waysOf) leave(it item, marks string) {
	edge := &x.g.edges[it.edge]
	switch {
	case edge.hole == nil:
		if int(it.state) < len(edge.lit) {
			return
		}
	case edge.hole.Type.dfa.accept[it.state] == 0:
		return
	default:
		if x.d.label(*edge.hole) != "" {
			marks += ">"
		}
	}
	x.point(edge.to, marks)
}
