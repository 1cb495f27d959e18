package argv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCompilerShares: what a Compiler keeps changes no answer, whatever it
// compiled before and in whatever order the words of a program stand.
func TestCompilerShares(t *testing.T) {
	word := rapid.SampledFrom([]string{"up", "u", "upper", "é", "''", "10.0.0.1", "42", "<i:ip4>", "<n:int(1..60)>", "<s:re([a-z0-9]{1,4})>", "x(a|b)", "v=<n:int(1..60)>", "<d:ifname>"})
	line := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 3).Draw(t, "words"), " ") })
	tokens := []string{"up", "u", "uppe", "upper", "é", "", "10.0.0.1", "10.0.0.2", "42", "43", "61", "xa", "xc", "v=1", "v=", "-", "eth0", "\u00e8"}
	rapid.Check(t, func(t *rapid.T) {
		var shared Compiler
		for range rapid.IntRange(1, 4).Draw(t, "programs") {
			var rules []Rule
			for _, src := range rapid.SliceOfN(line, 1, 4).Draw(t, "lines") {
				block, err := Parse(src, nil)
				if err != nil {
					t.Fatal(err)
				}
				rules = append(rules, Rule{Lines: block.Lines})
			}
			one, err1 := Compile(rules, Limits{})
			other, err2 := shared.Compile(rules, Limits{})
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if one.Classes() != other.Classes() || one.States() != other.States() {
				t.Fatalf("got %d classes and %d states, want %d and %d", other.Classes(), other.States(), one.Classes(), one.States())
			}
			for _, a := range tokens {
				if c, o := one.ClassOf(a), other.ClassOf(a); c != o {
					t.Fatalf("%q: got class %d, want %d", a, o, c)
				}
				for _, b := range tokens {
					got, want := other.Match([]string{a, b}, nil), one.Match([]string{a, b}, nil)
					if !slices.Equal(got, want) {
						t.Fatalf("%q %q: got %v, want %v", a, b, got, want)
					}
				}
			}
			for c := range Class(one.Classes()) {
				x, _ := one.Witness(c)
				y, _ := other.Witness(c)
				if x != y {
					t.Fatalf("class %d: got %q, want %q", c, y, x)
				}
			}
		}
	})
}

// TestLexerAgainstPredicates holds the automaton of all words to each word by
// itself.
func TestLexerAgainstPredicates(t *testing.T) {
	words := []string{"up", "upper", "10", "<n:int(1..60)>", "<d:ifname>", "v(1|2)", "v<n:int(1..60)>", "''", "é"}
	m := compileRules(t, strings.Join(words, "\n"))
	var alone []*Matcher
	for _, w := range words {
		alone = append(alone, compileRules(t, w))
	}
	for _, tok := range []string{"", "u", "up", "upp", "upper", "uppers", "1", "10", "60", "61", "v1", "v2", "v60", "v61", "v", "é", "è", "-", "eth0"} {
		c := m.lex.class(tok)
		for i, one := range alone {
			if got, want := m.lex.has(c, int32(i)), one.lex.class(tok) != 0; got != want {
				t.Errorf("%q in %s: got %v, want %v", tok, words[i], got, want)
			}
		}
	}
}

// TestLiteralLimits: literals are bounded as types are.
func TestLiteralLimits(t *testing.T) {
	for _, tt := range []struct {
		lines string
		lim   Limits
		want  string
	}{
		{"a\n" + strings.Repeat("b", 50), Limits{LexerStates: 40}, "rule 0 line 2: more than 40 lexer states"},
		{"a\n" + strings.Repeat("b", 30) + "\n<s:re([a-z]{20})>", Limits{LexerStates: 40}, "rule 0 line 2: more than 40 lexer states"},
		{"<s:re([a-z]{0,9})>\n" + strings.Repeat("b", 30), Limits{Work: 130}, "more than 130 steps"},
	} {
		_, err := Compile([]Rule{{Lines: mustParse(t, tt.lines, nil).Lines}}, tt.lim)
		var le *LimitError
		if !errors.As(err, &le) || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
