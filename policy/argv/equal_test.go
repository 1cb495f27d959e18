package argv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestEqual(t *testing.T) {
	tests := []struct {
		rule, args string
		accepted   bool
	}{
		{"<a:str> <a!>", "x x", true},
		{"<a:str> <a!>", "x y", false},
		{"<a:str> <a!> <a!>", "x x x", true},
		{"<a:str> <a!> <a!>", "x x y", false},
		{"if=/dev/<a:str> of=/srv/<a!>.img", "if=/dev/x of=/srv/x.img", true},
		{"if=/dev/<a:str> of=/srv/<a!>.img", "if=/dev/x of=/srv/y.img", false},
		{"<a:re([a-z]+)>:<a!>", "ab:ab", true},
		{"<a:re([a-z]+)>:<a!>", "ab:b", false},
		{"<a:int(1..5)> <a:int(6..9)> <a!>", "1 6 1", true},
		{"<a:int(1..5)> <a:int(6..9)> <a!>", "1 6 2", false},
		{"<a:str>... end <a!>", "x y end x", true},
		{"<a:str>... end <a!>", "x y end y", false},
		{"{a <a:str>|b <a!>}", "b x a x", true},
		{"{a <a:str>|b <a!>}", "b x a y", false},
		{"{a <a:str>|b <a!>}", "a x", true},
		// A value that was not given is equal to none.
		{"{a <a:str>|b <a!>}", "b x", false},
		{"[-a <a:str>] -b <a!>", "-b x", false},
		// Two readings have no value that could be compared.
		{"[<a:str>] [<b:str>] [<a!>]", "x x", false},
		{"[<a:str>] [<b:str>] [<a!>]", "x y x", true},
		{"(<a:str>|<a!>) x", "y x", false},
		{"-w/--wait:<n:int(1..9)> <n!>", "--wait=5 5", true},
		{"-w/--wait:<n:int(1..9)> <n!>", "-w 5 6", false},
	}
	for _, tt := range tests {
		t.Run(tt.rule+"  "+tt.args, func(t *testing.T) {
			m := compileRules(t, tt.rule)
			args := mustSplit(t, tt.args)
			if got := m.Match(args, nil); (len(got) > 0) != tt.accepted {
				t.Errorf("Match: got %v", got)
			}
			caps, err := m.Captures(LineRef{0, 1}, args)
			if (err == nil) != tt.accepted || err != nil && caps != nil {
				t.Errorf("Captures: got %v, %v", caps, err)
			}
			if !slices.Contains(m.Accepting(stateAfter(m, args)), LineRef{0, 1}) {
				t.Error("the automaton compares values")
			}
			if f := m.Explain(args, nil); (f.Code == CodeValueMismatch) == tt.accepted {
				t.Errorf("Explain: got %+v", f)
			}
		})
	}
}

func stateAfter(m *Matcher, args []string) State {
	s := m.Start()
	for _, a := range args {
		next := State(0)
		m.Steps(s, func(c Class, to State) bool {
			if c == m.ClassOf(a) {
				next = to
			}
			return true
		})
		s = next
	}
	return s
}

// TestEqualAmongLines: only the lines that compare values do.
func TestEqualAmongLines(t *testing.T) {
	m := compileRules(t, "<a:str> <a!>\n<a:str> <b:str>", "<a:str> <c:str>")
	if got, want := fmt.Sprint(m.Match([]string{"x", "y"}, nil)), "[{0 2} {1 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(m.Match([]string{"x", "x"}, nil)), "[{0 1} {0 2} {1 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := m.Captures(LineRef{0, 1}, []string{"x", "y"}); !errors.Is(err, ErrNoMatch) {
		t.Errorf("got %v", err)
	}
	union, err := Compile([]Rule{{Lines: mustParse(t, "<a:str> <a!>", nil).Lines, Union: true}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := union.Match([]string{"x", "y"}, nil); len(got) != 1 {
		t.Errorf("an analysis misses a request: got %v", got)
	}
}

func TestExplainMismatch(t *testing.T) {
	tests := []struct {
		rule, args string
		want       string
	}{
		{"<a:str> to <a!>", "x to y", `2 given 0 ["<a!> str"] near [{{0 1} 2}]`},
		{"b <a:str> x\nb <a:str> =<a!>", "b x =y", `2 given 1 ["=<a!> str"] near [{{0 2} 2}]`},
		{"[-a <a:str>] -b <a!>", "-b x", `1 given -1 ["<a!> str"] near [{{0 1} 1}]`},
		{"[<a:str>] [<b:str>] [<a!>]", "x x", `1 given -1 ["<a!> str"] near [{{0 1} 1}]`},
		{"<a:int(1..9)> <a!> q\n<a:int(1..9)> <a!>\n<b:int(1..9)> <b!>", "1 2", `1 given 0 ["<a!> int(1..9)"] near [{{0 2} 1}]`},
	}
	for _, tt := range tests {
		t.Run(tt.rule+"  "+tt.args, func(t *testing.T) {
			f := compileRules(t, tt.rule).Explain(mustSplit(t, tt.args), nil)
			var expected []string
			for _, e := range f.Expected {
				expected = append(expected, e.Text+" "+e.Params)
			}
			got := fmt.Sprintf("%v %d given %d %q near %v", f.Code, f.Arg, f.Given, expected, f.Nearest)
			if want := "VALUE_MISMATCH " + tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	m := compileRules(t, "<a:str> <a!>")
	// Arguments that are accepted are explained as ones that end too early.
	if f := m.Explain([]string{"x", "x"}, nil); f.Code != CodeMissingArgument || f.Arg != 2 {
		t.Errorf("accepted: got %+v", f)
	}
	if f := m.Explain([]string{"x", "y", "z"}, nil); f.Code != CodeExtraArgument || f.Arg != 2 {
		t.Errorf("one more: got %+v", f)
	}
}

// TestSampleEqual: what is drawn of a line that compares values has equal ones.
func TestSampleEqual(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that can be repeated
	m := compileRules(t, "[v] if=<a:re([a-z]{1,3})>.<n:int(1..9)> of=<n!>/<a!>x [<a!>]\n(<a:str>|<b:str>) <a!>\n(<a:int(1..5)>|x <a!>)\n<a:int(1..3)> <b:int(4..9)> [<c:re(q)> <b!>]\n(x|<a:re(x)>) <a!>")
	// Lines 2 and 5 accept nothing, though their automata do.
	for line, least := range map[int]int{1: 150, 2: 0, 3: 5, 4: 18, 5: 0} {
		s, drawn := m.Sampler(LineRef{0, line}), map[string]bool{}
		for range 200 {
			if args := s.Next(rnd.IntN); args != nil {
				drawn[strings.Join(args, " ")] = true
				if !slices.Contains(m.Match(args, nil), LineRef{0, line}) {
					t.Fatalf("line %d: %q is refused", line, args)
				}
			}
		}
		if len(drawn) < least || least == 0 && len(drawn) > 0 {
			t.Errorf("line %d: %d different requests, want %d", line, len(drawn), least)
		}
	}
}
