package argv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCoverage(t *testing.T) {
	for _, tt := range []struct {
		name, block string
		requests    []string // of line 1, split at spaces
		want        []string // branches; "+" for those that were used
	}{
		{"none", "a <n:int(1..9)>", []string{"a 5"}, nil},
		{"group", "x (add|del)", []string{"x add"}, []string{"+add of (add|del)", "del of (add|del)"}},
		{"nothing seen", "(a|b)", nil, []string{"a of (a|b)", "b of (a|b)"}},
		{"option", "x [a|b c]", []string{"x", "x b c"}, []string{"a of [a|b c]", "+b c of [a|b c]"}},
		{"option left out", "x [a]", []string{"x"}, []string{"a of [a]"}},
		{
			"set", "{-n <n:int(1..9)>|-q|-v!...2}",
			[]string{"-v -v", "-v -n 5"},
			[]string{"+-n <n:int(1..9)> of {-n <n:int(1..9)>|-q|-v!...2}", "-q of {-n <n:int(1..9)>|-q|-v!...2}", "+-v of {-n <n:int(1..9)>|-q|-v!...2}"},
		},
		{
			"inside of each other", "(a [b|c]|d)",
			[]string{"a c"},
			[]string{"+a [b|c] of (a [b|c]|d)", "b of [b|c]", "+c of [b|c]", "d of (a [b|c]|d)"},
		},
		{"optional items only", "([a] [b]|c) x", []string{"b x"}, []string{"+[a] [b] of ([a] [b]|c)", "a of [a]", "+b of [b]", "c of ([a] [b]|c)"}},
		{"no word", "(|a) x", []string{"x"}, []string{"a of (|a)"}},
		{"repetition", "(a|b)...3", []string{"a b"}, []string{"+a of (a|b)...3", "+b of (a|b)...3"}},
		{"without end", "[a]... b", []string{"b"}, []string{"a of [a]..."}},
		{
			"both spellings", "-w/--wait:<n:int(1..9)>",
			[]string{"-w 5", "--wait=5"},
			[]string{
				"+-w <n:int(1..9)> of (-w <n:int(1..9)>|--wait <n:int(1..9)>|--wait=<n:int(1..9)>)",
				"--wait <n:int(1..9)> of (-w <n:int(1..9)>|--wait <n:int(1..9)>|--wait=<n:int(1..9)>)",
				"+--wait=<n:int(1..9)> of (-w <n:int(1..9)>|--wait <n:int(1..9)>|--wait=<n:int(1..9)>)",
			},
		},
		{"in a keyword", "dev(0|1)x", []string{"dev1x"}, []string{"0 of (0|1)", "+1 of (0|1)"}},
		{"optional part", "[no]track", []string{"track"}, []string{"no of [no]"}},
		{
			"parts beside a value", "p[<n:int(0..99)>]([k|m]b|s)",
			[]string{"p7kb", "ps"},
			[]string{"+<n> of [<n>]", "+[k|m]b of ([k|m]b|s)", "+k of [k|m]", "m of [k|m]", "+s of ([k|m]b|s)"},
		},
		{
			"only on the way to the end", "(a|ab)(c|bc)d",
			[]string{"abcd", "acd"},
			[]string{"+a of (a|ab)", "+ab of (a|ab)", "+c of (c|bc)", "+bc of (c|bc)"},
		},
		{"dead ends do not count", "(a|ab)(c|bd)", []string{"abd"}, []string{"+a of (a|ab)", "ab of (a|ab)", "c of (c|bd)", "+bd of (c|bd)"}},
		{"quoted part", "x('a b'|c)", []string{"xc"}, []string{"a b of (a b|c)", "+c of (a b|c)"}},
		{"long token", "x(a|b)<s:re([c]*)>", []string{"xa" + strings.Repeat("c", 300)}, []string{"+a of (a|b)", "+b of (a|b)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Parse(tt.block, nil)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Compile([]Rule{{Lines: b.Lines}}, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var c Coverage
			for _, r := range tt.requests {
				if !c.Add(m, LineRef{0, 1}, strings.Fields(r)) {
					t.Errorf("the line does not accept %q", r)
				}
			}
			var got []string
			for _, br := range b.Lines[0].Branches(&c) {
				text := fmt.Sprintf("%s of %s", br.Text, br.Of)
				if br.Exercised {
					text = "+" + text
				}
				got = append(got, text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestCoverageRefuses holds that what a line does not accept covers nothing.
func TestCoverageRefuses(t *testing.T) {
	b, err := Parse("(a|b)\nc", nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile([]Rule{{Lines: b.Lines}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var c Coverage
	for _, add := range []bool{
		c.Add(nil, LineRef{0, 1}, []string{"a"}), c.Add(&Matcher{}, LineRef{0, 1}, []string{"a"}),
		c.Add(m, LineRef{1, 1}, []string{"a"}), c.Add(m, LineRef{-1, 1}, []string{"a"}), c.Add(m, LineRef{0, 2}, []string{"a"}),
		c.Add(m, LineRef{0, 1}, []string{"c"}), c.Add(m, LineRef{0, 1}, make([]string, MaxTokens)),
	} {
		if add {
			t.Error("a request that the line does not accept was added")
		}
	}
	for _, br := range b.Lines[0].Branches(&c) {
		if br.Exercised {
			t.Errorf("%+v", br)
		}
	}
}
