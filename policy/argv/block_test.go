package argv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func mustParse(t testing.TB, src string, scope Scope) *Block {
	t.Helper()
	b, err := Parse(src, scope)
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return b
}

func TestParseErrors(t *testing.T) {
	scope := Scope{"dev": mustType(t, "ifname")}
	tests := []struct{ src, check, want string }{
		{"a | b", "G-PARSE", `1:3: "|" outside of brackets, expected "(a|b)", or two lines`},
		{"(a|b", "G-PARSE", `1:5: end of line, a "(" is open, expected ")"`},
		{"(a|b]", "G-PARSE", `1:5: "]", expected "|" or ")"`},
		{"a )", "G-PARSE", `1:3: ")" without its opening bracket`},
		{"a }", "G-PARSE", `without its opening bracket`},
		{"a#b", "G-PARSE", `1:2: "#" must be quoted`},
		{"a #b", "G-PARSE", `1:3: "#"`},
		{"a>b", "G-PARSE", `1:2: ">" must be quoted`},
		{"a!", "G-PARSE", `1:2: "!" marks a member of a set`},
		{"a !", "G-PARSE", `1:3: "!" marks a member of a set`},
		{"(a!|b)", "G-PARSE", `1:3: "!", expected "|" or ")"`},
		{"...", "G-PARSE", `1:1: ".", expected a word`},
		{"link set \\\n  up", "G-PARSE", `1:10: there is no continuation by backslash: indent the next line deeper`},
		{"a\\\nb", "G-PARSE", `1:2: there is no continuation`},
		{"a\n  é\\  ", "G-PARSE", `2:4: there is no continuation`},
		{`a "b c"`, "G-PARSE", `1:3: "\"" outside of single quotes: quote with '…'`},
		{`a"b"`, "G-PARSE", `1:2: "\"" outside`},
		{`(a|")`, "G-PARSE", `1:4: "\"" outside`},
		{`x<a:str>"`, "G-PARSE", `1:9: "\"" outside`},
		{"a ... b", "G-PARSE", `1:3: "."`},
		{"a...b", "G-PARSE", `1:5: "b" after "a...", expected a space`},
		{"a...0", "G-PARSE", `1:5: repetition of "0", expected a number from 1 to 64`},
		{"a...08", "G-PARSE", "expected a number"},
		{"a...65", "G-PARSE", "expected a number from 1 to 64"},
		{"a...99999999999999999999", "G-PARSE", "expected a number"},
		{"[a]... [[a]]...", "G-NULLREP", "1:13: repetition of something that may be no argument"},
		{"([a])...", "G-NULLREP", "1:6:"},
		{"()...", "G-NULLREP", "1:3:"},
		{"{a|b}...", "G-NULLREP", "1:6:"},
		{"{[a]|b}", "G-NULLREP", "1:5: a member of a set that may be no argument"},
		{"{|b}", "G-NULLREP", "a member of a set"},
		{"{}", "G-NULLREP", "a member of a set"},
		{"{a|b|c|d|e|f|g|h|i|j|k|l|m}", "G-SETSIZE", "a set of more than 12 members"},
		{"{a...2!...|b}", "G-PARSE", `1:8: "..." for the second time`},
		{"{a!...0|b}", "G-PARSE", `1:7: repetition of "0", expected a number from 1 to 64`},
		{"{a!!|b}", "G-PARSE", `1:4: "!", expected "|" or "}"`},
		{"{a! b|b}", "G-PARSE", `1:5: "b", expected "|" or "}"`},
		{"{a ...|b}", "G-PARSE", `1:4: ".", expected a word`},
		{"{a! ...|b}", "G-PARSE", `1:5: ".", expected "|" or "}"`},
		{"{[a]...|b}", "G-NULLREP", "1:8: a member of a set that may be no argument"},
		{"x {a...63|b...63|c}", "G-SETSIZE", "1:3: the members of this set can be given in more than 4096 ways"},
		{"a{b|c}", "G-PARSE", "1:2: a set inside of a word"},
		{"{b|c}a", "G-PARSE", `1:6: "a" after "{b|c}", expected a space`},
		{"x(a b)", "G-PARSE", "1:2: a bracket that touches a word is a part of it"},
		{"x( a|b)", "G-PARSE", "1:2: a bracket that touches"},
		{"(a b)x", "G-PARSE", "1:1: a bracket that touches"},
		{"x(|a)", "G-PARSE", "a bracket that touches"},
		{"x({a|b})", "G-PARSE", "a bracket that touches"},
		{"x(a...)", "G-PARSE", "a bracket that touches"},
		{"[a][b]", "G-PARSE", `1:1: every part of this word is optional`},
		{"([a]|b)[c]", "G-PARSE", `every part`},
		{"'a", "G-PARSE", "1:1: a quote that does not end"},
		{"'a\n  b'", "G-PARSE", "1:1: a quote that does not end"},
		{"<", "G-PARSE", "1:1: a placeholder that does not end"},
		{"<a b>", "G-PARSE", `1:2: "a b"`},
		{"<>", "G-PARSE", `1:2: ""`},
		{"<Dev>", "G-PARSE", `1:2: "Dev", expected a name`},
		{"<dev\n  >", "G-PARSE", "inside of a placeholder"},
		{"<a<b>>", "G-PARSE", `1:3: "<" inside of a placeholder`},
		{"x <foo>", "G-PARSE", "1:4: foo: unknown type; known types: any, bundle, cidr"},
		{"x <foo:bar>", "G-PARSE", "1:8: bar: unknown type"},
		{"<n:int(5..1)>", "T-REGEX", "1:4: int: no value at all"},
		{"<dev:mac>", "G-PARSE", `1:2: the name "dev" is already defined`},
		{"<dev!>", "G-PARSE", "1:2: <dev!> means the same value as before, and there is none before, expected a <dev> in front of it"},
		{"<a:str> <b!>", "G-PARSE", "1:10: <b!> means the same value"},
		{"<dev> <dev!:ifname>", "G-PARSE", "1:13: a type for <dev!>, which has that of the first <dev>, expected <dev!>"},
		{"<dev> <dev!!>", "G-PARSE", `1:8: "dev!"`},
		{"<!>", "G-PARSE", `1:2: ""`},
		{"a -w/--wait:", "G-PARSE", "1:13: the value of an option is one word that must be there, expected a value, as in -w/--wait:<n>"},
		{"-w/--wait: <dev>", "G-PARSE", "1:11: the value of an option"},
		{"-w/--wait:[a]", "G-PARSE", "1:11: the value of an option"},
		{"-w/--wait:{a}", "G-PARSE", "1:11: the value of an option"},
		{"-w/--wait:...", "G-PARSE", "1:11: the value of an option"},
		{"-w/--wait:(a b|c)", "G-PARSE", "1:11: a bracket that touches a word is a part of it"},
		{"-w/--wait:(a|)", "G-PARSE", "1:11: a bracket that touches"},
		{"-w/--wait:<foo>", "G-PARSE", "1:12: foo: unknown type"},
		{"-w/--wait:(-x/--xx|a)", "G-PARSE", "1:12: an option inside the value of an option"},
		{"-w/--wait:-x/--xx", "G-PARSE", "1:11: an option inside the value of an option"},
		{"-w/--wait=<dev>", "G-PARSE", `1:10: "=" behind -w/--wait, expected ":" in front of a value`},
		{"-w/--wait<dev>", "G-PARSE", `1:10: "<" behind -w/--wait`},
		{"-w/--wait/--why", "G-PARSE", `1:10: "/" behind`},
		{"-v/--verbose{a}", "G-PARSE", `1:13: "{" after "-v/--verbose", expected a space`},
		{"-v/--", "G-PARSE", "1:6: the long spelling of -v has no name"},
		{"-v/---x", "G-PARSE", "1:6: the long spelling of -v has no name"},
		{strings.Repeat("(", 32) + "-v/--vv" + strings.Repeat(")", 32), "G-PARSE", "1:33: more than 32 brackets"},
		{strings.Repeat("(", 31) + "-v/--vv:(a)" + strings.Repeat(")", 31), "G-PARSE", "1:40: more than 32 brackets"},
		{"<inner:command> a", "G-PARSE", "nested command"},
		{"[<inner:command>]", "G-PARSE", "nested command"},
		{"a <inner:command>...", "G-PARSE", "nested command"},
		{"a <inner:command> <inner:command>", "G-PARSE", "nested command"},
		{"a'<inner:command>", "G-PARSE", "does not end"},
		{"(a <inner:command>", "G-PARSE", "is open"},
		{"<Inner:command>", "G-PARSE", "\"Inner\""},
		{"a\tb", "G-PARSE", "1:2: tab"},
		{"ab\r\n", "G-PARSE", "1:3: character U+000D"},
		{"a\u202eb", "G-PARSE", "1:2: character U+202E"},
		{"# \x00\na", "G-PARSE", "1:3: character U+0000"},
		{"a\xffb", "G-PARSE", "1:2: invalid UTF-8"},
		{"é '\u202e'", "G-PARSE", "1:4: character U+202E"},
		{"# only a comment", "G-PARSE", "comments only"},
		{"  a\n b", "G-PARSE", "2:2: indented less than the first line"},
		{"a\n  b\n    c | d", "G-PARSE", "3:7: "},
		{strings.Repeat("(", 33) + "a" + strings.Repeat(")", 33), "G-PARSE", "1:33: more than 32 brackets"},
		{strings.Repeat("a\n", 65), "G-PARSE", "65:1: more than 64 lines"},
		{strings.Repeat("a", 4097), "G-PARSE", "line longer than 4096 bytes"},
		{"a\n" + strings.Repeat("  bbbbbbb\n", 600), "G-PARSE", "line longer than 4096 bytes"},
	}
	for _, tt := range tests {
		t.Run(firstRunes(tt.src, 30), func(t *testing.T) {
			b, err := Parse(tt.src, scope)
			var se *SyntaxError
			if !errors.As(err, &se) || b != nil {
				t.Fatalf("got %v, %v, want a *SyntaxError", b, err)
			}
			if se.Check != tt.check || !strings.Contains(se.Error(), tt.want) {
				t.Errorf("got  %s %v\nwant %s %s", se.Check, se, tt.check, tt.want)
			}
		})
	}
}

