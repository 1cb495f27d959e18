package argv

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// everything tells all captures apart that Captures tells apart.
func everything(p Placeholder) string { return fmt.Sprint(p.Name, p.Same, p.Type) }

func onlyPaths(p Placeholder) string {
	if p.Type.Name() != "path" {
		return ""
	}
	return p.Type.String()
}

func TestDiffer(t *testing.T) {
	one := LineRef{0, 1}
	tests := []struct {
		name  string
		rules []string
		a, b  LineRef
		label func(Placeholder) string
		want  string
	}{
		{"one reading", []string{"set [dev] <d:ifname> (up|down|mtu <m:int(1..9)>)"}, one, one, everything, "none"},
		{"two types at one place", []string{"via (<a:ip4>|<b:str>)"}, one, one, everything, "$ via 0.0.0.0"},
		{"two options", []string{"[<a:int(1..5)>] [<b:int(4..9)>] end"}, one, one, everything, "$ 4 end"},
		{"shifted repetitions", []string{"<a:re([a-z])>... <b:re([x-z])> [<c:re([z])>]"}, one, one, everything, "$ a x z"},
		{"a keyword decides", []string{"(a <x:re([a-z])> | <y:re([a-z])> b)"}, one, one, everything, "none"},
		{"a keyword of another line decides", []string{"(<x:re(a)> | <y:re(a|b)>)\na"}, one, one, everything, "none"},
		{"two roads to one keyword", []string{"(a <x:re([a-z])>|a <y:re([a-z])>)"}, one, one, everything, "$ a a"},
		{"unguarded captures are left out", []string{"(<a:int(1..5)>|<b:int(4..9)>)"}, one, one, onlyPaths, "none"},
		{"a path or a word", []string{"(<a:path(/d)>|<b:re(/d/x+)>)"}, one, one, onlyPaths, "$ /d/x"},
		{"inside of a word", []string{"<a:re([a-z]+)><b:re([x-z]+)>"}, one, one, everything, "$ axx"},
		{"inside of a word, decided", []string{"<a:re([a-z]+)>:<b:re([x-z]+)>"}, one, one, everything, "none"},
		{"a path that may end early", []string{"<a:path(/a)>[-<b:re([a-z-]+)>]"}, one, one, onlyPaths, "$ /a/a-a"},
		{"empty values", []string{"x<a:re(q*)>[<b:re(q*)>]"}, one, one, everything, "$ x"},
		{"rules with one path", []string{"<a:path(/a)>", "<b:path(/a)>"}, one, LineRef{1, 1}, onlyPaths, "none"},
		{"rules with a path and a word", []string{"go <a:path(/a)>", "go <b:re(/a/[b-d]/../x|/a/[bc]+)>"}, one, LineRef{1, 1}, onlyPaths, "$ go /a/b"},
		{"rules with a path and a keyword", []string{"<a:path(/a)>", "/a/x"}, one, LineRef{1, 1}, onlyPaths, "$ /a/x"},
		{"rules that share nothing", []string{"a <a:path(/a)>", "b <b:re(/a/x)>"}, one, LineRef{1, 1}, onlyPaths, "none"},
		{"no such rule", []string{"a"}, one, LineRef{7, 1}, onlyPaths, "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := compileRules(t, tt.rules...).Readings(new(1<<20)).Differ(tt.a, tt.b, tt.label)
			if err != nil || showArgs(got) != tt.want {
				t.Errorf("got %q, %v, want %q", showArgs(got), err, tt.want)
			}
		})
	}
}

// TestDifferGivesUp: too little work is an answer of its own, never a proof.
func TestDifferGivesUp(t *testing.T) {
	m := compileRules(t, "<a:re([a-z]+)><b:re([x-z]+)><c:re([a-z]{1,3})>")
	for _, work := range []int{0, 1, 50} {
		if got, err := m.Readings(&work).Differ(LineRef{0, 1}, LineRef{0, 1}, everything); got != nil || !errors.Is(err, ErrUnproved) {
			t.Errorf("work %d: %q, %v", work, got, err)
		}
	}
	many := "x"
	for range 70 {
		many += "[<a:re(q*)>]"
	}
	if _, err := compileRules(t, many).Readings(new(1<<20)).Differ(LineRef{0, 1}, LineRef{0, 1}, everything); !errors.Is(err, ErrUnproved) {
		t.Errorf("many optional parts: %v", err)
	}
}

// TestDifferAgainstCaptures: a witness is ambiguous to Captures, and no request
// is when there is a proof.
func TestDifferAgainstCaptures(t *testing.T) {
	ambiguous, proofs := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		b, err := Parse(genSeq(t, 2)+"\n"+genSeq(t, 1), nil)
		if err != nil {
			return
		}
		rules := []Rule{{Lines: b.Lines}}
		m, err := Compile(rules, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		x := m.Readings(new(1 << 20))
		for l := range b.Lines {
			ref := LineRef{0, l + 1}
			args, err := x.Differ(ref, ref, everything)
			if err != nil {
				continue
			}
			if args != nil {
				ambiguous++
				if _, err := m.Captures(ref, args); !errors.Is(err, ErrAmbiguous) {
					t.Fatalf("%v %q: %v", ref, args, err)
				}
				continue
			}
			proofs++
			for range 5 {
				args := genMember(t, rules)
				if caps, err := m.Captures(ref, args); errors.Is(err, ErrAmbiguous) {
					t.Fatalf("%v: proved, and %q is read in two ways: %v", ref, args, caps)
				}
			}
		}
	})
	if ambiguous == 0 || proofs == 0 {
		t.Errorf("%d ambiguous lines, %d proofs: the generator is of no use", ambiguous, proofs)
	}
}
