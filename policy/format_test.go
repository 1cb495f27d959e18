package policy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"done", "version: 1\n", "version: 1\n"},
		{"no newline", "version: 1", "version: 1\n"},
		{"blank lines at the end", "version: 1\n\n \n\n", "version: 1\n"},
		{"carriage returns", "version: 1 \r\nabout: a\r\n", "version: 1\nabout: a\n"},
		{"marker", "---\nversion:  1\n...\n", "---\nversion: 1\n...\n"},
		{"spaces and tabs", "version:\t 1   # one \nabout :  'a  b'  \n", "version: 1   # one\nabout : 'a  b'\n"},
		{"blank lines between", "version: 1\n\n\nabout: a\n", "version: 1\n\n\nabout: a\n"},
		{
			"levels", "profiles:\n      a:\n         run:\n          nice: 1\n",
			"profiles:\n  a:\n    run:\n      nice: 1\n",
		},
		{"list at its key", "use:\n- a\n-   b # x\n", "use:\n  - a\n  - b # x\n"},
		{"list in a list", "a:\n-  -   x\n   - y\n-\n   z\n", "a:\n  - - x\n    - y\n  -\n    z\n"},
		{"item below its dash", "a:\n-\n     k:  1\n     l: 2\n", "a:\n  -\n    k: 1\n    l: 2\n"},
		{"value below its key", "about:\n     text\nversion: 1\n", "about:\n  text\nversion: 1\n"},
		{"plain of two lines", "a:\n   b:  one\n     two\n", "a:\n  b: one\n    two\n"},
		{"quoted of two lines", "a:\n    b: \"one\n\n   # two\"\n    c: x\n", "a:\n  b: \"one\n\n  # two\"\n  c: x\n"},
		{"flow", "a:\n    b:  [ x,\n         {y:   z} ]\n    c: {}\n", "a:\n  b: [ x,\n       {y:   z} ]\n  c: {}\n"},
		{"empty values", "a:\nb:   # c\n", "a:\nb:   # c\n"},
		{"not ASCII", "a:\n    'é':   1\n", "a:\n  'é': 1\n"},
		{
			"comments", "# 1\na:\n    # 2\n    b: 1\n      # 3\n    # 4\n# 5\nc: 1\n   # 6\n",
			"# 1\na:\n  # 2\n  b: 1\n# 3\n  # 4\n# 5\nc: 1\n# 6\n",
		},
		{"literal", "a:\n    b:  |   # c\n         x  y \n\n           z\n    # d\n", "a:\n  b: |   # c\n    x  y \n\n      z\n  # d\n"},
		{"indicator", "a:\n    b: |3-\n          x\n", "a:\n  b: |2-\n       x\n"},
		{"like an indicator", "a: b |3\n", "a: b |3\n"},
		{"literal keeps its end", "a: |+\n  x\n\n\n", "a: |+\n  x\n\n\n"},
		{"empty literal", "a: |\nb: 1\n", "a: |\nb: 1\n"},
		{"folded in a list", "a:\n-    >-\n      x\n      y\n", "a:\n  - >-\n    x\n    y\n"},
		{
			"argv", "rules:\n- argv: |\n      a   <b:re(c  d)>   'e  f'\n         [g   h]\n        # in\n      # out\n\n      ''' x  y'   z  \n",
			"rules:\n  - argv: |\n      a <b:re(c  d)> 'e  f'\n          [g h]\n          # in\n      # out\n\n      ''' x  y' z\n",
		},
		{"argv with an indicator", "never:\n - argv: |2\n      a  b\n", "never:\n  - argv: |2\n      a b\n"},
		{"blank argv", "rules:\n- argv: |\n\n", "rules:\n  - argv: |\n"},
		{"argv at the end", "rules:\n  - argv: |", "rules:\n  - argv: |\n"},
		{"literal of blanks", "a: |\n     \n  \n", "a: |\n"},
		{"argv elsewhere", "profiles:\n  argv: |\n    a  b\n", "profiles:\n  argv: |\n    a  b\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, found := Format(File{Name: "p.yaml", Data: []byte(tt.in)})
			if found != nil || string(got) != tt.want {
				t.Errorf("Format(%q) = %q, %v, want %q", tt.in, got, found, tt.want)
			}
			if again, _ := Format(File{Name: "p.yaml", Data: got}); string(again) != string(got) {
				t.Errorf("a second time: %q, want %q", again, got)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	const in = "rules:\r\n-  argv: |2  # c\n      # -v/--verbose\n      -v/--verbose  a\n         -q/--quiet\nnever:\n  - argv: |\n     x\n     -v/--verbose"
	const want = "rules:\n-  argv: |2  # c\n      # -v/--verbose\n      (-v|--verbose)  a\n         (-q|--quiet)\nnever:\n  - argv: |\n     x\n     (-v|--verbose)"
	got, found := Expand(File{Name: "p.yaml", Data: []byte(in)})
	if found != nil || string(got) != want {
		t.Errorf("Expand(%q) = %q, %v, want %q", in, got, found, want)
	}
	for _, tt := range []struct{ in, want string }{
		{"- a\n", ""},
		{"a: [\n", "p.yaml:2:1: E F-SYNTAX"},
		{"rules:\n  - argv: |\n      a\n      (b\n", "p.yaml:4:9: E G-PARSE"},
	} {
		got, found := Expand(File{Name: "p.yaml", Data: []byte(tt.in)})
		if tt.want == "" && string(got) == tt.in {
			continue
		}
		if err := found.Err(); got != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("Expand(%q) = %q, %v, want %s", tt.in, got, found, tt.want)
		}
	}
}

