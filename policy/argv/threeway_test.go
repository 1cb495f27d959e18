package argv

import (
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pairs is how many pairs of a rule set and a request TestThreeWay compares:
// go test ./policy/argv -run ThreeWay -args -pairs=10000000.
var pairs = flag.Int("pairs", 20_000, "pairs of rules and a request that are compared in three ways")

// enumerator is the reference of one rule, for many requests: the words that can
// come next are written out once for each rest, and a word is matched with a
// token once.
type enumerator struct {
	rule Rule
	made map[rest]*rest
	next map[*rest][]option
	take map[taking]bool
}

type taking struct {
	w   *word
	tok string
}

func newEnumerator(r Rule) *enumerator {
	return &enumerator{rule: r, made: map[rest]*rest{}, next: map[*rest][]option{}, take: map[taking]bool{}}
}

// one returns the only pointer to what r points to.
func (e *enumerator) one(r *rest) *rest {
	if r == nil {
		return nil
	}
	v := *r
	v.next = e.one(r.next)
	p, ok := e.made[v]
	if !ok {
		p = &v
		e.made[v] = p
	}
	return p
}

// options are those of r, with rests that can be compared.
func (e *enumerator) options(r *rest) []option {
	out, ok := e.next[r]
	if !ok {
		for _, o := range options(r, map[string]bool{}) {
			if o = (option{o.w, e.one(o.left)}); !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
		e.next[r] = out
	}
	return out
}

func (e *enumerator) takes(w *word, tok string) bool {
	k := taking{w, tok}
	ok, known := e.take[k]
	if !known {
		ok = takes(w.units, tok)
		e.take[k] = ok
	}
	return ok
}

// begins reports whether tok begins one of words.
func begins(words []string, tok string) bool {
	return tok != "" && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, tok) })
}

// lines returns the lines that accept args, as the package documents it.
func (e *enumerator) lines(args []string) []int {
	live := make([][]*rest, len(e.rule.Lines))
	for i, l := range e.rule.Lines {
		live[i] = []*rest{e.one(before(l.seq, nil))}
	}
	var byKeyword []bool // of each argument
	valued := false
	for _, arg := range args {
		keyword, short, free := false, false, false
		if k := e.rule.Abbreviated; k != nil && !valued {
			short = begins(k.Words, arg)
		}
		for _, rs := range live {
			for _, r := range rs {
				for _, o := range e.options(r) {
					if o.w == nil || !o.w.keyword {
						continue
					}
					all := spellings(o.w.units, maxSpellings)
					if e.takes(o.w, arg) {
						keyword = true
						if k := e.rule.Abbreviated; k != nil && !slices.ContainsFunc(all, func(s string) bool { return !slices.Contains(k.Valued, s) }) {
							free = true
						}
					}
					short = short || e.rule.Abbreviated != nil && !valued && begins(all, arg)
				}
			}
		}
		valued = free
		byKeyword = append(byKeyword, keyword)
		for i, rs := range live {
			var next []*rest
			for _, r := range rs {
				for _, o := range e.options(r) {
					if o.w == nil || !e.takes(o.w, arg) || slices.Contains(next, o.left) {
						continue
					}
					if e.rule.Union || o.w.keyword || !keyword && !short {
						next = append(next, o.left)
					}
				}
			}
			live[i] = next
		}
	}
	var out []int
	for i, l := range e.rule.Lines {
		ends := slices.ContainsFunc(live[i], func(r *rest) bool {
			return slices.Contains(e.options(r), option{})
		})
		if ends && (e.rule.Union || !strings.Contains(l.Source, "!>") || e.equal(l, args, byKeyword)) {
			out = append(out, i+1)
		}
	}
	return out
}

