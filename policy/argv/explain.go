package argv

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// maxExpected is the length of Failure.Expected.
const maxExpected = 64

// maxNear is the length of Failure.Nearest.
const maxNear = 3

// Explain says why no line accepts args. It regards the rules that mayUse
// admits; a nil mayUse admits all. It walks every line of those rules, so it
// is for refusals only.
//
// Preconditions: Match finds no line of a regarded rule. Otherwise the answer
// is that of arguments which end too early.
func (m *Matcher) Explain(args []string, mayUse func(rule int) bool) Failure {
	if m == nil || m.dfa == nil {
		return Failure{}
	}
	e := explainer{m: m, args: args, classes: make([]int32, len(args)), at: -1}
	for i, arg := range args {
		e.classes[i] = m.lex.class(arg)
	}
	for r := range m.rules {
		if mayUse == nil || mayUse(r) {
			e.rule(r)
		}
	}
	if e.at < 0 {
		return Failure{}
	}
	e.expect()
	f := Failure{Arg: e.at, Expected: e.expected(), Nearest: e.nearest(), Suggest: e.suggest()}
	f.Code, f.Given = e.code(f.Suggest)
	return f
}

// explainer collects what stands in front of the failed argument.
type explainer struct {
	m       *Matcher
	args    []string
	classes []int32
	at      int // of the failed argument
	front   front
	words   []*word // expected, each text once
	end     bool    // expected
}

// rule walks rule r and keeps its last front if it is one of the farthest.
func (e *explainer) rule(r int) {
	w, f := e.m.walk(r)
	at := 0
	for ; at < len(e.args); at++ {
		next := w.behind(e.m.follow(f, e.classes[at]))
		if len(next) == 0 {
			break
		}
		f = next
	}
	switch {
	case len(f) == 0: // a rule without lines
	case at > e.at:
		e.at, e.front = at, f
	case at == e.at:
		e.front = append(e.front, f...)
	}
}

// expect lists the words in front.
func (e *explainer) expect() {
	seen := map[string]bool{}
	for _, q := range e.front {
		switch node := &e.m.nfa.nodes[q]; node.op {
		case stAccept:
			e.end = true
		case stWord:
			if k := node.word.text + "\x00" + node.word.key; !seen[k] {
				seen[k] = true
				e.words = append(e.words, node.word)
			}
		case stEmpty:
		}
	}
	slices.SortFunc(e.words, func(a, b *word) int {
		return cmp.Or(cmp.Compare(btoi(b.keyword), btoi(a.keyword)), cmp.Compare(a.text, b.text), cmp.Compare(a.key, b.key))
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e *explainer) expected() []Expect {
	var out []Expect
	for _, w := range e.words[:min(len(e.words), maxExpected-1)] {
		x := Expect{Kind: ExpectLiteral, Text: w.text}
		if !w.keyword {
			x.Kind = ExpectType
			var types []string
			eachUnit(w.units, func(u *unit) {
				if u.op == unitPlace && !slices.Contains(types, u.hole.Type.text) {
					types = append(types, u.hole.Type.text)
				}
			})
			x.Params = strings.Join(types, ", ")
		}
		out = append(out, x)
	}
	if e.end {
		out = append(out, Expect{Kind: ExpectEnd})
	}
	return out
}

// nearest orders the lines in front by how much the failed argument resembles
// one of their keywords. A value that is only out of bounds is nearer still.
func (e *explainer) nearest() []Near {
	dist := map[LineRef]int{}
	var refs []LineRef
	for _, q := range e.front {
		node := &e.m.nfa.nodes[q]
		if node.ref.Line == 0 { // the start that all lines share
			continue
		}
		d, ok := dist[node.ref]
		if !ok {
			d = maxDistance
			refs = append(refs, node.ref)
		}
		if node.op == stWord && e.at < len(e.args) {
			_, near := node.word.nearest(e.args[e.at])
			if _, missed := node.word.misses(e.args[e.at]); missed {
				near = 0
			}
			d = min(d, near)
		}
		dist[node.ref] = d
	}
	slices.SortFunc(refs, func(a, b LineRef) int {
		return cmp.Or(cmp.Compare(dist[a], dist[b]), compareRefs(a, b))
	})
	var out []Near
	for _, ref := range refs[:min(len(refs), maxNear)] {
		out = append(out, Near{ref, e.at})
	}
	return out
}

// suggest returns the keyword that was probably meant.
func (e *explainer) suggest() string {
	best, dist := "", maxDistance
	if e.at == len(e.args) {
		return ""
	}
	for _, w := range e.words {
		// One slip for three letters: "-4" is not a slip for "-b".
		if s, d := w.nearest(e.args[e.at]); d < dist && d <= len(s)/3 {
			best, dist = s, d
		}
	}
	return best
}

// code names the failure, and for a duplicate the first occurrence.
func (e *explainer) code(suggest string) (Code, int) {
	if e.at == len(e.args) {
		return CodeMissingArgument, 0
	}
	if given := e.duplicate(); given >= 0 {
		return CodeDuplicateOption, given
	}
	values := false
	for _, w := range e.words {
		if w.keyword {
			continue
		}
		values = true
		if code, missed := w.misses(e.args[e.at]); missed {
			return code, 0
		}
	}
	switch {
	case values:
		return CodeValueNotOfType, 0
	case e.end && (len(e.words) == 0 || suggest == ""):
		return CodeExtraArgument, 0
	}
	return CodeNoSuchSubcommand, 0
}

// duplicate returns where the member of a set that the failed argument begins
// was given before, or -1.
func (e *explainer) duplicate() int {
	class := e.classes[e.at]
	for _, q := range e.front {
		node := &e.m.nfa.nodes[q]
		if node.set == nil {
			continue
		}
		for i, member := range node.set.alts {
			if node.used>>i&1 == 0 {
				continue
			}
			begins := func(c int32) bool {
				return slices.ContainsFunc(firsts(member, nil), func(w *word) bool { return e.m.lex.has(c, e.m.nfa.of[w]) })
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
func (w *word) misses(tok string) (Code, bool) {
	switch {
	case w.keyword:
		return 0, false
	case w.reads(tok, anyInteger):
		return CodeValueOutOfRange, true
	case w.reads(tok, anyPath) && !canonical(w.value(tok)):
		return CodePathNotCanonical, true
	}
	return 0, false
}

// reads reports whether w takes tok when its types are widened.
func (w *word) reads(tok string, widen func(*Type) *dfa) bool {
	r := &reader{g: w.graph, dfa: widen}
	return r.read(tok)
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
		d, err := compileType("", e(), true, &work)
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
	if t.name == "int" || t.name == "port" {
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
