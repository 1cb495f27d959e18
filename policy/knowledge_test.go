package policy

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// TestKnowledge: each line of each escape is a request of its own, and the naive
// rule of its program is refused because of it.
func TestKnowledge(t *testing.T) {
	k, err := known()
	if err != nil {
		t.Fatal(err)
	}
	naive, err := argv.Parse("[<x:any>]...", nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := argv.Compile([]argv.Rule{{Lines: naive.Lines}}, argv.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range k.all {
		scope, err := b.scope(firstSamples().names())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.templates(); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
		for _, e := range slices.Concat(b.escapes, b.config, b.commands) {
			block, err := argv.Parse(e.block, scope)
			if err != nil {
				t.Errorf("%s: %v", e.pos, err)
				continue
			}
			for _, l := range block.Lines {
				one := *e
				one.block = l.Source
				m, err := b.matcher(scope, []*escape{&one})
				if err != nil {
					t.Fatal(err)
				}
				request := m.Requests().Shortest([]argv.LineRef{{}})
				work := escapeWork
				met, err := n.Meet(m, &work)
				if err != nil || len(met) != 1 || request == nil || len(met[0].Request) != len(request) {
					t.Errorf("%s: %q: the naive rule meets %v, %v; want %q", e.pos, l.Source, met, err, request)
				}
			}
		}
	}
}

// naive is a policy in the manner of lists of commands: this program, whatever
// its arguments.
func naive(program, fields string) string {
	return head + "  - id: r\n    exec: " + program + "\n    argv: |\n      [<x:any>]...\n" + fields
}

// findingsOf returns the findings of a check.
func findingsOf(found Findings, id string) Findings {
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.ID != id })
}

func TestNaiveRules(t *testing.T) {
	k, err := known()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range k.all {
		stdin := ""
		if !slices.ContainsFunc(b.escapes, func(e *escape) bool { return !e.stdin }) {
			stdin = "    stdin: {max: 1KiB}\n"
		}
		s, found := Load(t.Context(), []File{{"p.yaml", []byte(naive("/opt/bin/"+b.name, stdin))}}, options())
		got := findingsOf(found, "P-ESCAPE")
		if len(b.escapes) == 0 {
			if len(got) > 0 {
				t.Errorf("%s: %v", b.name, got)
			}
			continue
		}
		if s != nil || len(got) != 1 || got[0].Severity != SeverityError || got[0].Witness == nil || strings.Contains(got[0].Message, "escape via") {
			t.Errorf("%s: %v", b.name, found)
		}
	}
	for name := range strings.FieldsSeq("true false id sleep uname whoami nproc arch hostid logname tty") {
		if _, found := Load(t.Context(), []File{{"p.yaml", []byte(naive("/bin/"+name, ""))}}, options()); len(findingsOf(found, "P-ESCAPE")) > 0 {
			t.Error(found)
		}
	}
}

// TestBadKnowledge: data with a mistake in it is no data.
func TestBadKnowledge(t *testing.T) {
	const program = "binaries:\n  x:\n    man: x(1)\n"
	for _, c := range []struct{ name, text, want string }{
		{"no mapping", "- a", "a.yaml:1:1: E F-YAMLTYPE"},
		{"syntax", "a: [", "F-SYNTAX"},
		{"nothing in it", "{}", "the file has no binaries:"},
		{"another key", "binaries: {}\nmore: 1", `unknown field "more"`},
		{"no page", "binaries: {x: {}}", "x has no man:"},
		{"no entry", "binaries: {x: 1}", "a program is the number 1"},
		{"no pattern", program + "    also: ['[']", `also: "[" is no pattern`},
		{"no escapes", program + "    escapes: 1", "escapes is the number 1"},
		{"no escape", program + "    escapes: [1]", "an escape is the number 1"},
		{"no kind", program + "    escapes: [{note: x, has: y}]", "the escape has no kind:"},
		{"no note", program + "    escapes: [{kind: exec, has: y}]", "the escape has no note:"},
		{"an empty note", program + "    escapes: [{kind: exec, note: '', has: y}]", "note is empty"},
		{"another kind", program + "    escapes: [{kind: evil, note: x, has: y}]", `kind is "evil", expected one of exec, `},
		{"no lines", program + "    escapes: [{kind: exec, note: x}]", "needs has: or argv:, and not both"},
		{"both", program + "    escapes: [{kind: exec, note: x, has: y, argv: y}]", "needs has: or argv:, and not both"},
		{"lines of another kind", program + "    escapes: [{kind: exec, note: x, has: 1}]", "the lines is the number 1"},
	} {
		k, err := readKnowledge(fstest.MapFS{"a.yaml": {Data: []byte(c.text)}})
		if k != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	text := program + "    escapes: []\n"
	if _, err := readKnowledge(fstest.MapFS{"a.yaml": {Data: []byte(text)}, "b.yaml": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "b.yaml:2:3: E F-VALUE: the program x stands twice") {
		t.Errorf("got %v", err)
	}
	if _, err := readKnowledge(fstest.MapFS{"a.yaml": {Mode: fs.ModeDir}}); err == nil {
		t.Error("a directory can be read")
	}
}

// TestBadTypes: a mistake in the types of a program shows when it is asked for.
func TestBadTypes(t *testing.T) {
	text := "binaries:\n  x:\n    man: x(1)\n    types: {a: {re: '('}}\n    escapes: [{kind: exec, note: x, has: <a>}]\n"
	k, err := readKnowledge(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.lookup("/bin/x").templates(); err == nil || !strings.Contains(err.Error(), "a.yaml:4:16: E T-REGEX") {
		t.Errorf("got %v", err)
	}
}

// TestBadTemplates: lines that do not parse show when they are compiled.
func TestBadTemplates(t *testing.T) {
	for _, block := range []string{"<nothing>", "# nothing", "(a"} {
		b := &knownProgram{name: "x", types: func() (argv.Scope, error) { return argv.Scope{}, nil }, escapes: []*escape{{kind: "exec", block: block, pos: Position{"a.yaml", 3, 1}}}}
		if _, err := b.compile(firstSamples()); err == nil || !strings.HasPrefix(err.Error(), "a.yaml:3: ") {
			t.Errorf("%q: %v", block, err)
		}
		if _, err := b.which(firstSamples(), false, nil); err == nil {
			t.Errorf("%q is an escape", block)
		}
	}
}
