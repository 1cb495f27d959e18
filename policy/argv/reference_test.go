package argv

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The reference knows no automata. A line in progress is the list of what must
// still come; the words that can come next are found by writing the list out,
// and a word is matched by trying every way. It is slow and plain.

// rest is what must still come: items, of which a set carries the members that
// were given.
type rest struct {
	n    *node
	used string // of a set, the members that were given, as often as they were
	done int    // rounds of a repetition
	loop bool
	next *rest
}

func (r *rest) key() string {
	var b strings.Builder
	for ; r != nil; r = r.next {
		fmt.Fprintf(&b, "%p/%s/%d/%v ", r.n, r.used, r.done, r.loop)
	}
	return b.String()
}

// before puts s in front of r.
func before(s seq, r *rest) *rest {
	for _, n := range slices.Backward(s) {
		r = &rest{n: n, loop: n.most != 1, next: r}
	}
	return r
}

// option is a word that can come next, and what is left behind it; w is nil
// for the end of the line.
type option struct {
	w    *word
	left *rest
}

// options lists all words that can come next.
func options(r *rest, seen map[string]bool) []option {
	if seen[r.key()] {
		return nil
	}
	seen[r.key()] = true
	if r == nil {
		return []option{{}}
	}
	var out []option
	add := func(r *rest) { out = append(out, options(r, seen)...) }
	if r.loop {
		if r.done > 0 || r.n.op == opOpt {
			add(r.next)
		}
		if r.n.most == 0 || r.done < r.n.most {
			again := &rest{n: r.n, done: min(r.done+1, max(r.n.most, 1)), loop: true, next: r.next}
			once := *r.n
			if once.op == opOpt {
				once.op = opGroup
			}
			switch once.op {
			case opWord:
				out = append(out, option{once.word, again})
			case opSet:
				add(&rest{n: r.n, next: again})
			default:
				for _, alt := range once.alts {
					add(before(alt, again))
				}
			}
		}
		return out
	}
	switch r.n.op {
	case opWord:
		out = append(out, option{r.n.word, r.next})
	case opGroup, opOpt:
		for _, alt := range r.n.alts {
			add(before(alt, r.next))
		}
		if r.n.op == opOpt {
			add(r.next)
		}
	case opSet:
		complete := true
		for i, alt := range r.n.alts {
			m, name := r.n.members[i], string(rune('a'+i))
			n := strings.Count(r.used, name)
			if m.most == 0 || n < m.most {
				used := r.used
				if m.most > 0 || n == 0 { // or the list of lists would have no end
					used = sorted(used + name)
				}
				add(before(alt, &rest{n: r.n, used: used, next: r.next}))
			}
			complete = complete && (!m.need || n > 0)
		}
		if complete {
			add(r.next)
		}
	}
	return out
}

func sorted(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

// takes reports whether units can be exactly s, by trying every split.
func takes(units []unit, s string) bool {
	if len(units) == 0 {
		return s == ""
	}
	u, more := units[0], units[1:]
	if u.op == unitOpt && takes(more, s) {
		return true
	}
	for i := 0; i <= len(s); i++ {
		ok := false
		switch u.op {
		case unitLit:
			ok = s[:i] == u.text
		case unitPlace:
			ok = u.hole.Type.Accepts(s[:i])
		default:
			for _, alt := range u.alts {
				ok = ok || takes(alt, s[:i])
			}
		}
		if ok && takes(more, s[i:]) {
			return true
		}
	}
	return false
}

// referenceRule returns the lines of one rule that accept args.
func referenceRule(lines []*Line, args []string) []int {
	live := make([][]*rest, len(lines))
	for i, l := range lines {
		live[i] = []*rest{before(l.seq, nil)}
	}
	for _, arg := range args {
		next := make([][]*rest, len(lines))
		keyword := false
		for _, only := range []bool{true, false} {
			if !only && keyword {
				break
			}
			for i, rs := range live {
				for _, o := range allOptions(rs) {
					if o.w != nil && o.w.keyword == only && takes(o.w.units, arg) {
						keyword = keyword || only
						next[i] = append(next[i], o.left)
					}
				}
			}
		}
		for i := range next {
			sort.Slice(next[i], func(a, b int) bool { return next[i][a].key() < next[i][b].key() })
			next[i] = slices.CompactFunc(next[i], func(a, b *rest) bool { return a.key() == b.key() })
		}
		live = next
	}
	var out []int
	for i, rs := range live {
		if slices.ContainsFunc(allOptions(rs), func(o option) bool { return o.w == nil }) {
			out = append(out, i+1)
		}
	}
	return out
}

func allOptions(rs []*rest) []option {
	var out []option
	for _, r := range rs {
		out = append(out, options(r, map[string]bool{})...)
	}
	return out
}

// simulate returns the lines of rule r that accept args by running its NFA.
func (m *Matcher) simulate(r int, args []string) []int {
	w, f := m.walker(math.MaxInt), m.vocabulary.fronts[r]
	defer w.done()
	for _, arg := range args {
		f = w.behind(m.follow(f, m.lex.class(arg)))
	}
	var out []int
	for _, q := range f {
		if node := &m.nfa.nodes[q]; node.op == stAccept {
			out = append(out, node.ref.Line)
		}
	}
	sort.Ints(out)
	return slices.Compact(out)
}

// genSeq draws a pattern of the grammar.
func genSeq(t *rapid.T, depth int) string {
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		items = append(items, genItem(t, depth))
	}
	return strings.Join(items, " ")
}