// equal reports whether l reads args in one way, with equal values.
func (e *enumerator) equal(l *Line, args []string, byKeyword []bool) bool {
	found := map[string][]Capture{}
	var walk func(r *rest, i int, caps []Capture)
	walk = func(r *rest, i int, caps []Capture) {
		if len(found) > 1 {
			return
		}
		for _, o := range e.options(r) {
			if o.w == nil && i == len(args) {
				var b strings.Builder
				for _, c := range caps {
					b.WriteString(c.Name + c.Type.String() + string(rune('a'+c.Arg)) + string(rune('a'+c.Start)) + string(rune('a'+c.End)))
					if c.Same {
						b.WriteByte('!')
					}
				}
				found[b.String()] = slices.Clone(caps)
			}
			if o.w == nil || i == len(args) || o.w.keyword != byKeyword[i] {
				continue
			}
			splits(o.w.units, args[i], 0, nil, func(more []Capture) {
				next := slices.Clone(caps)
				for _, c := range more {
					c.Arg = i
					next = append(next, c)
				}
				walk(o.left, i+1, next)
			})
		}
	}
	walk(e.one(before(l.seq, nil)), 0, nil)
	if len(found) != 1 {
		return false
	}
	for _, caps := range found {
		for _, c := range caps {
			i := slices.IndexFunc(caps, func(o Capture) bool { return o.Name == c.Name && !o.Same })
			if c.Same && (i < 0 || caps[i].Value != c.Value) {
				return false
			}
		}
	}
	return true
}

// splits calls yield with the captures of every way in which units are s from
// its byte at on.
func splits(units []unit, s string, at int, caps []Capture, yield func([]Capture)) {
	if len(units) == 0 {
		if at == len(s) {
			yield(caps)
		}
		return
	}
	u, more := units[0], units[1:]
	switch u.op {
	case unitLit:
		if strings.HasPrefix(s[at:], u.text) {
			splits(more, s, at+len(u.text), caps, yield)
		}
	case unitPlace:
		for end := at; end <= len(s); end++ {
			if u.hole.Type.Accepts(s[at:end]) {
				c := Capture{Name: u.hole.Name, Type: u.hole.Type, Same: u.hole.Same, Value: s[at:end], Start: at, End: end}
				splits(more, s, end, append(slices.Clone(caps), c), yield)
			}
		}
	default:
		for _, alt := range u.alts {
			splits(append(slices.Clone(alt), more...), s, at, caps, yield)
		}
		if u.op == unitOpt {
			splits(more, s, at, caps, yield)
		}
	}
}

// dice draws a number from 0 to n-1.
type dice func(n int) int

func (d dice) of(list ...string) string { return list[d(len(list))] }

func (d dice) alts(n int, gen func() string) string {
	var out []string
	for range 1 + d(n) {
		out = append(out, gen())
	}
	return strings.Join(out, "|")
}

func (d dice) seq(depth int) string {
	var items []string
	for range d(4) {
		items = append(items, d.item(depth))
	}
	return strings.Join(items, " ")
}

func (d dice) item(depth int) string {
	kind := d(10)
	if depth == 0 {
		kind %= 4
	}
	s := d.word()
	switch kind {
	case 4, 5:
		s = "(" + d.alts(3, func() string { return d.seq(depth - 1) }) + ")"
	case 6:
		s = "[" + d.alts(2, func() string { return d.seq(depth - 1) }) + "]"
	case 7, 8:
		return "{" + d.alts(4, func() string {
			return d.word() + d.of("", " "+d.word()) + d.of("", "", "!", "...", "...2", "!...", "...2!")
		}) + "}"
	case 9:
		s = d.of("-a/--ab", "-b/--bb:", "-x/--xx:")
		if strings.HasSuffix(s, ":") {
			s += d.word()
		}
	}
	return s + d.of("", "", "", "...", "...2", "...3")
}

func (d dice) word() string {
	s := ""
	for range 1 + d(2) {
		s += d.of("a", "b", "ab", "x", "''", "'a'", "-a", "<n:int(1..12)>", "<d:re([a-z][a-z0-9]{0,2})>", "<s:str>", "<r:re([ab]*)>", "<p:path(/a)>", "(a|b)", "[a]", "(a[b]|<m:int(0..5)>)", "[<q:re(b+)>]", "/a", "<n!>", "<d!>")
	}
	return s
}

// someRules draws one to three rules of one to three lines.
func (d dice) someRules() []Rule {
	var rules []Rule
	for range 1 + d(3) {
		r := Rule{Union: d(6) == 0}
		if d(3) == 0 {
			r.Abbreviated = &Keywords{Words: []string{"abc", "b5", "x"}[:d(4)], Valued: []string{"a", "x"}[:d(3)]}
		}
		for range 1 + d(3) {
			src := d.seq(2)
			for _, name := range []string{"n", "d"} {
				if strings.Contains(src, "<"+name+"!>") && d(4) > 0 {
					src = d.of("", "a ") + map[string]string{"n": "<n:int(1..12)> ", "d": "<d:re([a-z][a-z0-9]{0,2})> "}[name] + src
				}
			}
			if b, err := Parse(src, nil); err == nil {
				r.Lines = append(r.Lines, b.Lines...)
			}
		}
		rules = append(rules, r)
	}
	return rules
}

