package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// nestedRule is a rule of a random policy. Its id says its place: o rules are
// called, m rules are chained and chain, i rules are chained.
type nestedRule struct {
	id, exec, run string
	wrap          bool
	lines         []string // without nested commands
	chain         []string
}

func (r nestedRule) text(perm func(int) []int) string {
	callers, last := "[]", ""
	if r.id[0] == 'o' {
		callers = "[{user: alice}]"
	}
	s := fmt.Sprintf("  - id: %s\n    exec: %s\n    callers: %s\n", r.id, r.exec, callers)
	if r.chain != nil {
		last = " <inner:command>"
		s += "    chain: ["
		for i, k := range perm(len(r.chain)) {
			s += strings.Repeat(", ", min(i, 1)) + r.chain[k]
		}
		s += "]\n"
	}
	if r.wrap {
		s += "    wrap: nice\n"
	} else {
		s += "    run: " + r.run + "\n"
	}
	s += "    argv: |\n"
	for _, k := range perm(len(r.lines)) {
		line := r.lines[k]
		if line == "()" && last != "" {
			line = ""
		}
		s += "      " + strings.TrimSpace(line+last) + "\n"
	}
	return s
}

func someNested(r *rand.Rand) []nestedRule {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	lines := func(of ...string) []string {
		r.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		return of[:1+r.IntN(2)]
	}
	words := func() []string { return lines("()", "x", "x <n:int(1..3)>", "<w:re([a-z])>", "[-v] y", "<f:path(/d)>") }
	var rules []nestedRule
	var inner, middle []string
	for i := range 1 + r.IntN(3) {
		id := fmt.Sprintf("i%d", i)
		inner = append(inner, id)
		rules = append(rules, nestedRule{
			id: id, exec: pick("/bin/pp", "/bin/qq", "[/bin/pp, /bin/qq]", "/usr/bin/pp"), run: pick("{}", "{nice: 1}"), lines: words(),
		})
	}
	outer := func(id string, chain []string) nestedRule {
		o := nestedRule{id: id, exec: pick("/bin/oo", "[/bin/oo, /bin/mm]"), run: pick("{}", "{nice: 2}"), chain: chain, lines: words()}
		if o.wrap = r.IntN(2) == 0; o.wrap {
			o.exec, o.lines = "/bin/nice", lines("()", "-n <n:int(1..3)>", "-n2", "[-n <n:int(2..5)>]")
		}
		return o
	}
	for i := range r.IntN(3) {
		id := fmt.Sprintf("m%d", i)
		middle = append(middle, id)
		rules = append(rules, outer(id, inner[:1+r.IntN(len(inner))]))
	}
	for i := range 1 + r.IntN(2) {
		chain := slices.Concat(inner, middle)
		r.Shuffle(len(chain), func(i, j int) { chain[i], chain[j] = chain[j], chain[i] })
		rules = append(rules, outer(fmt.Sprintf("o%d", i), chain[:1+r.IntN(len(chain))]))
	}
	return rules
}

// reference decides nested commands as one would by hand: the arguments in front
// of a program by the lines of the outer rule alone, those behind it by the rules
// in its chain alone.
type reference struct {
	rules map[string]nestedRule
	flat  *Snapshot // each rule for a program of its own, without nested commands
}

// readings returns the ways in which a rule takes args: its id, and the place and
// the rule of each nested command.
func (x reference) readings(id string, args []string) []string {
	r := x.rules[id]
	alone := func(args []string) bool {
		return x.flat.Decide(alice, Request{Argv: append([]string{"flat-" + id}, args...)}).Allowed()
	}
	if r.chain == nil {
		if alone(args) {
			return []string{id}
		}
		return nil
	}
	var out []string
	for at, program := range args {
		for _, in := range r.chain {
			for p := range strings.SplitSeq(strings.Trim(x.rules[in].exec, "[]"), ", ") {
				if (program != p && program != p[strings.LastIndexByte(p, '/')+1:]) || !alone(args[:at]) {
					continue
				}
				for _, rest := range x.readings(in, args[at+1:]) {
					out = append(out, fmt.Sprintf("%s %d %s %s", id, at, p, rest))
				}
			}
		}
	}
	return out
}

