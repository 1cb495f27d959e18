package argv

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// TestPositionsRunOut: whichever position is one too many, a construction ends
// with the error of its bound, and it needs exactly as many as it builds.
func TestPositionsRunOut(t *testing.T) {
	comma, ports := mustType(t, "ifname"), mustType(t, "int(1..99)")
	word := func(src string) *word { return mustParse(t, src, nil).Lines[0].seq[0].word }
	tests := []struct {
		name  string
		build func(n *nfa) (int32, error)
	}{
		{"expression", func(n *nfa) (int32, error) {
			return n.expr(0, eCat(eLit("a"), eAlt(eLit("bc"), eLit("d")), eRep(eLit("e"), 2, 4), eRep(eLit("fg"), 1, -1)))
		}},
		{"automaton", func(n *nfa) (int32, error) { return n.dfa(0, ports.dfa) }},
		{"list", func(n *nfa) (int32, error) { return csvNFA(n, 0, comma) }},
		{"bundle", func(n *nfa) (int32, error) { return bundleNFA(n, 0, "abc") }},
		{"word", func(n *nfa) (int32, error) { return n.units(0, word("--a=(b|<n:int(1..99)>)[,c]").units) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := newNFA(math.MaxInt)
			if _, err := tt.build(whole); err != nil {
				t.Fatal(err)
			}
			for limit := range len(whole.nodes) {
				if _, err := tt.build(newNFA(limit)); !errors.Is(err, errPositions) {
					t.Fatalf("%d of %d positions: got %v", limit, len(whole.nodes), err)
				}
			}
			if _, err := tt.build(newNFA(len(whole.nodes))); err != nil {
				t.Errorf("with all positions: %v", err)
			}
		})
	}
}

// TestWordPositionsRunOut is TestPositionsRunOut for the words of lines, and
// the error names the rule it ends in.
func TestWordPositionsRunOut(t *testing.T) {
	rules := []Rule{
		{Lines: mustParse(t, "go", nil).Lines},
		{Lines: mustParse(t, "a [b] (c|d e)\n{x|y 1|z...}\n[f]... (g h)...3 [i [j]]", nil).Lines},
	}
	whole, err := newWordNFA(rules, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	last := LineRef{}
	for limit := range len(whole.nodes) {
		n, err := newWordNFA(rules, limit)
		if !errors.Is(err, errPositions) || compareRefs(n.ref, last) < 0 {
			t.Fatalf("%d of %d positions: got %v at %v", limit, len(whole.nodes), err, n.ref)
		}
		last = n.ref
	}
	if n, err := newWordNFA(rules, len(whole.nodes)); err != nil || last != (LineRef{1, 3}) {
		t.Errorf("with all positions: %v at %v, with one less at %v", err, n.ref, last)
	}
}

// TestSubsetsRunOut: a construction needs exactly as much of each bound as it
// takes. With less there is an error and no automaton, and in the end it is the
// predicate with the largest part that is blamed.
func TestSubsetsRunOut(t *testing.T) {
	build := func(b *bounds) (*dfa, int32, error) {
		n := newNFA(math.MaxInt)
		for i, e := range []expr{eLit("x"), eRep(eSet(span('a', 'f')), 9, 9)} {
			n.owner = int32(i)
			s, _ := n.linked(0)
			end, _ := n.expr(s, e)
			n.nodes[end].accept = int32(i) + 1
		}
		n.owner = 0
		return determinize(n, 2, nil, b)
	}
	full := bounds{states: 1 << 10, cells: 1 << 10, entries: 1 << 10, work: 1 << 12}
	left := full
	whole, _, err := build(&left)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		bound func(b *bounds) *int
		needs int
		spare int // of the last state, whose start is what counts
	}{
		{"states", func(b *bounds) *int { return &b.states }, whole.states(), 0},
		{"cells", func(b *bounds) *int { return &b.cells }, whole.states() * whole.abc.n, whole.abc.n - 1},
		{"entries", func(b *bounds) *int { return &b.entries }, full.entries - left.entries, 0},
		{"work", func(b *bounds) *int { return &b.work }, full.work - left.work, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var last int32
			for has := range tt.needs + 1 {
				b := full
				*tt.bound(&b) = has
				d, worst, err := build(&b)
				if (err == nil) != (has >= tt.needs-tt.spare) || (d == nil) != (err != nil) {
					t.Fatalf("%d of %d: got %v", has, tt.needs, err)
				}
				if err != nil {
					last = worst
				}
			}
			if last != 1 {
				t.Errorf("the smaller predicate is blamed")
			}
		})
	}
}

