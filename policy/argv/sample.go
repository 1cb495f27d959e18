package argv

import (
	"slices"
	"unicode/utf8"
)

// The lengths from which a random walk takes the shortest way to its end.
const (
	sampleTokens = 16
	sampleRunes  = 16
)

// sampleTries bounds how often a walk begins again when its request passes a
// bound that the walk does not look at.
const sampleTries = 64

// Sampler draws requests of one line. It is for one goroutine.
type Sampler struct {
	m    *Matcher
	ref  LineRef
	left []uint16 // of each state, the tokens that are missing to the line's end
	// runes are, of each class that was drawn, the runes that are missing from
	// each state of the lexer to a token of the class.
	runes map[Class][]uint16
	into  [][]uint32 // of each state of the lexer, those from which a rune leads to it
}

// far is the distance of what cannot be reached.
const far = 1<<16 - 1

// Sampler returns a sampler of the line ref.
func (m *Matcher) Sampler(ref LineRef) *Sampler {
	s := &Sampler{m: m, ref: ref, runes: map[Class][]uint16{}}
	into := make([][]State, m.States())
	var ends []State
	for at := State(1); int(at) < m.States(); at++ {
		if slices.Contains(m.Accepting(at), ref) {
			ends = append(ends, at)
		}
		m.Steps(at, func(_ Class, to State) bool {
			if list := into[to]; len(list) == 0 || list[len(list)-1] != at {
				into[to] = append(list, at)
			}
			return true
		})
	}
	s.left = distances(into, ends)
	return s
}

// distances returns how many steps each state is away from the nearest of
// ends; into are the states from which one step leads to a state.
func distances[S ~int32 | ~uint32](into [][]S, ends []S) []uint16 {
	out := make([]uint16, len(into))
	for i := range out {
		out[i] = far
	}
	queue := slices.Clone(ends)
	for _, s := range ends {
		out[s] = 0
	}
	for i := 0; i < len(queue); i++ {
		next := min(out[queue[i]]+1, far-1)
		for _, s := range into[queue[i]] {
			if out[s] == far {
				out[s] = next
				queue = append(queue, s)
			}
		}
	}
	return out
}

// Sample is m.Sampler(ref).Next(rnd), for a single request.
func (m *Matcher) Sample(ref LineRef, rnd func(n int) int) []string {
	return m.Sampler(ref).Next(rnd)
}

// Next returns a random request, without argv[0], that Match says the line
// accepts. rnd returns a number from 0 to n-1 for n > 0; equal numbers give
// equal requests. It varies the way through the line and the values alike, and
// favours neither long requests nor long values. It returns nil when the line
// accepts nothing, and when 64 walks found nothing that it accepts: when almost
// every request of the line is too long, or has unequal values for a <name!>. A
// request without arguments is empty, not nil.
func (s *Sampler) Next(rnd func(n int) int) []string {
	for range sampleTries {
		args := s.walk(rnd)
		if args == nil {
			return nil
		}
		if s.m.equal[s.ref] {
			s.equal(args)
		}
		if slices.Contains(s.m.Match(args, nil), s.ref) {
			return args
		}
	}
	return nil
}

// equal gives every <name!> in args the value of the first <name>.
func (s *Sampler) equal(args []string) {
	caps, err := s.m.captures(s.ref, args)
	if err != nil {
		return
	}
	for i, c := range slices.Backward(caps) {
		if o := original(caps, i); c.Same && o >= 0 {
			tok := args[c.Arg]
			args[c.Arg] = tok[:c.Start] + caps[o].Value + tok[c.End:]
		}
	}
}

// walk draws the tokens.
func (s *Sampler) walk(rnd func(n int) int) []string {
	at := s.m.Start()
	if at == 0 || s.left[at] >= MaxTokens {
		return nil
	}
	args := []string{}
	for {
		// Targets first, then a class that leads there: a value with many
		// classes is one way through the line, as a keyword is.
		var targets []State
		by := map[State][]Class{}
		s.m.Steps(at, func(c Class, to State) bool {
			left := int(s.left[to])
			if len(args)+1+left >= MaxTokens || len(args) >= sampleTokens && left >= int(s.left[at]) {
				return true
			}
			if by[to] == nil {
				targets = append(targets, to)
			}
			by[to] = append(by[to], c)
			return true
		})
		ways := len(targets)
		if s.left[at] == 0 {
			ways++
		}
		pick := rnd(ways)
		if pick == len(targets) {
			return args
		}
		at = targets[pick]
		args = append(args, s.token(by[at][rnd(len(by[at]))], rnd))
	}
}

// token draws a token of class c, which has one.
func (s *Sampler) token(c Class, rnd func(n int) int) string {
	d := s.m.lex.dfa
	left := s.toClass(c)
	var tok []rune
	for at := uint32(1); ; {
		var steps []int
		for k := 1; k < d.abc.n; k++ {
			to := left[d.next[int(at)*d.abc.n+k]]
			if to != far && (len(tok) < sampleRunes || to < left[at]) {
				steps = append(steps, k)
			}
		}
		if left[at] == 0 && (len(steps) == 0 || rnd(4) == 0) {
			return string(tok)
		}
		k := steps[rnd(len(steps))]
		tok = append(tok, d.abc.draw(uint16(k), rnd))
		at = d.next[int(at)*d.abc.n+k]
	}
}

// toClass returns how many runes each state of the lexer is away from class c.
func (s *Sampler) toClass(c Class) []uint16 {
	if left := s.runes[c]; left != nil {
		return left
	}
	d := s.m.lex.dfa
	if s.into == nil {
		s.into = make([][]uint32, d.states())
		for from := uint32(1); int(from) < d.states(); from++ {
			for k := 1; k < d.abc.n; k++ {
				to := d.next[int(from)*d.abc.n+k]
				if list := s.into[to]; to != 0 && (len(list) == 0 || list[len(list)-1] != from) {
					s.into[to] = append(list, from)
				}
			}
		}
	}
	var ends []uint32
	for at := uint32(1); int(at) < d.states(); at++ {
		if d.accept[at] == int32(c) {
			ends = append(ends, at)
		}
	}
	s.runes[c] = distances(s.into, ends)
	return s.runes[c]
}

// draw returns a rune of class c: mostly an ASCII one, where there is one.
func (a *alphabet) draw(c uint16, rnd func(n int) int) rune {
	var ascii []rune
	for r := range rune(utf8.RuneSelf) {
		if a.ascii[r] == c {
			ascii = append(ascii, r)
		}
	}
	if len(ascii) > 0 && rnd(8) > 0 {
		return ascii[rnd(len(ascii))]
	}
	var runs []int
	for i := range a.los {
		if a.cls[i] == c {
			runs = append(runs, i)
		}
	}
	i := runs[rnd(len(runs))]
	hi := rune(utf8.MaxRune)
	if i+1 < len(a.los) {
		hi = a.los[i+1] - 1
	}
	r := a.los[i] + rune(rnd(int(hi-a.los[i])+1))
	if !utf8.ValidRune(r) { // a surrogate half: no string holds one
		return a.rep[c]
	}
	return r
}