func TestFormatRefuses(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"not YAML", "a: [\n", "p.yaml:2:1: E F-SYNTAX"},
		{"alias", "a: &x 1\nb: *x\n", "p.yaml:1:4: E F-UNKNOWN"},
		{"list", "- a\n", "p.yaml:1:1: E F-YAMLTYPE"},
		{"flow", "{a: 1}\n", "p.yaml:1:1: E F-YAMLTYPE"},
		{"explicit key", "? a\n: b\n", "p.yaml:1:3: E F-SYNTAX"},
		{"argv", "rules:\n  - argv: |\n      a\n     b\n", "p.yaml:4:6: E"},
		{"argv ends in a backslash", "rules:\n  - argv: |\n      a \\\n      b\n", "p.yaml:3:9: E G-PARSE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, found := Format(File{Name: "p.yaml", Data: []byte(tt.in)})
			if got != nil || found.Err() == nil || !strings.HasPrefix(found.Err().Error(), tt.want) {
				t.Errorf("Format(%q) = %q, %v, want %s", tt.in, got, found, tt.want)
			}
		})
	}
}

// TestFormatExamples holds that what is shipped is formatted, and that whatever
// is done to its spaces, formatting gives one text back that says the same.
func TestFormatExamples(t *testing.T) {
	names, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // a repeatable sequence is the point
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{string(data), full, language, requests}
		for _, text := range texts {
			clean, found := Format(File{Name: name, Data: []byte(text)})
			if found != nil {
				t.Fatal(found)
			}
			if text == string(data) && string(clean) != text {
				t.Errorf("%s is not formatted", name)
			}
			for range 5 {
				moved := shake(r, text)
				out, found := Format(File{Name: name, Data: []byte(moved)})
				if found != nil {
					t.Fatalf("%v\n%s", found, moved)
				}
				wantSame(t, moved, string(out))
			}
		}
	}
}

// shake widens a policy's levels and the space behind its keys and dashes, where
// that changes nothing.
func shake(r *rand.Rand, text string) string {
	factor := 1 + r.IntN(3)
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		body := strings.TrimLeft(line, " ")
		indent := strings.Repeat(" ", (len(line)-len(body))*factor)
		if rest, ok := strings.CutPrefix(body, "- "); ok {
			body = "-" + strings.Repeat(" ", 2*factor-1) + rest
		}
		out = append(out, indent+body+strings.Repeat(" ", r.IntN(2)))
	}
	return strings.Join(out, "\n")
}

// wantSame fails unless two files load to the same policy, or are refused for
// the same reasons on the same lines.
func wantSame(t *testing.T, before, after string) {
	t.Helper()
	a, b := loads(t, before), loads(t, after)
	if !slices.Equal(a, b) {
		t.Errorf("before %q\nafter %q\nof %s\nas %s", a, b, before, after)
	}
	again, found := Format(File{Name: "p.yaml", Data: []byte(after)})
	if found != nil || string(again) != after {
		t.Errorf("formatted twice: %v %s\nonce: %s", found, again, after)
	}
}

// loads says what Load makes of a text, columns and spaces aside.
func loads(t *testing.T, text string) []string {
	t.Helper()
	s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(text)}}, options())
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprint(f.ID, f.Severity, f.Rule))
	}
	slices.Sort(out)
	for _, r := range s.Rules() {
		out = append(out, string(r.ID), r.Why, r.key, fmt.Sprint(r.Callers, r.Programs, r.Pos.Line, r.AllowTests, r.DenyTests))
		for _, l := range r.Lines {
			words, err := argv.Texts(l.Text)
			out = append(out, fmt.Sprint(words, err, l.Number, l.Pos.Line))
		}
	}
	return out
}

// FuzzFormat holds that what Format gives back says the same, in the layout that
// it gives back again.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{
		full, language, requests, rule(), "a:\n-   - b\n  # c\n-\n  d", "a: |2+\n   x\n\n", "a: >\n # b\n", "? a\n: b",
		"rules:\n- argv: |\n     a  'b  c'\n       <d>\n    # e\n", "a: \"x\n  # y\"\n", "---\na: [b,\n# c\n d]\n...\n", "a: b |3\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, found := Format(File{Name: "p.yaml", Data: data})
		if (out == nil) != found.HasErrors() {
			t.Fatalf("text %q, findings %v", out, found)
		}
		if out == nil {
			return
		}
		wantSame(t, string(data), string(out))
		expanded, found := Expand(File{Name: "p.yaml", Data: data})
		if (expanded == nil) != found.HasErrors() {
			t.Fatalf("expanded %q, findings %v", expanded, found)
		}
		if again, _ := Expand(File{Name: "p.yaml", Data: expanded}); string(again) != string(expanded) {
			t.Errorf("expanded %q, and again %q", expanded, again)
		}
	})
}
