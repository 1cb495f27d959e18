package argv

import (
	"cmp"
	"slices"
)

// Meeting is a line of a Matcher and a request that it shares with another
// Matcher.
type Meeting struct {
	Ref     LineRef
	Request []string
}

// Meet returns, for each line of m that shares a request with a line of o, a
// shortest such request, ordered by line. It is what Requests answers for the
// rules of both in one Matcher, without building that: o can be compiled once
// and meet many. Its lines keep their own semantics. Meet returns ErrUnproved
// when it takes more than work elementary steps, which are counted down; the
// lines found by then are returned too.
func (m *Matcher) Meet(o *Matcher, work *int) ([]Meeting, error) {
	if m.Start() == 0 || o.Start() == 0 {
		return nil, nil
	}
	shared, err := shareTokens(m.lex, o.lex, work)
	if err != nil {
		return nil, err
	}
	found := map[LineRef][]string{}
	err = m.meetRequests(o, shared, found, work)
	out := make([]Meeting, 0, len(found))
	for ref, request := range found {
		out = append(out, Meeting{ref, request})
	}
	slices.SortFunc(out, func(a, b Meeting) int { return compareRefs(a.Ref, b.Ref) })
	return out, err
}

// sharedToken is a class of o that has a token of some class of m.
type sharedToken struct {
	class int32
	tok   string
}

// meetRequests searches the pairs of states that one request leads to.
func (m *Matcher) meetRequests(o *Matcher, shared [][]sharedToken, found map[LineRef][]string, work *int) error {
	type pair struct{ s, t State }
	type link struct {
		from int32
		tok  string
	}
	queue, links := []pair{{m.Start(), o.Start()}}, []link{{from: -1}}
	depth := []int32{0}
	seen := map[pair]bool{queue[0]: true}
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		if len(o.Accepting(p.t)) > 0 {
			for _, ref := range m.Accepting(p.s) {
				if _, ok := found[ref]; ok {
					continue
				}
				request := []string{}
				for at := int32(i); links[at].from >= 0; at = links[at].from {
					request = append(request, links[at].tok)
				}
				slices.Reverse(request)
				found[ref] = request
			}
		}
		if depth[i] == MaxTokens-1 {
			continue
		}
		m.Steps(p.s, func(c Class, to State) bool {
			*work -= 1 + len(shared[c])
			for _, x := range shared[c] {
				next := pair{to, State(o.dfa.step(int32(p.t), x.class))}
				if to > 0 && next.t > 0 && !seen[next] {
					seen[next] = true
					queue = append(queue, next)
					links = append(links, link{int32(i), x.tok})
					depth = append(depth, depth[i]+1)
				}
			}
			return *work >= 0
		})
		if *work < 0 {
			return ErrUnproved
		}
	}
	return nil
}

// shareTokens returns, for each class of a, the classes of b that it shares a
// token with, and a shortest such token of each.
func shareTokens(a, b *lexer, work *int) ([][]sharedToken, error) {
	runes := jointRunes(a.dfa.abc, b.dfa.abc)
	type link struct {
		from int32
		by   rune
	}
	type pair struct{ s, t uint32 }
	queue, links := []pair{{1, 1}}, []link{{from: -1}}
	seen := map[pair]bool{queue[0]: true}
	out := make([][]sharedToken, len(a.masks))
	met := map[[2]int32]bool{}
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		classes := [2]int32{a.dfa.accept[p.s], b.dfa.accept[p.t]}
		if classes[0] > 0 && classes[1] > 0 && !met[classes] {
			met[classes] = true
			var tok []rune
			for at := int32(i); links[at].from >= 0; at = links[at].from {
				tok = append(tok, links[at].by)
			}
			slices.Reverse(tok)
			out[classes[0]] = append(out[classes[0]], sharedToken{classes[1], string(tok)})
		}
		if *work -= len(runes); *work < 0 {
			return nil, ErrUnproved
		}
		for _, r := range runes {
			next := pair{
				a.dfa.next[int(p.s)*a.dfa.abc.n+int(r.a)],
				b.dfa.next[int(p.t)*b.dfa.abc.n+int(r.b)],
			}
			if next.s > 0 && next.t > 0 && !seen[next] {
				seen[next] = true
				queue, links = append(queue, next), append(links, link{int32(i), r.rep})
			}
		}
	}
	return out, nil
}

// jointRune is what two alphabets both take for one rune.
type jointRune struct {
	a, b uint16
	rep  rune
}

// jointRunes returns the pairs of classes that a rune can have in a and b, those
// that read best first. Runes in which either has no step are left out.
func jointRunes(a, b *alphabet) []jointRune {
	los := slices.Concat(a.los, b.los)
	slices.Sort(los)
	los = slices.Compact(los)
	at := map[[2]uint16]int{}
	var out []jointRune
	for i, lo := range los {
		hi := rune(0x10ffff)
		if i+1 < len(los) {
			hi = los[i+1] - 1
		}
		j := jointRune{a.classOf(lo), b.classOf(lo), nicest(lo, hi)}
		if j.a == 0 || j.b == 0 {
			continue
		}
		k, ok := at[[2]uint16{j.a, j.b}]
		switch {
		case !ok:
			at[[2]uint16{j.a, j.b}] = len(out)
			out = append(out, j)
		case compareNice(j.rep, out[k].rep) < 0:
			out[k].rep = j.rep
		}
	}
	slices.SortFunc(out, func(x, y jointRune) int {
		return cmp.Or(compareNice(x.rep, y.rep), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return out
}
