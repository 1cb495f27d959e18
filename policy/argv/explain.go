package argv

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// maxExpected is the length of Failure.Expected.
const maxExpected = 64

// maxNear is the length of Failure.Nearest.
const maxNear = 3

// The work that one explanation may take, in steps of 10 to 20 ns. A refusal
// must cost about as much as a permission, or a caller of refusals starves the
// others. What is beyond a bound is left out: an explanation of very many or
// very long words may name an earlier argument, or be less exact.
const (
	maxWalk     = 1 << 12 // states of the NFA
	maxValues   = 1 << 11 // places of words with placeholders
	maxResemble = 1 << 12 // characters compared with characters
	maxMembers  = 1 << 10 // members of sets
	// maxAnalysed is how many bytes of a token are looked at for what is wrong.
	maxAnalysed = 256
	// maxTypes is how many types of a word are named.
	maxTypes = 8
)

// Explain says why no line accepts args. It regards the rules that mayUse
// admits; a nil mayUse admits all. Its work is bounded whatever the lines and
// the arguments are.
//
// Preconditions: Match finds no line of a regarded rule. Otherwise the answer
// is that of arguments which end too early.
func (m *Matcher) Explain(args []string, mayUse func(rule int) bool) Failure {
	if m == nil || m.dfa == nil {
		return Failure{}
	}
	e := explainer{m: m, args: args, at: -1, walker: m.walker(maxWalk)}
	defer e.walker.done()
	for r := range m.rules {
		if mayUse == nil || mayUse(r) {
			e.rule(r)
		}
	}
	if e.at < 0 {
		return Failure{}
	}
	if f, ok := e.unequal(); ok {
		return f
	}
	e.expect()
	if e.at < len(e.args) {
		e.resemble()
	}
	f := Failure{Arg: e.at, Expected: e.expected(), Nearest: e.nearest(), Nested: e.nested(), Suggest: e.suggest}
	f.Code, f.Given = e.code()
	if e.at < len(e.args) {
		f.Keyword = e.abbreviated()
	}
	return f
}

// explainer collects what stands in front of the failed argument.
type explainer struct {
	m       *Matcher
	walker  *walker
	args    []string
	classes []int32 // of args, as far as they were needed
	at      int     // of the failed argument
	front   front
	words   []int32 // expected, in the vocabulary
	end     bool    // expected

	// How the failed argument resembles the words.
	suggest string
	missed  Code // of the first word that it is almost a value of, or CodeNoRule
	values  bool // whether a word is no keyword
}

// class returns the class of argument i.
func (e *explainer) class(i int) int32 {
	for len(e.classes) <= i {
		e.classes = append(e.classes, e.m.lex.class(e.args[len(e.classes)]))
	}
	return e.classes[i]
}

// rule walks rule r and keeps its last front if it is one of the farthest.
func (e *explainer) rule(r int) {
	if e.at >= 0 && e.walker.work <= 0 {
		return
	}
	f := e.m.vocabulary.fronts[r]
	at := 0
	for ; at < len(e.args) && e.walker.work > 0; at++ {
		e.walker.work -= len(f)
		next := e.walker.behind(e.m.follow(f, e.class(at)))
		if len(next) == 0 {
			break
		}
		f = next
	}
	switch {
	case len(f) == 0: // a rule without lines
	case at > e.at:
		e.at, e.front = at, append(e.front[:0], f...)
	case at == e.at:
		e.front = append(e.front, f...)
	}
	e.front = e.front[:min(len(e.front), maxWalk)]
}

// expect lists the words in front, each text once.
func (e *explainer) expect() {
	set := e.walker.words
	for _, q := range e.front {
		switch e.m.nfa.nodes[q].op {
		case stAccept:
			e.end = true
		case stWord:
			id := e.m.vocabulary.of[q]
			set[id/64] |= 1 << (id % 64)
		case stEmpty, stValue:
		}
	}
	for i, some := range set {
		for ; some != 0; some &= some - 1 {
			e.words = append(e.words, int32(i*64+bits.TrailingZeros64(some)))
		}
		set[i] = 0
	}
}

func (e *explainer) expected() []Expect {
	var out []Expect
	for _, id := range e.words[:min(len(e.words), maxExpected-1)] {
		w := e.m.vocabulary.words[id]
		x := Expect{Kind: ExpectLiteral, Text: w.text}
		if !w.keyword {
			x.Kind, x.Params = ExpectType, e.m.vocabulary.types[id]
		}
		out = append(out, x)
	}
	if e.end {
		out = append(out, Expect{Kind: ExpectEnd})
	}
	return out
}

// resemble compares the failed argument with the words in front: those with
// placeholders first, which say what is wrong with it.
func (e *explainer) resemble() {
	tok, far := e.args[e.at], e.walker.far
	work := maxValues
	for _, id := range e.words {
		far[id] = maxDistance
		if w := e.m.vocabulary.words[id]; !w.keyword {
			e.values = true
			if code, missed := w.misses(tok, &work); missed {
				far[id] = 0
				if e.missed == CodeNoRule {
					e.missed = code
				}
			}
		}
	}
	work = maxResemble
	best := maxDistance
	for _, id := range e.words {
		w := e.m.vocabulary.words[id]
		if !w.keyword {
			break // keywords stand before the others
		}
		s, d := w.nearest(tok, &work)
		far[id] = uint16(d)
		// One slip for three letters: "-4" is not a slip for "-b".
		if d < best && d <= len(s)/3 {
			e.suggest, best = s, d
		}
	}
}

