package argv

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func compileRules(t testing.TB, srcs ...string) *Matcher {
	t.Helper()
	var rules []Rule
	for _, src := range srcs {
		b, err := Parse(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, Rule{Lines: b.Lines})
	}
	m, err := Compile(rules, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func showArgs(args []string) string {
	if args == nil {
		return "none"
	}
	return strings.Join(append([]string{"$"}, args...), " ")
}

func TestRequests(t *testing.T) {
	all := func(rule int) []LineRef { return []LineRef{{rule, 0}} }
	tests := []struct {
		name          string
		a, b          string
		both, onlyA   string
		onlyB         string
		shortestOfAll string
	}{
		{"disjoint", "a b", "a c", "none", "$ a b", "$ a c", "$ a b"},
		{"equal", "(a|b) c", "a c\nb c", "$ a c", "none", "none", "$ a c"},
		{"a path is inside a regular expression", "<p:path(/dev)>", "<p:re(/dev/.*)>", "$ /dev/a", "none", "$ /dev/", "$ /dev/a"},
		{"ranges", "x <n:int(1..9)>", "x <n:int(5..20)>", "$ x 5", "$ x 1", "$ x 10", "$ x 1"},
		{"no arguments", "()", "[a]", "$", "none", "$ a", "$"},
		{"a keyword is reserved in its own rule only", "<w:re([a-z]{1,3})> x\ngo", "<w:re([a-z]{1,3})> x", "$ a x", "$ go", "$ go x", "$ go"},
		{"sets", "{a|b}", "a b", "$ a b", "$", "none", "$"},
		{"repetitions", "a...3", "a...", "$ a", "none", "$ a a a a", "$ a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := compileRules(t, tt.a, tt.b).Requests()
			got := []string{
				showArgs(r.Intersection(all(0), all(1))), showArgs(r.Difference(all(0), all(1))),
				showArgs(r.Difference(all(1), all(0))), showArgs(r.Shortest(all(0))),
			}
			want := []string{tt.both, tt.onlyA, tt.onlyB, tt.shortestOfAll}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestRequestsBounds: what only requests over the limit of tokens could reach
// does not exist.
func TestRequestsBounds(t *testing.T) {
	r := compileRules(t, strings.Repeat("a ", 63)+"\n"+strings.Repeat("a ", 64)).Requests()
	if got := r.Shortest([]LineRef{{0, 1}}); len(got) != 63 {
		t.Errorf("63 arguments: got %d", len(got))
	}
	if got := r.Shortest([]LineRef{{0, 2}}); got != nil {
		t.Errorf("64 arguments: got %d", len(got))
	}
	// States comes the nearest first, each once, and stops when it is told to.
	r = compileRules(t, "a b\nc d e").Requests()
	var lengths []int
	r.States(func(s State) bool {
		lengths = append(lengths, len(r.To(s)))
		return len(lengths) < 5
	})
	if !slices.Equal(lengths, []int{0, 1, 1, 2, 2}) {
		t.Errorf("lengths %v", lengths)
	}
	for _, m := range []*Matcher{nil, {}} {
		r := m.Requests()
		r.States(func(State) bool { t.Error("a state"); return true })
		if r.Shortest([]LineRef{{0, 0}}) != nil {
			t.Error("the zero matcher has a request")
		}
	}
}

func TestContaining(t *testing.T) {
	r := compileRules(t, "set <d:re([a-z]{1,4})> (up|down)\nget [<v:re([a-z/.]*)>]... end", "other <v:re(.*)>").Requests()
	for _, tt := range []struct {
		line LineRef
		tok  string
		want string
	}{
		{LineRef{0, 1}, "zzzz", "$ set zzzz up"},
		{LineRef{0, 1}, "zzzzz", "none"},
		{LineRef{0, 1}, "../x", "none"},
		{LineRef{0, 2}, "../x", "$ get ../x end"},
		{LineRef{1, 1}, "../x", "$ other ../x"},
		{LineRef{0, 2}, "\n", "none"},
	} {
		if got := showArgs(r.Containing(tt.line, tt.tok)); got != tt.want {
			t.Errorf("%v %q: got %q, want %q", tt.line, tt.tok, got, tt.want)
		}
	}
}

// TestRequestsAgainstEnumeration draws rules, enumerates short requests with
// the slow reference, and holds the set operations to them: a witness is what it
// says, and none of fewer tokens is missed.
func TestRequestsAgainstEnumeration(t *testing.T) {
	tokens := []string{"a", "b", "ab", "x", "1", "/a/b", "a1", "-a", ""}
	var universe [][]string
	for _, a := range tokens {
		universe = append(universe, []string{a})
		for _, b := range tokens {
			universe = append(universe, []string{a, b})
		}
	}
	universe = append(universe, []string{})
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for range 2 {
			b, err := Parse(genSeq(t, 1)+"\n"+genSeq(t, 1), nil)
			if err != nil {
				b, _ = Parse("a", nil)
			}
			rules = append(rules, Rule{Lines: b.Lines})
		}
		m, err := Compile(rules, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r := m.Requests()
		in := func(rule int, args []string) bool { return len(referenceRule(rules[rule].Lines, args)) > 0 }
		a, b := []LineRef{{0, 0}}, []LineRef{{1, 0}}
		for _, q := range []struct {
			name string
			got  []string
			want func([]string) bool
		}{
			{"both", r.Intersection(a, b), func(s []string) bool { return in(0, s) && in(1, s) }},
			{"only a", r.Difference(a, b), func(s []string) bool { return in(0, s) && !in(1, s) }},
			{"only b", r.Difference(b, a), func(s []string) bool { return !in(0, s) && in(1, s) }},
			{"a", r.Shortest(a), func(s []string) bool { return in(0, s) }},
		} {
			if q.got != nil && !q.want(q.got) {
				t.Fatalf("%s: %q is no answer", q.name, q.got)
			}
			for _, args := range universe {
				if (q.got == nil || len(args) < len(q.got)) && q.want(args) {
					t.Fatalf("%s: got %s, and %q is shorter", q.name, showArgs(q.got), args)
				}
			}
		}
	})
}