// TestTypesTogetherAreBounded: many types, each of which is within its own
// bound, are not within the bound of a block. The same notation costs once.
func TestTypesTogetherAreBounded(t *testing.T) {
	c := &typeCache{work: 1 << 16, made: map[string]*Type{}}
	first, err := c.get("re([a-z]{1,100}0)")
	if err != nil {
		t.Fatal(err)
	}
	left := c.work
	if again, err := c.get("re([a-z]{1,100}0)"); err != nil || again != first || c.work != left || left >= 1<<16 {
		t.Fatalf("the same notation: got %v, %v, work %d after %d", again, err, c.work, left)
	}
	for i := range 100 {
		if _, err = c.get(fmt.Sprintf("re([a-z]{1,100}%d)", i+1)); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "together with the types before it") {
		t.Errorf("got %v", err)
	}
}

func TestParseManyErrors(t *testing.T) {
	_, err := Parse("a\n)\n(\nb\n"+strings.Repeat("]\n", 20), nil)
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // the joined error itself is looked at
	if !ok || len(joined.Unwrap()) != maxErrors {
		t.Fatalf("got %v, want %d errors", err, maxErrors)
	}
	for i, e := range joined.Unwrap() {
		var se *SyntaxError
		if row := []int{2, 3, 5, 6, 7, 8, 9, 10, 11, 12}[i]; !errors.As(e, &se) || se.Line != row {
			t.Errorf("error %d: got %v, want line %d", i, e, row)
		}
	}
}