var threeWayTokens = []string{
	"a", "b", "ab", "aab", "x", "", "-a", "1", "12", "13", "/a", "/a/b", "a1", "é", "5a", "aa", "bb", "b5", "a/a/b", "-ab", "\n",
	"--ab", "-b", "--bb", "--bb=a", "--bb=1", "-x", "--xx", "--xx=b", "--xx=", "abc",
}

// member walks a line, so that what it draws is often accepted.
func (e *enumerator) member(d dice) []string {
	var args []string
	r := e.one(before(e.rule.Lines[d(len(e.rule.Lines))].seq, nil))
	for range 8 {
		all := e.options(r)
		o := all[d(len(all))]
		if o.w == nil {
			break
		}
		tok := threeWayTokens[d(len(threeWayTokens))]
		if len(args) > 0 && d(3) == 0 {
			tok = args[d(len(args))]
		}
		for i := 0; i < 60 && !e.takes(o.w, tok); i++ {
			tok = threeWayTokens[d(len(threeWayTokens))]
		}
		args, r = append(args, tok), o.left
	}
	return args
}

// direct returns the lines of rule r that accept args by running its NFA.
func (m *Matcher) direct(r int, args []string) []int {
	if !m.nfa.union[r] {
		return slices.DeleteFunc(m.simulate(r, args), func(l int) bool {
			return m.equal[LineRef{r, l}] && !m.holds(LineRef{r, l}, args)
		})
	}
	w := m.walker(1 << 30)
	defer w.done()
	f := w.front(m.nfa.starts[r : r+1])
	for _, arg := range args {
		c, steps := m.lex.class(arg), []int32(nil)
		for _, q := range f {
			if node := &m.nfa.nodes[q]; node.op == stWord && m.lex.has(c, node.pred) {
				steps = append(steps, q)
			}
		}
		f = w.behind(steps)
	}
	var out []int
	for _, q := range f {
		if node := &m.nfa.nodes[q]; node.op == stAccept {
			out = append(out, node.ref.Line)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestThreeWay compares the automaton, its NFA and the reference for many
// requests of drawn rules.
func TestThreeWay(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, uint64(*pairs))) //nolint:gosec // a test that can be repeated
	d := dice(rnd.IntN)
	accepted, equal := 0, 0
	for done := 0; done < *pairs; {
		rules := d.someRules()
		m, err := Compile(rules, Limits{TokenStates: 2000})
		if le := (*LimitError)(nil); errors.As(err, &le) {
			continue // sets inside of sets
		} else if err != nil {
			t.Fatal(err)
		}
		var refs []*enumerator
		for _, r := range rules {
			refs = append(refs, newEnumerator(r))
		}
		for range 2000 {
			done++
			var args []string
			if e := refs[d(len(refs))]; len(e.rule.Lines) > 0 && d(4) > 0 {
				args = e.member(d)
			}
			for len(args) == 0 && d(3) > 0 || d(6) == 0 {
				args = append(args, d.of(threeWayTokens...))
			}
			var nfa, ref []LineRef
			for r, e := range refs {
				for _, l := range m.direct(r, args) {
					nfa = append(nfa, LineRef{r, l})
				}
				for _, l := range e.lines(args) {
					ref = append(ref, LineRef{r, l})
				}
			}
			got := m.Match(args, nil)
			if !slices.Equal(got, ref) || !slices.Equal(nfa, ref) {
				for r, rule := range rules {
					for _, l := range rule.Lines {
						t.Logf("rule %d, union %v, keywords %v: %s", r, rule.Union, rule.Abbreviated, l.Source)
					}
				}
				t.Fatalf("%q: DFA %v, NFA %v, reference %v", args, got, nfa, ref)
			}
			if len(got) > 0 {
				accepted++
			}
			for _, ref := range got {
				if m.equal[ref] {
					equal++
				}
			}
		}
	}
	t.Logf("%d pairs, %d accepted, %d by comparing values", *pairs, accepted, equal)
	if accepted < *pairs/10 || equal == 0 {
		t.Error("the generator is of no use")
	}
}