// TestWordSubsetsRunOut is TestSubsetsRunOut for the automaton over tokens, which
// blames a line: of those with the largest part the first.
func TestWordSubsetsRunOut(t *testing.T) {
	rules := []Rule{
		{Lines: mustParse(t, "go", nil).Lines},
		{Lines: mustParse(t, "a {b|c|d}\ne {b|c|d}\nf", nil).Lines},
	}
	n, err := newWordNFA(rules, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	var c Compiler
	c.lexers = map[string]*dfa{}
	x, _, err := c.newLexer(n.preds.preds, &bounds{states: 1 << 10, cells: 1 << 12, entries: 1 << 12, work: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	full := wordBounds{states: 1 << 10, steps: 1 << 12, entries: 1 << 12, work: 1 << 16}
	left := full
	whole, _, err := newWordDFA(n, x, &left)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		bound func(b *wordBounds) *int
		needs int
		spare int // that are taken when nothing more is built
	}{
		{"states", func(b *wordBounds) *int { return &b.states }, whole.states(), 0},
		{"steps", func(b *wordBounds) *int { return &b.steps }, full.steps - left.steps, 0},
		{"entries", func(b *wordBounds) *int { return &b.entries }, full.entries - left.entries, 3},
		{"work", func(b *wordBounds) *int { return &b.work }, full.work - left.work, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for has := range tt.needs + 1 {
				b := full
				*tt.bound(&b) = has
				d, worst, err := newWordDFA(n, x, &b)
				if (err == nil) != (has >= tt.needs-tt.spare) || (d == nil) != (err != nil) {
					t.Fatalf("%d of %d: got %v", has, tt.needs, err)
				}
				if has == tt.needs-tt.spare-1 && worst != (LineRef{1, 1}) {
					t.Errorf("%d of %d: %v is blamed", has, tt.needs, worst)
				}
			}
		})
	}
}

// TestTypeWorkRunsOut: a type that costs more than the work that is left is an
// error wherever that ends, for a type with parts of its own and for exceptions.
func TestTypeWorkRunsOut(t *testing.T) {
	tests := []struct {
		name  string
		build func(work *int) (*dfa, error)
	}{
		{"ip", func(work *int) (*dfa, error) {
			l, err := definitions["ip"].language("ip", &Params{Under: []string{"10.0.0.0/8"}})
			if err != nil {
				return nil, err
			}
			return l.compile("ip", work)
		}},
		{"except", func(work *int) (*dfa, error) {
			return without("int", &Params{Except: []string{"7"}}, mustType(t, "int(1..9)").dfa, work)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cost := 1 << 20
			if _, err := tt.build(&cost); err != nil {
				t.Fatal(err)
			}
			cost = 1<<20 - cost
			enough, refused := false, 0
			for i := range 40 {
				work := cost * i / 40
				d, err := tt.build(&work)
				if err == nil { // what is built last is paid when it is there
					enough = true
					continue
				}
				if _, ok := errors.AsType[*TypeError](err); !ok || d != nil || enough {
					t.Fatalf("%d of %d: got %v", cost*i/40, cost, err)
				}
				refused++
			}
			if refused < 20 {
				t.Errorf("%d of 40 are too little", refused)
			}
		})
	}
}

// TestCapturesRunOut: with little work a token counts as ambiguous, and no
// captures are invented.
func TestCapturesRunOut(t *testing.T) {
	w := mustParse(t, "x<a:re([a-m]+)>,<b:re([n-z]+)>[=<n:int(1..9)>]", nil).Lines[0].seq[0].word
	const tok = "xabc,nop=7"
	for work := range 1 << 12 {
		left := work
		out, err := w.captures(tok, &left)
		if err == nil {
			if len(out) != 3 || out[0].Value != "abc" || out[1].Value != "nop" || out[2].Value != "7" {
				t.Errorf("got %v", out)
			}
			return
		}
		if !errors.Is(err, ErrAmbiguous) || out != nil {
			t.Fatalf("work %d: got %v, %v", work, out, err)
		}
	}
	t.Error("no work is enough")
}

// TestCapturesOfOthers: a token that a word does not accept has no captures.
func TestCapturesOfOthers(t *testing.T) {
	for _, tt := range []struct{ name, word, tok string }{
		{"shorter than its literals", "abc<s:str>def", "abcef"},
		{"no reading", "a<s:re(x+)><n:int(1..9)>", "axx"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			work := 1 << 12
			w := mustParse(t, tt.word, nil).Lines[0].seq[0].word
			if out, err := w.captures(tt.tok, &work); out != nil || !errors.Is(err, ErrNoMatch) {
				t.Errorf("got %v, %v", out, err)
			}
		})
	}
}

