package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestOverrides(t *testing.T) {
	mtu := "set mtu <n:int(1..9000)>"
	for _, tt := range []struct {
		name, text string
		want       map[string]string // by request, the rule that decides
	}{
		{
			"a part", rules("set <w:re([a-z]+)> <n:int(1..9999)>", mtu+"\n    overrides: a\n    run: {nice: 1}"),
			map[string]string{"set mtu 9000": "b", "set mtu 9001": "a", "set x 1": "a"},
		},
		{
			"of two", rules("go <n:int(1..5)>", "go <n:int(3..5)>\n    overrides: a\n    run: {nice: 1}", "go <n:int(5..5)>\n    overrides: [b, a]\n    run: {nice: 2}"),
			map[string]string{"go 2": "a", "go 4": "b", "go 5": "c"},
		},
		{
			"in turn", rules("go <n:int(1..5)>", "go <n:int(3..5)>\n    overrides: a\n    run: {nice: 1}", "go <n:int(5..5)>\n    overrides: b\n    run: {nice: 2}"),
			map[string]string{"go 2": "a", "go 4": "b", "go 5": "c"},
		},
		{
			"an overlap where a third decides", rules("go <n:int(1..5)>", "go <n:int(3..5)>\n    overrides: a\n    run: {nice: 1}", "go <n:int(4..7)>\n    run: {nice: 1}"),
			map[string]string{"go 2": "a", "go 3": "b", "go 4": "b", "go 6": "c"},
		},
		{
			"other callers", rules("go <n:int(1..5)>\n    callers: [{user: alice}, {user: bob}]", "go <n:int(3..5)>\n    callers: [{user: bob}]\n    overrides: a\n    run: {nice: 1}"),
			map[string]string{"go 4": "a"},
		},
		{
			"other paths", rules("<f:path(/d)>", "<f:path(/d/x)>\n    overrides: a"),
			map[string]string{"/d/y": "a", "/d/x/y": "b"},
		},
		{
			"one of its programs", head + "  - id: a\n    exec: [/bin/x, /bin/y]\n    argv: |\n      go [on]\n" +
				"  - id: b\n    exec: [/bin/x, /bin/z]\n    argv: |\n      go\n    overrides: a\n    run: {nice: 1}\n",
			map[string]string{"go": "b", "go on": "a"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, tt.text)
			for request, want := range tt.want {
				d := s.Decide(alice, Request{Argv: append([]string{"x"}, strings.Fields(request)...)})
				if !d.Allowed() || string(d.Rule.ID) != want {
					t.Errorf("%s: %v, want %s\n%s", request, d.Rule, want, d.Explain(Request{Argv: []string{"x"}}))
				}
			}
		})
	}
}

func TestBadOverrides(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       string // end of the first finding, without its file
		witness    string
	}{
		{"no part", rules("go <n:int(1..5)>", "go <n:int(3..6)>\n    overrides: a\n    run: {nice: 1}"), "12:16: E A-OVERRIDE: b overrides a and accepts [x go 6], which that does not", "x go 6"},
		{"nothing shared", rules("go", "stop\n    overrides: a"), "accepts [x stop]", "x stop"},
		{"the same", rules("go", "go\n    overrides: a\n    run: {nice: 1}"), "12:16: E A-OVERRIDE: b accepts all that a does for /bin/x", ""},
		{"each other", rules("go\n    overrides: b", "go\n    overrides: a\n    run: {nice: 1}"), "8:16: E A-OVERRIDE: a accepts all that b does", ""},
		{"not named", rules("go [on]", "go [on]\n    run: {nice: 1}", "go\n    overrides: a\n    run: {nice: 2}"), "A-OVERLAP: rules a:1 and b:1 both accept", "x go on"},
		{
			"a third decides for others", rules("go <n:int(1..5)>\n    callers: [{user: alice}, {user: bob}]", "go <n:int(3..5)>\n    overrides: a\n    run: {nice: 1}", "go <n:int(4..7)>\n    callers: [{user: bob}]\n    run: {nice: 1}"),
			"A-OVERLAP: rules a:1 and c:1 both accept [x go 4]", "x go 4",
		},
		{"unknown", rules("go", "go\n    overrides: aa"), "12:16: E F-VALUE: overrides: there is no rule \"aa\"; did you mean a?", ""},
		{"itself", rules("go\n    overrides: a"), "8:16: E F-VALUE: overrides: a is this rule itself", ""},
		{"twice", rules("go", "go\n    overrides: [a, a]"), "12:20: E F-VALUE: overrides: a stands twice", ""},
		{"a number", rules("go\n    overrides: 1"), "8:16: E F-YAMLTYPE", ""},
		{"a mapping", rules("go\n    overrides: {}"), "8:16: E F-YAMLTYPE", ""},
		{"another program", rules("go") + "  - {id: z, exec: /bin/z, argv: '', overrides: a}\n", "8:48: E F-VALUE: overrides: a runs no program of z", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, found := Load(t.Context(), []File{{"p.yaml", []byte(tt.text)}}, options())
			if s != nil || len(found) == 0 || !strings.Contains(found[0].String(), tt.want) || strings.Join(found[0].Witness, " ") != tt.witness {
				t.Errorf("got %v, want %q with %q", found, tt.want, tt.witness)
			}
		})
	}
	// What stands behind the proofs: nobody decides where two override each other.
	d := loadUnproved(t, rules("go\n    overrides: b", "go\n    overrides: a\n    run: {nice: 1}")).Decide(alice, Request{Argv: []string{"x", "go"}})
	if d.Allowed() || d.Denial.Reason != ReasonAmbiguous {
		t.Errorf("rules that override each other: %v", d.Denial)
	}
}

// TestOverridesInAnyOrder loads three nested rules under all names and orders.
func TestOverridesInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // a repeatable sequence is the point
	for range 20 {
		id := r.Perm(3)
		over := []string{"[]", fmt.Sprintf("[r%d]", id[0]), fmt.Sprintf("[r%d, r%d]", id[0], id[1])}
		var all []File
		for i, k := range r.Perm(3) {
			all = append(all, File{Name: fmt.Sprintf("%d.yaml", i), Data: fmt.Appendf(nil,
				"%s  - id: r%d\n    exec: /bin/x\n    run: {nice: %d}\n    overrides: %s\n    argv: |\n      <n:int(%d..5)>\n",
				head, id[k], k+1, over[k], k*2)})
		}
		s, found := Load(t.Context(), all, options())
		if s == nil {
			t.Fatalf("%v\n%s", found, all[0].Data)
		}
		for n, want := range []int{1, 1, 2, 2, 3, 3} {
			d := s.Decide(alice, Request{Argv: []string{"x", fmt.Sprint(n)}})
			if !d.Allowed() || d.Rule.Effect.Nice != want {
				t.Errorf("x %d: nice %d, want %d: %v", n, d.Rule.Effect.Nice, want, d.Denial)
			}
		}
	}
}