func genAlts(t *rapid.T, n int, gen func() string) string {
	var alts []string
	for range rapid.IntRange(1, n).Draw(t, "alts") {
		alts = append(alts, gen())
	}
	return strings.Join(alts, "|")
}

func genItem(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if depth == 0 {
		kind = kind % 4
	}
	sub := func() string { return genSeq(t, depth-1) }
	var s string
	switch kind {
	case 4, 5:
		s = "(" + genAlts(t, 3, sub) + ")"
	case 6, 7:
		s = "[" + genAlts(t, 2, sub) + "]"
	case 8:
		return "{" + genAlts(t, 3, func() string {
			return genItem(t, depth-1) + " " + genWord(t) + rapid.SampledFrom([]string{"", "", "", "!", "...", "...2", "!...", "...2!"}).Draw(t, "need")
		}) + "}"
	default:
		s = genWord(t)
	}
	return s + rapid.SampledFrom([]string{"", "", "", "...", "...2", "...3"}).Draw(t, "rep")
}

func genWord(t *rapid.T) string {
	unit := rapid.SampledFrom([]string{
		"a", "b", "ab", "x", "''", "'a'", "-a", "<n:int(1..12)>", "<d:re([a-z][a-z0-9]{0,2})>", "<s:re([^-\\pC][^\\pC]*)>", "<r:re([ab]*)>", "<p:path(/a)>", "(a|b)", "[a]", "(a[b]|<m:int(0..5)>)", "[<q:re(b+)>]", "/a",
	})
	return strings.Join(rapid.SliceOfN(unit, 1, 2).Draw(t, "units"), "")
}

// TestThreeWays draws rules and requests and compares the automaton with a
// simulation of its NFA and with the reference.
func TestThreeWays(t *testing.T) {
	token := rapid.SampledFrom([]string{"a", "b", "ab", "aab", "x", "", "-a", "1", "12", "13", "/a", "/a/b", "a1", "é", "5a", "aa", "bb", "b5", "a/a/b", "-ab", "\n", "a\x00"})
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for range rapid.IntRange(1, 3).Draw(t, "rules") {
			var lines []*Line
			for range rapid.IntRange(1, 3).Draw(t, "lines") {
				src := genSeq(t, 2)
				b, err := Parse(src, nil)
				if err != nil {
					continue // the generator does not know every rule of the grammar
				}
				lines = append(lines, b.Lines...)
			}
			rules = append(rules, Rule{Lines: lines})
		}
		m, err := Compile(rules, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			args := rapid.SliceOfN(token, 0, 5).Draw(t, "args")
			if rapid.IntRange(0, 3).Draw(t, "member") > 0 {
				args = genMember(t, rules)
			}
			got := m.Match(args, nil)
			var nfa, ref []LineRef
			for r := range rules {
				for _, l := range m.simulate(r, args) {
					nfa = append(nfa, LineRef{r, l})
				}
				for _, l := range referenceRule(rules[r].Lines, args) {
					ref = append(ref, LineRef{r, l})
				}
			}
			if !slices.Equal(got, ref) || !slices.Equal(nfa, ref) {
				t.Fatalf("%q: DFA %v, NFA %v, reference %v", args, got, nfa, ref)
			}
			for _, r := range got {
				accepted++
				checkCaptures(t, m, r, args)
			}
			if len(got) == 0 {
				checkFailure(t, m, args)
			}
		}
	})
	if accepted == 0 {
		t.Error("no request was accepted: the generator is of no use")
	}
	t.Logf("%d requests were accepted", accepted)
}

