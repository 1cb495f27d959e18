package argv

import "slices"

// Requests are the shortest requests of a Matcher: one for each state of its
// automaton that a request can reach. The set-level questions of a policy are
// answered by it: whether two lines share a request, whether one line has a
// request that another has not, whether a line has any.
//
// A set of lines is a list of LineRefs; a ref whose Line is 0 stands for all
// lines of its rule. To compare the rules of two policies, compile them as the
// rules of one Matcher: a rule's language does not depend on other rules.
type Requests struct {
	m     *Matcher
	order []State // reachable, the nearest first
	from  []State // of each state, whence it was reached first ...
	by    []Class // ... and on which class
}

// Requests searches m once, breadth first, in time linear in its steps. States
// that only requests of MaxTokens and more reach are left out: no such request
// exists. The answer is the same for the same rules.
func (m *Matcher) Requests() *Requests {
	r := &Requests{m: m, from: make([]State, m.States()), by: make([]Class, m.States())}
	if m.Start() == 0 {
		return r
	}
	r.order = append(r.order, m.Start())
	seen := make([]bool, m.States())
	seen[m.Start()] = true
	for done, depth := 0, 1; done < len(r.order) && depth < MaxTokens; depth++ {
		layer := r.order[done:]
		done += len(layer)
		for _, s := range layer {
			m.Steps(s, func(c Class, to State) bool {
				if to > 0 && !seen[to] {
					seen[to] = true
					r.from[to], r.by[to] = s, c
					r.order = append(r.order, to)
				}
				return true
			})
		}
	}
	return r
}

// States calls yield for every reachable state, the nearest first, until it
// returns false.
func (r *Requests) States(yield func(State) bool) {
	for _, s := range r.order {
		if !yield(s) {
			return
		}
	}
}

// To returns a shortest request that ends in the reachable state s, never nil.
func (r *Requests) To(s State) []string {
	args := []string{}
	for ; s > r.m.Start(); s = r.from[s] {
		tok, _ := r.m.Witness(r.by[s])
		args = append(args, tok)
	}
	slices.Reverse(args)
	return args
}

// First returns a shortest request whose accepting lines satisfy want. It is
// nil exactly when there is none.
func (r *Requests) First(want func([]LineRef) bool) []string {
	for _, s := range r.order {
		if want(r.m.Accepting(s)) {
			return r.To(s)
		}
	}
	return nil
}

// Intersection returns a shortest request that a line of a and a line of b
// accept, or nil when they share none.
func (r *Requests) Intersection(a, b []LineRef) []string {
	return r.First(func(refs []LineRef) bool { return hasAny(refs, a) && hasAny(refs, b) })
}

// Difference returns a shortest request that a line of a accepts and no line of
// b, or nil when b accepts all that a does.
func (r *Requests) Difference(a, b []LineRef) []string {
	return r.First(func(refs []LineRef) bool { return hasAny(refs, a) && !hasAny(refs, b) })
}

// Shortest returns a shortest request that a line of a accepts, or nil when
// their language is empty.
func (r *Requests) Shortest(a []LineRef) []string {
	return r.First(func(refs []LineRef) bool { return hasAny(refs, a) })
}

// hasAny reports whether one of refs is in lines.
func hasAny(refs, lines []LineRef) bool {
	return slices.ContainsFunc(refs, func(ref LineRef) bool {
		return slices.ContainsFunc(lines, func(l LineRef) bool {
			return l == ref || l.Line == 0 && l.Rule == ref.Rule
		})
	})
}

// Containing returns a shortest request of the line ref in which tok is one of
// the arguments, or nil when it accepts none.
func (r *Requests) Containing(ref LineRef, tok string) []string {
	c := r.m.ClassOf(tok)
	if c == 0 {
		return nil
	}
	// A search over pairs of a state and whether tok was read.
	type pair struct {
		s    State
		read bool
	}
	type link struct {
		at  int // in queue; -1: the start
		tok string
	}
	queue, links := []pair{{r.m.Start(), false}}, []link{{at: -1}}
	seen := map[pair]bool{queue[0]: true}
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		if p.read && hasAny(r.m.Accepting(p.s), []LineRef{ref}) {
			args := []string{}
			for at := i; links[at].at >= 0; at = links[at].at {
				args = append(args, links[at].tok)
			}
			slices.Reverse(args)
			if len(args) >= MaxTokens {
				return nil
			}
			return args
		}
		r.m.Steps(p.s, func(by Class, to State) bool {
			put := func(next pair, tok string) {
				if to > 0 && !seen[next] {
					seen[next] = true
					queue, links = append(queue, next), append(links, link{i, tok})
				}
			}
			w, _ := r.m.Witness(by)
			put(pair{to, p.read}, w)
			if by == c {
				put(pair{to, true}, tok)
			}
			return true
		})
	}
	return nil
}
