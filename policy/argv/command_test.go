package argv

import (
	"fmt"
	"strings"
	"testing"
)

// parseOne parses a block of one line.
func parseOne(t *testing.T, src string) *Line {
	t.Helper()
	b, err := Parse(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Lines[0]
}

func TestCommand(t *testing.T) {
	for _, tt := range []struct{ line, name, outside string }{
		{"netns exec <ns:netns> <inner:command>", "inner", "netns exec <ns:netns>"},
		{"<inner:command>", "inner", ""},
		{"a  <command>", "command", "a"},
		{"a\n   <run-it:command>", "run-it", "a"},
		{"'<inner:command>'", "", "'<inner:command>'"},
		{"a", "", "a"},
		{"<x:str>", "", "<x:str>"},
	} {
		t.Run(tt.line, func(t *testing.T) {
			l := parseOne(t, tt.line)
			out := l.Outside()
			if l.Command() != tt.name || out.Source != tt.outside || out.Command() != "" {
				t.Errorf("got %q outside %q, want %q outside %q", l.Command(), out.Source, tt.name, tt.outside)
			}
			_, err := Compile([]Rule{{Lines: []*Line{l}}}, Limits{})
			if (err != nil) != (tt.name != "") {
				t.Errorf("got %v of Compile", err)
			}
			if _, err := Compile([]Rule{{Lines: []*Line{out}}}, Limits{}); err != nil {
				t.Errorf("got %v of Compile without the command", err)
			}
		})
	}
	if _, err := Parse("<n:command>", Scope{"n": parseOne(t, "<x:str>").Placeholders()[0].Type}); err == nil {
		t.Error("a name that is defined is the name of a nested command")
	}
}

// Nested lines accept what their parts do, and say where the nested commands begin.
func TestNest(t *testing.T) {
	leaf := parseOne(t, "-f <x:str> [<x!>]")
	middle := parseOne(t, "[-v] <x:int(1..3)> <in:command>").Nest([]string{"leaf", "/bin/leaf"}, leaf)
	whole := parseOne(t, "<x:re([a-z]+)> <out:command>").Nest([]string{"mid"}, middle)
	open := parseOne(t, "a <out:command>").Nest([]string{"mid"}, parseOne(t, "b <in:command>"))
	if open.Command() != "in" || open.Source != "a mid b <in:command>" || open.Outside().Source != "a mid b" {
		t.Errorf("got %q in %q", open.Command(), open.Source)
	}
	if want := "<x:re([a-z]+)> mid [-v] <x:int(1..3)> leaf -f <x:str> [<x!>]"; whole.Source != want || whole.Command() != "" {
		t.Errorf("got %q, want %q", whole.Source, want)
	}
	m, err := Compile([]Rule{{Lines: []*Line{whole, open.Outside()}}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, want string // captures, "" for no match
	}{
		{"q mid 2 leaf -f a", "x=q@0 out=mid@1 x=2@2 in=leaf@3 x=a@5"},
		{"q mid -v 2 /bin/leaf -f leaf", "x=q@0 out=mid@1 x=2@3 in=/bin/leaf@4 x=leaf@6"},
		// The same value again is that of the nested command's own line.
		{"q mid 2 leaf -f a a", "x=q@0 out=mid@1 x=2@2 in=leaf@3 x=a@5 x=a@6"},
		{"q mid 2 leaf -f a q", ""},
		// The program is a keyword: it is never a value.
		{"mid mid 2 leaf -f a", "x=mid@0 out=mid@1 x=2@2 in=leaf@3 x=a@5"},
		{"q 2 leaf -f a", ""},
		{"q mid 2 Leaf -f a", ""},
		{"q mid 2 leaf", ""},
		{"q mid 4 leaf -f a", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args := strings.Fields(tt.args)
			refs := m.Match(args, nil)
			var got []string
			if len(refs) > 0 {
				caps, err := m.Captures(refs[0], args)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range caps {
					got = append(got, fmt.Sprintf("%s=%s@%d", c.Name, c.Value, c.Arg))
					if (c.Type.Name() == CommandType) != (c.Name == "in" || c.Name == "out") {
						t.Errorf("got type %s of <%s>", c.Type, c.Name)
					}
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for args, nested := range map[string]bool{
		"1": false, "q": true, "q x": true, "q mid x": true, "q mid 2 x": true, "q mid 2 leaf": true, "a mid c": true,
	} {
		if f := m.Explain(strings.Fields(args), nil); f.Nested != nested {
			t.Errorf("%q: got nested %t, want %t", args, f.Nested, nested)
		}
	}
}

// Two ways to find the nested command are two readings, which guards tell apart.
func TestNestReadings(t *testing.T) {
	leaf := []*Line{parseOne(t, "()"), parseOne(t, "cmd")}
	var lines []*Line
	for _, l := range leaf {
		lines = append(lines,
			parseOne(t, "[cmd] [<v:re(c.*)> <w:re(d.*)>] <in:command>").Nest([]string{"cmd"}, l))
	}
	m, err := Compile([]Rule{{Lines: lines}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	label := func(p Placeholder) string { return p.Type.Guard() }
	for _, tt := range []struct {
		a, b int
		want string
	}{{1, 1, "<nil>"}, {1, 2, "[cmd cmd]"}} {
		work := 1 << 20
		got, err := m.Readings(&work).Differ(LineRef{0, tt.a}, LineRef{0, tt.b}, label)
		if s := fmt.Sprint(got); err != nil || got == nil && tt.want != "<nil>" || got != nil && s != tt.want {
			t.Errorf("lines %d and %d: got %v, %v, want %s", tt.a, tt.b, got, err, tt.want)
		}
	}
}