// genMember draws arguments by walking a line, so that long ones are accepted
// now and then.
func genMember(t *rapid.T, rules []Rule) []string {
	token := rapid.SampledFrom([]string{"a", "b", "ab", "x", "1", "/a/b", "a1", "aa", "-a", "5"})
	rule := rapid.SampledFrom(rules).Draw(t, "rule")
	if len(rule.Lines) == 0 {
		return nil
	}
	r := before(rapid.SampledFrom(rule.Lines).Draw(t, "line").seq, nil)
	var args []string
	for range 8 {
		o := rapid.SampledFrom(options(r, map[string]bool{})).Draw(t, "option")
		if o.w == nil {
			break
		}
		tok := token.Draw(t, "token")
		for _, try := range []string{tok, "a", "b", "ab", "x", "1", "", "-a", "/a/b", "aa", "a1", "1a", "bb", "/aa", "a/a/b"} {
			if takes(o.w.units, try) {
				tok = try
				break
			}
		}
		args, r = append(args, tok), o.left
	}
	return args
}

// checkCaptures holds the captures of an accepted request to what they say.
func checkCaptures(t *rapid.T, m *Matcher, ref LineRef, args []string) {
	caps, err := m.Captures(ref, args)
	if err != nil {
		if err != ErrAmbiguous { //nolint:errorlint // nothing wraps it
			t.Fatalf("%v %q: %v", ref, args, err)
		}
		return
	}
	arg, end := -1, 0
	for _, c := range caps {
		if c.Arg != arg {
			end = 0
		}
		if c.Arg < arg || c.Start < end || args[c.Arg][c.Start:c.End] != c.Value || !c.Type.Accepts(c.Value) {
			t.Fatalf("%v %q: capture %+v", ref, args, c)
		}
		arg, end = c.Arg, c.End
	}
}

// checkFailure holds an explanation to the matcher: what is expected at the
// failed argument, and nothing else, would have been taken there.
func checkFailure(t *rapid.T, m *Matcher, args []string) {
	f := m.Explain(args, nil)
	if f.Code == CodeNoRule {
		return
	}
	if f.Arg < 0 || f.Arg > len(args) || (f.Code == CodeMissingArgument) != (f.Arg == len(args)) {
		t.Fatalf("%q: %+v", args, f)
	}
	if f.Code == CodeDuplicateOption && (f.Given >= f.Arg || f.Given < 0) {
		t.Fatalf("%q: %+v", args, f)
	}
	end := slices.ContainsFunc(f.Expected, func(e Expect) bool { return e.Kind == ExpectEnd })
	if accepts := len(m.Match(args[:f.Arg], nil)) > 0; accepts != end {
		t.Fatalf("%q: the end is expected: %v, but the prefix is accepted: %v", args, end, accepts)
	}
}

// TestOrderDoesNotMatter: the order of rules and lines changes no verdict, and
// a rule's verdict is the same with and without other rules.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for range 3 {
			var lines []*Line
			for range 2 {
				if b, err := Parse(genSeq(t, 1), nil); err == nil {
					lines = append(lines, b.Lines...)
				}
			}
			rules = append(rules, Rule{Lines: lines})
		}
		m, err := Compile(rules, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		args := genMember(t, rules)
		all := m.Match(args, nil)
		for r, rule := range rules {
			lines := slices.Clone(rule.Lines)
			slices.Reverse(lines)
			alone, err := Compile([]Rule{{Lines: lines}}, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got, want []int
			for _, ref := range alone.Match(args, nil) {
				got = append(got, len(lines)+1-ref.Line)
			}
			for _, ref := range all {
				if ref.Rule == r {
					want = append(want, ref.Line)
				}
			}
			sort.Ints(got)
			if !slices.Equal(got, want) {
				t.Fatalf("rule %d, %q: alone %v, with others %v", r, args, got, want)
			}
		}
	})
}
