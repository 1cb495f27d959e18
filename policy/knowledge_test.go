package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// TestKnowledge: each line of each escape is a request of its own, and the naive
// rule of its program is refused because of it.
func TestKnowledge(t *testing.T) {
	k, err := known()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range k.all {
		scope, err := firstSamples().scope(b.types)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.templates(); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
		for _, e := range b.escapes {
			block, err := argv.Parse(e.block, scope)
			if err != nil {
				t.Errorf("%s: %v", e.pos, err)
				continue
			}
			for _, l := range block.Lines {
				one := *e
				one.block = l.Source
				m, err := b.matcher(firstSamples(), []*escape{&one})
				if err != nil {
					t.Fatal(err)
				}
				request := m.Requests().Shortest([]argv.LineRef{{}})
				naive, err := argv.Parse("[<x:any>]...", nil)
				if err != nil {
					t.Fatal(err)
				}
				n, err := argv.Compile([]argv.Rule{{Lines: naive.Lines}}, argv.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				work := escapeWork
				met, err := n.Meet(m, &work)
				if err != nil || len(met) != 1 || request == nil || len(met[0].Request) != len(request) {
					t.Errorf("%s: %q: the naive rule meets %v, %v; want %q", e.pos, l.Source, met, err, request)
				}
				if found, err := b.which(firstSamples(), e.stdin, request); err != nil || found == nil {
					t.Errorf("%s: %q is no escape: %v", e.pos, request, err)
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
	for _, name := range strings.Fields("true false id sleep uname whoami nproc arch hostid logname tty") {
		if _, found := Load(t.Context(), []File{{"p.yaml", []byte(naive("/bin/"+name, ""))}}, options()); len(findingsOf(found, "P-ESCAPE")) > 0 {
			t.Error(found)
		}
	}
	fmt.Println(len(k.all))
}
