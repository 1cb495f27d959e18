package argv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ipKeywords are a few of those of a program that abbreviates.
var ipKeywords = &Keywords{
	Words:  []string{"address", "dev", "down", "mtu", "up", "vf", "é"},
	Valued: []string{"dev", "mtu", "name"},
}

func compileShort(t testing.TB, k *Keywords, rules ...string) *Matcher {
	t.Helper()
	var out []Rule
	for _, src := range rules {
		out = append(out, Rule{Lines: mustParse(t, src, Scope{"dev": mustType(t, "ifname")}).Lines, Abbreviated: k})
	}
	m, err := Compile(out, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAbbreviated(t *testing.T) {
	tests := []struct {
		rule, allow, deny string // requests, split at ";"
	}{
		// A keyword of the program that the rule does not have is reserved too,
		// in full and begun, but not behind "dev".
		{"set [dev] <dev> up", "set dev a up;set dev address up;set b up;set up1 up;set addressx up;set dev dev up", "set a up;set ad up;set address up;set d up;set dev up;set u up;set m up;set v up"},
		{"set <dev> up", "set x up", "set a up;set mt up"},
		{"set (dev|name) <dev>", "set dev a;set name up", "set a;set n"},
		{"set (dev|other) <dev>", "set dev a;set other x", "set other a"},
		// Keywords of the rule are reserved by their beginning, and are accepted in
		// full only.
		{"set (turbo|<dev>)", "set turbo;set turbos;set x", "set t;set tu;set turb"},
		{"set (dev (turbo|<dev>)|x)", "set dev tu;set dev turbo", "set d"},
		{"x(a|b)[c] <dev>\n<dev> y", "xac q;xq y", "x y"},
		// A word with a placeholder is a token like any other.
		{"set u<n:re(p?[0-9]*)>", "set u1;set up1", "set u;set up"},
		// No characters abbreviate nothing.
		{"set <e:re(q*)>", "set '';set q", "set u"},
		{"set <e:any>", "set '';set éa;set -x", "set é;set u"},
		// What stands behind an optional keyword stands behind the other way, too.
		{"dev <dev> [mtu] <n:re([a-z]+)>", "dev a q;dev a mtu u;dev u mtu vf", "dev a u;dev a mtu;dev a vf"},
		{"{dev <a:dev>|<b:dev>}", "dev u q;q dev u;q;dev u", "u;u dev u;dev u u"},
		{"(dev <a:dev>)...", "dev u dev u", "dev u u"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			m := compileShort(t, ipKeywords, tt.rule)
			for i, list := range []string{tt.allow, tt.deny} {
				for s := range strings.SplitSeq(list, ";") {
					args := mustSplit(t, s)
					got := m.Match(args, nil)
					if (len(got) > 0) != (i == 0) {
						t.Errorf("%q: got %v", s, got)
					}
					for _, ref := range got {
						if _, err := m.Captures(ref, args); err != nil {
							t.Errorf("%q: captures: %v", s, err)
						}
					}
				}
			}
		})
	}
}

// TestAbbreviatedIsOfTheRule: neither a rule of another program nor a pattern of
// an analysis loses anything.
func TestAbbreviatedIsOfTheRule(t *testing.T) {
	lines := mustParse(t, "set <a:str>", nil).Lines
	m, err := Compile([]Rule{{Lines: lines}, {Lines: lines, Abbreviated: ipKeywords}, {Lines: lines, Abbreviated: ipKeywords, Union: true}, {Lines: lines, Abbreviated: &Keywords{}}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(m.Match([]string{"set", "u"}, nil)), "[{0 1} {2 1} {3 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithheld(t *testing.T) {
	m := compileShort(t, ipKeywords, "set [dev] <dev> up\nget dev <dev>", "show (up|under|<x:re(u[a-z]*|d)>)\n<n:int(1..9)>")
	var got []string
	for _, w := range m.Withheld() {
		got = append(got, fmt.Sprintf("%v %s %s %q", w.Ref, w.Word, w.Holes[0].Name, w.Tokens))
	}
	want := []string{
		`{0 1} <dev> dev ["a" "ad" "add" "addr" "addre" "addres" "address" "d" "de" "do" "dow" "down" "m" "mt" "mtu" "u" "up" "v" "vf"]`,
		`{1 1} <x:re(u[a-z]*|d)> x ["d" "u" "un" "und" "unde"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, none := range []*Matcher{nil, {}, compileRules(t, "set [dev] <d:str>")} {
		if got := none.Withheld(); len(got) > 0 {
			t.Errorf("got %v", got)
		}
	}
}

func TestExplainAbbreviated(t *testing.T) {
	m := compileShort(t, ipKeywords, "add x", "set [dev] <dev> up\nset table <n:int(1..9)>")
	tests := []struct{ args, want string }{
		{"set u up", "VALUE_NOT_OF_TYPE 1 up"},
		{"set tab up", "VALUE_NOT_OF_TYPE 1 table"},
		{"set -x up", "VALUE_NOT_OF_TYPE 1 "},
		{"set dev -x up", "VALUE_NOT_OF_TYPE 2 "},
		{"set u", "VALUE_NOT_OF_TYPE 1 up"},
		{"set q", "MISSING_ARGUMENT 2 "},
		{"u", "NO_SUCH_SUBCOMMAND 0 "},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			f := m.Explain(strings.Fields(tt.args), nil)
			if got := fmt.Sprintf("%v %d %s", f.Code, f.Arg, f.Keyword); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