// draw returns a request that a rule may accept.
func (x reference) draw(r *rand.Rand, id string) []string {
	pick := func(s []string) string { return s[r.IntN(len(s))] }
	rule := x.rules[id]
	args := []string{pick(strings.Split(strings.Trim(rule.exec, "[]"), ", "))}
	if r.IntN(2) == 0 {
		args[0] = args[0][strings.LastIndexByte(args[0], '/')+1:]
	}
	line := map[string][]string{
		"()": {""}, "x": {"x"}, "x <n:int(1..3)>": {"x 1", "x 3"}, "<w:re([a-z])>": {"z", "x"}, "[-v] y": {"y", "-v y"}, "<f:path(/d)>": {"/d/f"},
		"-n <n:int(1..3)>": {"-n 2", "-n 3"}, "-n2": {"-n2"}, "[-n <n:int(2..5)>]": {"", "-n 2", "-n 5"},
	}[pick(rule.lines)]
	args = append(args, strings.Fields(pick(line))...)
	if r.IntN(12) == 0 {
		args = append(args, pick([]string{"x", "pp", "-n2", "/d/../f", "nice"}))
	}
	if rule.chain == nil || r.IntN(12) == 0 {
		return args
	}
	return append(args, x.draw(r, pick(rule.chain))...)
}

// TestNestedReference holds nested commands to the reference, and to mean the
// same in any order of rules, lines and chains.
func TestNestedReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // a repeatable sequence is the point
	same := func(n int) []int {
		out := make([]int, n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	seen := make(map[string]int)
	for range 80 {
		rules := someNested(r)
		x := reference{rules: make(map[string]nestedRule)}
		text, other, flat := "version: 1\nrules:\n", "version: 1\nrules:\n", "version: 1\ncallers: [{user: alice}]\nrules:\n"
		for _, rule := range rules {
			x.rules[rule.id] = rule
			text += rule.text(same)
			alone := rule
			alone.exec, alone.chain, alone.wrap, alone.run = "/bin/flat-"+rule.id, nil, false, "{}"
			flat += strings.Replace(alone.text(same), "callers: []", "callers: [{user: alice}]", 1)
		}
		for _, k := range r.Perm(len(rules)) {
			other += rules[k].text(r.Perm)
		}
		o := options()
		o.unproved = true
		var loaded [3]*Snapshot
		for i, s := range []string{text, other, flat} {
			var found Findings
			if loaded[i], found = Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(s)}}, o); loaded[i] == nil {
				t.Fatalf("%v\n%s", found, s)
			}
		}
		x.flat = loaded[2]
		for range 300 {
			req := Request{Argv: x.draw(r, rules[len(rules)-1-r.IntN(min(2, len(rules)))].id)}
			d, again := loaded[0].Decide(alice, req), loaded[1].Decide(alice, req)
			if d.Verdict != again.Verdict || d.Denial.Reason != again.Denial.Reason || !reflect.DeepEqual(d.Argv, again.Argv) || d.Skip != again.Skip {
				t.Fatalf("%q\n%s\n%s\n%s", req.Argv, d.Explain(req), again.Explain(req), text)
			}
			var want []string
			for _, rule := range rules {
				if rule.id[0] != 'o' {
					continue
				}
				for p := range strings.SplitSeq(strings.Trim(rule.exec, "[]"), ", ") {
					if req.Argv[0] == p || req.Argv[0] == p[strings.LastIndexByte(p, '/')+1:] {
						want = append(want, x.readings(rule.id, req.Argv[1:])...)
					}
				}
			}
			verdict := "denied"
			switch {
			case d.Allowed():
				verdict = fmt.Sprintf("allowed, %d rules, %d skipped", len(d.Chain), min(d.Skip, 1))
				if !slices.ContainsFunc(want, func(w string) bool { return strings.HasSuffix(w, string(d.Chain[len(d.Chain)-1].Rule.ID)) }) {
					t.Fatalf("%q is allowed by %v, want %q\n%s", req.Argv, d.Chain, want, text)
				}
				run := len(req.Argv) - d.Skip
				if len(d.Argv) != run || !slices.Equal(d.Argv[1:], req.Argv[d.Skip+1:]) || d.Chain[0].Rule.Wrap == "" && d.Skip > 0 {
					t.Fatalf("%q runs %q", req.Argv, d.Argv)
				}
			case d.Denial.Reason == ReasonAmbiguous:
				verdict = "ambiguous"
				if len(want) < 2 {
					t.Fatalf("%q is ambiguous, want %q\n%s", req.Argv, want, text)
				}
			case len(want) > 0:
				t.Fatalf("%q: %s\nwant %q\n%s", req.Argv, d.Explain(req), want, text)
			}
			seen[verdict]++
		}
	}
	for _, verdict := range []string{
		"denied", "ambiguous", "allowed, 2 rules, 0 skipped", "allowed, 2 rules, 1 skipped", "allowed, 3 rules, 0 skipped", "allowed, 3 rules, 1 skipped",
	} {
		if seen[verdict] < 3 {
			t.Errorf("only %d requests were %s: %v", seen[verdict], verdict, seen)
		}
	}
}