// nearest returns the lines in front that the failed argument resembles most:
// by one of their keywords, or nearer still, by a value that is only out of
// bounds.
func (e *explainer) nearest() []Near {
	type line struct {
		ref LineRef
		far int
	}
	order := func(a, b line) int { return cmp.Or(cmp.Compare(a.far, b.far), compareRefs(a.ref, b.ref)) }
	best := make([]line, 0, maxNear+1)
	for _, q := range e.front {
		node := &e.m.nfa.nodes[q]
		if node.ref.Line == 0 { // the start that all lines share
			continue
		}
		l := line{node.ref, maxDistance}
		if node.op == stWord && e.at < len(e.args) {
			l.far = int(e.walker.far[e.m.vocabulary.of[q]])
		}
		if len(best) == maxNear && order(l, best[maxNear-1]) > 0 {
			continue
		}
		if i := slices.IndexFunc(best, func(o line) bool { return o.ref == l.ref }); i >= 0 {
			best[i].far = min(best[i].far, l.far)
		} else {
			best = append(best, l)
		}
		slices.SortFunc(best, order)
		best = best[:min(len(best), maxNear)]
	}
	out := make([]Near, 0, maxNear)
	for _, l := range best {
		out = append(out, Near{l.ref, e.at})
	}
	return out
}

// nested reports whether a nested command begins in front, or has begun before.
func (e *explainer) nested() bool {
	return slices.ContainsFunc(e.front, func(q int32) bool {
		step, ok := e.m.nfa.nested[e.m.nfa.nodes[q].ref]
		return ok && q >= step
	})
}

// code names the failure, and for a duplicate the first occurrence.
func (e *explainer) code() (Code, int) {
	if e.at == len(e.args) {
		return CodeMissingArgument, 0
	}
	if given := e.duplicate(); given >= 0 {
		return CodeDuplicateOption, given
	}
	switch {
	case e.missed != CodeNoRule:
		return e.missed, 0
	case e.values:
		return CodeValueNotOfType, 0
	case e.end && (len(e.words) == 0 || e.suggest == ""):
		return CodeExtraArgument, 0
	}
	return CodeNoSuchSubcommand, 0
}

// duplicate returns where the member of a set that the failed argument begins
// was given before, or -1.
func (e *explainer) duplicate() int {
	class, work := e.class(e.at), maxMembers
	for _, q := range e.front {
		node := &e.m.nfa.nodes[q]
		if node.set == nil {
			continue
		}
		for i, member := range node.set.alts {
			if node.used>>i&1 == 0 {
				continue
			}
			words := firsts(member, nil)
			if work -= 8 + len(words); work < 0 {
				return -1
			}
			begins := func(c int32) bool {
				return slices.ContainsFunc(words, func(w *word) bool { return e.m.lex.has(c, e.m.nfa.preds.ids[predicateKey{w.key, false}]) })
			}
			if begins(class) {
				return slices.IndexFunc(e.classes[:e.at], begins)
			}
		}
	}
	return -1
}

// firsts appends the words with which s can begin.
func firsts(s seq, dst []*word) []*word {
	for _, n := range s {
		if n.op == opWord {
			dst = append(dst, n.word)
		}
		for _, alt := range n.alts {
			dst = firsts(alt, dst)
		}
		if !n.nullable() {
			break
		}
	}
	return dst
}

// misses reports whether tok is almost a value of w, and what is wrong with it.
// It takes its steps from work.
func (w *word) misses(tok string, work *int) (Code, bool) {
	if len(tok) > maxAnalysed || w.keyword {
		return 0, false
	}
	switch {
	case w.has("int", "port", "pid", "uid", "gid") && w.graph.accepts(tok, anyInteger, work):
		return CodeValueOutOfRange, true
	case w.has("path") && w.graph.accepts(tok, anyPath, work) && !canonical(w.value(tok)):
		return CodePathNotCanonical, true
	}
	return 0, false
}

// has reports whether a placeholder of w has a type of one of the names.
func (w *word) has(names ...string) bool {
	return slices.ContainsFunc(w.graph.edges, func(e graphEdge) bool {
		return e.hole != nil && slices.Contains(names, e.hole.Type.name)
	})
}

// value returns the value of the only placeholder, or else the whole token.
func (w *word) value(tok string) string {
	if g := w.graph; g.only != nil && g.pre <= len(tok)-g.post {
		return tok[g.pre : len(tok)-g.post]
	}
	return tok
}

// canonical reports whether a path has none of the forms that a path type
// refuses wherever its roots are.
func canonical(p string) bool {
	p += "/"
	return !strings.HasPrefix(p, "../") && !strings.HasPrefix(p, "./") &&
		!strings.Contains(p, "/../") && !strings.Contains(p, "/./") && !strings.Contains(p, "//")
}

// wide builds the language of e, which is one of the two below.
func wide(e func() expr) func() *dfa {
	return sync.OnceValue(func() *dfa {
		work := maxTypeWork
		d, err := language{all: []expr{e()}, dash: true}.compile("", &work)
		if err != nil { // cannot be: a test builds both
			return &dfa{abc: &alphabet{los: []rune{0}, cls: []uint16{0}, n: 1}, next: []uint32{0, 0}, accept: []int32{0, 0}}
		}
		return d
	})
}

var (
	wideInteger = wide(func() expr {
		return eCat(eRep(eLit("-"), 0, 1), eAlt(eLit("0"), eCat(eChars("1-9"), eRep(eChars("0-9"), 0, -1))))
	})
	widePath = wide(func() expr { return eRep(eSet(printable()), 0, -1) })
)

// anyInteger widens numbers to all integers.
func anyInteger(t *Type) *dfa {
	switch t.name {
	case "int", "port", "pid", "uid", "gid":
		return wideInteger()
	}
	return t.dfa
}

// anyPath widens paths to everything printable.
func anyPath(t *Type) *dfa {
	if t.name == "path" {
		return widePath()
	}
	return t.dfa
}
