package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// shuffledPolicy is a policy whose parts can be put in any order.
type shuffledPolicy struct {
	files [][]shuffledRule
}

type shuffledRule struct {
	id, exec, callers, run string
	overrides              string // a rule's id; empty: none
	lines                  []string
}

// some returns a policy of overlapping rules over few words.
func some(r *rand.Rand) shuffledPolicy {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var p shuffledPolicy
	n := 0
	for range 1 + r.IntN(3) {
		var rules []shuffledRule
		for range 1 + r.IntN(4) {
			n++
			rule := shuffledRule{
				id: fmt.Sprintf("r%d", n), exec: pick("/bin/a", "/usr/bin/a", "[/bin/a, /bin/b]"),
				callers: pick("[{user: alice}]", "[{user: alice}]", "[{user: bob}]", "[]"),
				run:     pick("{}", "{}", "{nice: 1}", "{caps: [kill]}"),
			}
			for range 1 + r.IntN(3) {
				rule.lines = append(rule.lines, pick("x", "x <n:int(1..3)>", "<w:re([a-z])>", "(x|y) [z]",
					"{x | y}", "<f:path(/d)>", "x <n:int(2..5)>", "()"))
			}
			for _, o := range rules {
				if o.exec == rule.exec && r.IntN(2) == 0 {
					rule.overrides = o.id
				}
			}
			rules = append(rules, rule)
		}
		p.files = append(p.files, rules)
	}
	return p
}

// shuffled returns the policy's files with everything in another order: files,
// rules and lines.
func (p shuffledPolicy) shuffled(r *rand.Rand) []File {
	var out []File
	for i, rules := range p.files {
		text := "version: 1\nrules:\n"
		for _, k := range r.Perm(len(rules)) {
			rule := rules[k]
			text += fmt.Sprintf("  - id: %s\n    exec: %s\n    callers: %s\n    run: %s\n    argv: |\n",
				rule.id, rule.exec, rule.callers, rule.run)
			if rule.overrides != "" {
				text = strings.TrimSuffix(text, "    argv: |\n") + "    overrides: " + rule.overrides + "\n    argv: |\n"
			}
			for _, l := range r.Perm(len(rule.lines)) {
				text += "      " + rule.lines[l] + "\n"
			}
		}
		out = append(out, File{Name: fmt.Sprintf("%d.yaml", i), Data: []byte(text)})
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestOrderMeansNothing loads policies in two orders and asks both the same.
func TestOrderMeansNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a repeatable sequence is the point
	words := strings.Fields("x y z 1 2 3 4 a /d/f /d /d/../f -x")
	verdicts := make(map[Reason]int)
	for range 60 {
		p := some(r)
		o := options()
		o.unproved = true // or most of the policies would not load
		a, foundA := Load(t.Context(), p.shuffled(r), o)
		b, foundB := Load(t.Context(), p.shuffled(r), o)
		if a == nil || b == nil {
			t.Fatalf("%v\n%v", foundA, foundB)
		}
		for range 200 {
			req := Request{Argv: []string{"a"}}
			if r.IntN(4) == 0 {
				req.Argv[0] = []string{"/bin/a", "/usr/bin/a", "b", "c"}[r.IntN(4)]
			}
			for range r.IntN(4) {
				req.Argv = append(req.Argv, words[r.IntN(len(words))])
			}
			da, db := a.Decide(alice, req), b.Decide(alice, req)
			verdicts[da.Denial.Reason]++
			if da.Verdict != db.Verdict || da.Denial.Reason != db.Denial.Reason || da.Program != db.Program ||
				da.Denial.ArgvIndex != db.Denial.ArgvIndex || !reflect.DeepEqual(da.Argv, db.Argv) {
				t.Fatalf("%q\n%s\n%s", req.Argv, da.Explain(req), db.Explain(req))
			}
			if da.Allowed() && (da.Rule.ID != db.Rule.ID || !da.Rule.Effect.Equal(db.Rule.Effect)) {
				t.Fatalf("%q: %s and %s", req.Argv, da.Rule.ID, db.Rule.ID)
			}
		}
	}
	for _, reason := range []Reason{"", ReasonAmbiguous, ReasonNoRule, ReasonMissingArgument} {
		if verdicts[reason] < 20 {
			t.Errorf("only %d requests ended with %q: %v", verdicts[reason], reason, verdicts)
		}
	}
}