// describe writes the tree of a line.
func describe(s seq) string {
	var parts []string
	for _, n := range s {
		p := ""
		switch n.op {
		case opWord:
			p = describeUnits(n.word.units)
		default:
			var alts []string
			for i, a := range n.alts {
				alt := describe(a)
				if n.op == opSet && n.members[i].need {
					alt += "!"
				}
				if n.op == opSet && n.members[i].most != 1 {
					alt += fmt.Sprintf("*%d", n.members[i].most)
				}
				alts = append(alts, alt)
			}
			p = string("?([{"[n.op]) + strings.Join(alts, "|") + string("?)]}"[n.op])
		}
		if n.most != 1 {
			p += fmt.Sprintf("*%d", n.most)
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, " ")
}

func describeUnits(units []unit) string {
	var b strings.Builder
	for _, u := range units {
		switch u.op {
		case unitLit:
			fmt.Fprintf(&b, "%q", u.text)
		case unitPlace:
			same := ""
			if u.hole.Same {
				same = "!"
			}
			fmt.Fprintf(&b, "<%s%s:%s>", u.hole.Name, same, u.hole.Type)
		default:
			b.WriteString("+")
			b.WriteByte("(["[u.op-unitGroup])
			for i, a := range u.alts {
				if i > 0 {
					b.WriteByte('|')
				}
				b.WriteString(describeUnits(a))
			}
			b.WriteByte(")]"[u.op-unitGroup])
		}
	}
	return b.String()
}

func TestParseTree(t *testing.T) {
	scope := Scope{"dev": mustType(t, "ifname"), "ip": mustType(t, "ip4")}
	tests := []struct{ src, want string }{
		{"", ""},
		{"()", "()"},
		{"a b", `"a" "b"`},
		{"a  (b|c d)", `"a" ("b"|"c" "d")`},
		{"[a|b]... x...3", `["a"|"b"]*0 "x"*3`},
		{"(a)...", `("a")*0`},
		{"x(a|b)y", `"x"+("a"|"b")"y"`},
		{"(a|b)[c]", `+("a"|"b")+["c"]`},
		{"(a|b) [c]", `("a"|"b") ["c"]`},
		{"x((a|b)|c[d])", `"x"+(+("a"|"b")|"c"+["d"])`},
		{"''", `""`},
		{"'' ''", `"" ""`},
		{"''''", `"'"`},
		{"'a b''c'd", `"a b'cd"`},
		{"x''", `"x"`},
		{"'|' ':' '...' '#' '!'", `"|" ":" "..." "#" "!"`},
		{"..a .. a.b", `"..a" ".." "a.b"`},
		{"a'...'b", `"a...b"`},
		{"{-n <n:int(1..9)> | -i <dev>! | -q}", `{"-n" <n:int(1..9)>|"-i" <dev:ifname>!|"-q"}`},
		{"{ -q ! | a }", `{"-q"!|"a"}`},
		{"{a...|b...3|c!...|d...2!|e f...}", `{"a"*0|"b"*3|"c"!*0|"d"!*2|"e" "f"*0}`},
		{"{(a...)|(b...2)!}", `{("a"*0)|("b"*2)!}`},
		{"{(a b)...2 x|c}", `{("a" "b")*2 "x"|"c"}`},
		{"<dev> <x:dev> <mac> <ip>", `<dev:ifname> <x:ifname> <mac:mac> <ip:ip4>`},
		{"<r:int(1..5)>kbit -c<c:int(0..3)>", `<r:int(1..5)>"kbit" "-c"<c:int(0..3)>`},
		{"<x:re([a|b ]{1,2}(c))>", `<x:re([a|b ]{1,2}(c))>`},
		{"a$b \\ '\"q\"' a=b,c:d@e%f+g^h~i`j&k*l;m?n", `"a$b" "\\" "\"q\"" "a=b,c:d@e%f+g^h~i` + "`" + `j&k*l;m?n"`},
		{"-w/-x --a/--b /srv/-x a/b -/--x -é/--x x-v/--verbose", `"-w/-x" "--a/--b" "/srv/-x" "a/b" "-/--x" "-é/--x" "x-v/--verbose"`},
		{"'-v/--verbose' -v'/--verbose'", `"-v/--verbose" "-v/--verbose"`},
		{"-v/--verbose", `("-v"|"--verbose")`},
		{"[-v/--verbose]... {-4/--ipv4!|-q...}", `[("-v"|"--verbose")]*0 {("-4"|"--ipv4")!|"-q"*0}`},
		{"x(-v/--verbose|-q)", `"x"+(+("-v"|"--verbose")|"-q")`},
		{"-w/--wait:<n:int(1..60)>...2", `("-w" <n:int(1..60)>|"--wait" <n:int(1..60)>|"--wait="<n:int(1..60)>)*2`},
		{"-r/--max-rate_1:<n:int(1..60)>kbit", `("-r" <n:int(1..60)>"kbit"|"--max-rate_1" <n:int(1..60)>"kbit"|"--max-rate_1="<n:int(1..60)>"kbit")`},
		{"-m/--mode:(a|<dev>)", `("-m" ("a"|<dev:ifname>)|"--mode" ("a"|<dev:ifname>)|"--mode="+("a"|<dev:ifname>))`},
		{"-m/--mode:a[b]", `("-m" "a"+["b"]|"--mode" "a"+["b"]|"--mode=a"+["b"])`},
		{"-e/--empty:''", `("-e" ""|"--empty" ""|"--empty=")`},
		{"<dev> x(<dev!>|y) <a:str> <a:mac> <a!>", `<dev:ifname> "x"+(<dev!:ifname>|"y") <a:str> <a:mac> <a!:str>`},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			if got := describe(mustParse(t, tt.src, scope).Lines[0].seq); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParseLines(t *testing.T) {
	src := "\n  # first\n  link  show  \n\n  addr\n      [x]\n   # inside\n    y\n  ()\n"
	b := mustParse(t, src, nil)
	var got strings.Builder
	for _, l := range b.Lines {
		fmt.Fprintf(&got, "%d@%d:%d %q %s\n", l.Number, l.Row, l.Col, l.Source, describe(l.seq))
	}
	want := "1@3:3 \"link  show\" \"link\" \"show\"\n2@5:3 \"addr [x] y\" \"addr\" [\"x\"] \"y\"\n3@9:3 \"()\" ()\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

func TestPlaceholders(t *testing.T) {
	l := mustParse(t, "<n:int(1..2)> x[<n:int(1..2)>] {a <mac> | b <n:int(1..3)> <n!>}", nil).Lines[0]
	if got, want := fmt.Sprint(l.Placeholders()), "[{n int(1..2) false} {mac mac false} {n int(1..3) false} {n int(1..2) true}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "a (b|c) [d]... {x|y!}", "x(a|b)[c]<n:int(1..2)>", "'' '''' 'a b'", "{a...|b}", "[[[[a]]]]", "a...8 <x:re([a]{9}(b|c))>",
		"# c\na\n  b\n", "-w/--wait:<n>", "<n> x<n!> [<n!>]", "{a...|b!...2|-q/--quiet!}", "-v/--verbose... {-i/--in:(a|b)...3|c}", "<x!>", "(((", "é <dev> \u202e", "{a|b|c|d|e|f|g|h|i|j|k|l} {a|b|c|d|e|f|g|h|i|j|k|l}",
		"((((x...64)...64)...64)...64)...64", "{{a|b|c|d|e|f!}|{a|b|c|d|e!}|{x|y!}...}", "<a:str><b:str><c:str>",
	} {
		f.Add(s, "a b c")
	}
	scope := Scope{"dev": mustType(f, "ifname"), "n": mustType(f, "int(1..9)")}
	// Small bounds, so that the fuzzer reaches them and stays quick.
	lim := Limits{LexerStates: 2000, TokenStates: 1000, Work: 1 << 20}
	f.Fuzz(func(t *testing.T, src, args string) {
		b, err := Parse(src, scope)
		if (b == nil) == (err == nil) {
			t.Fatalf("got both or neither: %v, %v", b, err)
		}
		if err != nil {
			return
		}
		m, err := Compile([]Rule{{Lines: b.Lines}}, lim)
		if err != nil {
			var le *LimitError
			if !errors.As(err, &le) || le.Rule != 0 || le.Line < 0 || le.Line > len(b.Lines) {
				t.Fatalf("got %v", err)
			}
			return
		}
		toks := strings.Fields(args)
		for _, ref := range m.Match(toks, nil) {
			if _, err := m.Captures(ref, toks); err != nil && !errors.Is(err, ErrAmbiguous) {
				t.Fatalf("%v matches, but: %v", ref, err)
			}
		}
		m.Explain(toks, nil)
	})
}
