package argv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// members walks the automaton breadth first and returns the shortest requests
// that each line accepts.
func members(m *Matcher, limit int) [][]string {
	type path struct {
		s    State
		args []string
	}
	var out [][]string
	found := map[LineRef]int{}
	seen := map[State]int{}
	for queue := []path{{m.Start(), nil}}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		for _, ref := range m.Accepting(p.s) {
			if found[ref]++; found[ref] <= limit {
				out = append(out, p.args)
			}
		}
		m.Steps(p.s, func(c Class, to State) bool {
			if seen[to]++; seen[to] <= limit {
				w, _ := m.Witness(c)
				queue = append(queue, path{to, append(slices.Clone(p.args), w)})
			}
			return true
		})
	}
	return out
}

// TestAutomaton: every class has a witness that is in it, and every request
// that a walk finds is accepted, by the reference too.
func TestAutomaton(t *testing.T) {
	for _, p := range corpus {
		t.Run(p.name, func(t *testing.T) {
			m, rules := p.compile(t)
			for c := Class(1); int(c) < m.Classes(); c++ {
				w, ok := m.Witness(c)
				if !ok || m.ClassOf(w) != c {
					t.Errorf("class %d: witness %q, %v, is of class %d", c, w, ok, m.ClassOf(w))
				}
			}
			lines := map[LineRef]bool{}
			for _, args := range members(m, 2) {
				refs := m.Match(args, nil)
				if len(refs) == 0 {
					t.Errorf("%q is refused", args)
				}
				for _, ref := range refs {
					lines[ref] = true
					if !slices.Contains(referenceRule(rules[ref.Rule].Lines, args), ref.Line) {
						t.Errorf("%q: line %v is not accepted by the reference", args, ref)
					}
				}
			}
			for r := range rules {
				for l := range rules[r].Lines {
					if !lines[LineRef{r, l + 1}] {
						t.Errorf("no request for rule %d line %d", r, l+1)
					}
				}
			}
		})
	}
}

func TestWitness(t *testing.T) {
	p := corpusProgram{rules: []string{"<n:int(100..200)> <d:ifname> <p:path(/dev)> <i:ip6> <s:str> lo"}}
	m, _ := p.compile(t)
	var got []string
	for c := Class(1); int(c) < m.Classes(); c++ {
		w, _ := m.Witness(c)
		got = append(got, w)
	}
	slices.Sort(got)
	// For str; path and str; path (too long for str); int, ifname and str; ip6
	// and str; ifname and str; ip6, ifname and str; the keyword.
	want := []string{"!", "/dev/a", "/dev/" + strings.Repeat("a", 251), "100", "::", "a", "a::", "lo"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, ok := m.Witness(0); ok {
		t.Error("class 0 has a witness")
	}
	if _, ok := m.Witness(Class(m.Classes())); ok {
		t.Error("a class that is none has a witness")
	}
}

func TestAutomatonZero(t *testing.T) {
	for _, m := range []*Matcher{nil, {}} {
		m.Steps(m.Start(), func(Class, State) bool { t.Error("a step"); return true })
		if _, ok := m.Witness(1); ok || m.Start() != 0 || m.States() != 1 || m.Classes() != 1 || m.ClassOf("a") != 0 || m.Accepting(0) != nil {
			t.Error("the zero matcher is not dead")
		}
	}
}

// TestLimits: every bound has an error that names the line to blame.
func TestLimits(t *testing.T) {
	set := "{a 1|b 1|c 1|d 1|e 1|f 1|g 1|h 1|i 1|j 1|k 1|l 1}"
	tests := []struct {
		name  string
		rules []string
		lim   Limits
		want  string // of the error; empty: none
	}{
		{"a set of 12 members", []string{"x", set}, Limits{}, ""},
		{"sets inside sets", []string{"x", "y\n{" + set + " x|" + set + " y|z}"}, Limits{}, "rule 1 line 2: more than 262144 positions"},
		{"repetitions inside repetitions", []string{"(((x...64)...64)...64)...64"}, Limits{}, "rule 0 line 1: more than 262144 positions"},
		{"token states", []string{"a b c", "x\n{a|b|c|d|e|f}\ny z"}, Limits{TokenStates: 40}, "rule 1 line 2: more than 40 token states"},
		{"lexer states", []string{"a b c", "x\ny <s:re([a-z]{40})>\ny z"}, Limits{LexerStates: 40}, "rule 1 line 2: more than 40 lexer states"},
		{"lexer states of unbounded neighbours", []string{"q", "<a:re([^-\\pC]+)><b:str>x<c:str>"}, Limits{LexerStates: 5000}, "rule 1 line 1: more than 5000 lexer states"},
		{"work", []string{"x", set}, Limits{Work: 1000}, "more than 1000 steps or entries"},
		{"work of the lexer", []string{"<s:str>"}, Limits{Work: 300}, "more than 300 steps or entries to build the lexer"},
		{"lines", []string{"a\nb\nc"}, Limits{LinesPerRule: 2}, "rule 0 line 0: more than 2 lines"},
		{"placeholders", []string{"q", "a" + strings.Repeat("<s:str>", 580) + "\nb" + strings.Repeat("<s:str>", 580)}, Limits{}, "rule 1 line 2: more than 262144 positions (types"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rules []Rule
			for _, src := range tt.rules {
				rules = append(rules, Rule{Lines: mustParse(t, src, nil).Lines})
			}
			m, err := Compile(rules, tt.lim)
			if tt.want == "" {
				if err != nil || m.States() != 28674 {
					t.Fatalf("got %d states, %v", m.States(), err)
				}
				return
			}
			var le *LimitError
			if !errors.As(err, &le) || m != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestMinimize: a minimal DFA has no two states that accept the same strings.
func TestMinimize(t *testing.T) {
	for _, notation := range []string{"int(17..30000)", "ip6", "cidr", "mac", "str", "path(/a,/b/c)", `re((a|b)*a(a|b){5})`, "re(abc|xbc|abd)", "re(a{3,9}b?)"} {
		d := mustType(t, notation).dfa
		// Moore's algorithm: refine until nothing changes.
		block := slices.Clone(d.accept)
		for count := 0; ; {
			ids := map[string]int32{}
			next := make([]int32, d.states())
			for s := range d.states() {
				key := fmt.Sprint(block[s])
				for c := range d.abc.n {
					key += fmt.Sprint(",", block[d.next[s*d.abc.n+c]])
				}
				if _, ok := ids[key]; !ok {
					ids[key] = int32(len(ids))
				}
				next[s] = ids[key]
			}
			block = next
			if len(ids) == count {
				break
			}
			count = len(ids)
		}
		slices.Sort(block)
		if got, want := len(slices.Compact(block)), d.states(); got != want {
			t.Errorf("%s: %d states, minimal are %d", notation, want, got)
		}
	}
}