// TestTurnsRunOut: a walker that has used all of its turns begins again, and
// what it saw in the first is not taken for seen.
func TestTurnsRunOut(t *testing.T) {
	m := compileRules(t, "a b\nc")
	w := m.walker(math.MaxInt)
	defer w.done()
	want := w.front(m.vocabulary.fronts[0])
	for i := range w.seen {
		w.seen[i] = 1
	}
	w.turn = math.MaxUint32
	if got := w.front(m.vocabulary.fronts[0]); len(got) != len(want) || w.turn != 1 {
		t.Errorf("got %v in turn %d, want %v", got, w.turn, want)
	}
}

// TestLengthOfNearest: words are compared with what is short enough, and with
// work left only.
func TestLengthOfNearest(t *testing.T) {
	const far = maxDistance
	w := mustParse(t, "ab(c|d)", nil).Lines[0].seq[0].word
	for work := -1; work < 1<<12; work++ {
		left := work
		s, d := w.nearest("abd", &left)
		if d == 0 && s == "abd" {
			if work < 3 {
				t.Errorf("work %d was enough", work)
			}
			break
		}
		if left >= 0 || d == 0 {
			t.Fatalf("work %d: got %q, %d, %d left", work, s, d, left)
		}
	}
	work := 1 << 12
	if s, d := w.nearest(strings.Repeat("x", maxAnalysed+1), &work); s != "" || d != far || work != 1<<12 {
		t.Errorf("a long token: got %q, %d, %d left", s, d, work)
	}
}

// TestMatchBounds: a request has at most MaxTotalBytes, and a rule at most the
// lines that its bound says.
func TestMatchBounds(t *testing.T) {
	m := compileRules(t, "<a:any>...")
	tok := strings.Repeat("a", MaxTokenBytes)
	var args []string
	total := 0
	for ; total+len(tok) <= MaxTotalBytes; total += len(tok) {
		args = append(args, tok)
	}
	args = append(args, tok[:MaxTotalBytes-total])
	if len(m.Match(args, nil)) != 1 {
		t.Errorf("%d arguments of %d bytes are refused", len(args), MaxTotalBytes)
	}
	args[len(args)-1] += "a"
	if len(m.Match(args, nil)) != 0 {
		t.Errorf("one byte more is accepted")
	}
	rules := []Rule{{Lines: mustParse(t, "a\nb\nc", nil).Lines}}
	if _, err := Compile(rules, Limits{LinesPerRule: 3}); err != nil {
		t.Error(err)
	}
}
