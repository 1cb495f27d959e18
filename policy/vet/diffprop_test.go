package vet

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// draft is a small policy whose parts can be put in any order.
type draft []draftRule

type draftRule struct {
	id, exec, callers, rest string
	lines                   []string
}

// dice are bytes that choose; behind their end they choose the first.
type dice struct{ data []byte }

func (d *dice) pick(of ...string) string { return of[int(d.next())%len(of)] }

func (d *dice) next() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

// rolled returns the policy that the bytes choose.
func rolled(data []byte) draft {
	d := &dice{data}
	var out draft
	for i := range 1 + int(d.next())%3 {
		r := draftRule{
			id: fmt.Sprintf("r%d", i), exec: d.pick("/bin/a", "/bin/b", "[/bin/a, /bin/b]", "{path: /bin/a, sha256: ["+strings.Repeat("ab", 32)+"]}"),
			callers: d.pick("[{user: u}]", "[{user: v}]", "[{group: g}]", "[{user: u, group: g}]", "[{user: u}, {group: g}]", "[]"),
			rest: d.pick("", "", "run: {caps: [kill]}", "run: {nice: 1}", "netns: {type: netns, required: true}", "netns: netns",
				"stdin: {max: 1KiB}", "env: {pass: {A: 'int(1..5)'}}", "run: {caps: [kill, chown], limits: {wall: 1s}}"),
		}
		for range 1 + int(d.next())%3 {
			r.lines = append(r.lines, d.pick("x", "y", "x <n:int(1..3)>", "<w:re([a-z])>", "(x|y) [z]", "{x | y}", "-f <f:path(/d)>",
				"x <n:int(2..5)>", "()", "[x] z...3", "<p:path(/d/e)> [x]"))
		}
		out = append(out, r)
	}
	return out
}

// file writes the policy as r orders it, or as it is.
func (d draft) file(r *rand.Rand) policy.File {
	rules := slices.Clone(d)
	if r != nil {
		r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	}
	text := "version: 1\nrules:\n"
	for _, rule := range rules {
		lines := slices.Clone(rule.lines)
		if r != nil {
			r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		text += fmt.Sprintf("  - id: %s\n    exec: %s\n    callers: %s\n    %s\n    argv: |\n      %s\n",
			rule.id, rule.exec, rule.callers, rule.rest, strings.Join(lines, "\n      "))
	}
	return policy.File{Name: "p.yaml", Data: []byte(text)}
}

func (d draft) load(t *testing.T, r *rand.Rand, unchecked bool) *policy.Snapshot {
	t.Helper()
	s, found := policy.Load(t.Context(), []policy.File{d.file(r)}, policy.Options{Unchecked: unchecked})
	if s == nil && unchecked {
		t.Fatalf("%v\n%s", found, d.file(nil).Data)
	}
	return s
}

// mirrored returns the changes of a diff in the other direction, as far as they
// say who may call what.
func mirrored(d Diff, turn bool) []string {
	var out []string
	for _, c := range d.Changes {
		kind := c.Kind
		switch {
		case turn && kind == Added:
			kind = Removed
		case turn && kind == Removed:
			kind = Added
		case kind == Changed:
			continue // the rules of both sides name it
		}
		for _, w := range c.Witnesses {
			out = append(out, fmt.Sprintf("%c %q %q %q", kind, c.Callers, w.Argv, c.Rule.ID))
		}
	}
	slices.Sort(out)
	return out
}

// holdDiff holds what is true of every comparison.
func holdDiff(t *testing.T, p, q *policy.Snapshot) Diff {
	t.Helper()
	forth, err := Compare(t.Context(), p, q)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Compare(t.Context(), q, p)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := mirrored(forth, false), mirrored(back, true); !slices.Equal(a, b) {
		t.Errorf("not the mirror of the other direction:\n%s\nand\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	for _, c := range forth.Changes {
		callers := 0
		for _, spec := range c.Rule.Callers {
			caller, ok := spec.Least()
			if !ok || !slices.Contains(c.Callers, spec.String()) {
				continue
			}
			callers++
			for _, w := range c.Witnesses {
				old, next := p.Decide(caller, w), q.Decide(caller, w)
				if want := c.Kind != Added; c.Kind != Changed && old.Allowed() != want {
					t.Errorf("%c %q: the old policy: %v", c.Kind, w.Argv, old.Allowed())
				}
				if want := c.Kind != Removed; next.Allowed() != want {
					t.Errorf("%c %q: the new policy: %v", c.Kind, w.Argv, next.Allowed())
				}
			}
		}
		if len(c.Witnesses) == 0 || c.Kind == Changed && len(c.Fields) == 0 {
			t.Errorf("no proof: %+v", c)
		}
	}
	if len(forth.Changes) == 0 && forth.Widens() {
		t.Error("nothing widens")
	}
	for _, text := range []string{forth.Text(), forth.GitHub()} {
		if strings.ContainsAny(text, "\x1b\x00\x7f") {
			t.Errorf("control characters: %q", text)
		}
	}
	if _, err := forth.JSON(); err != nil {
		t.Error(err)
	}
	return forth
}

// holdSampled asks both policies the same requests: what they answer differently
// is a change of the right kind.
func holdSampled(t *testing.T, d Diff, p, q *policy.Snapshot) {
	t.Helper()
	words := strings.Fields("x y z 1 2 3 4 -f /d/a /d/e/a b")
	kinds := map[string]bool{}
	for _, c := range d.Changes {
		for _, name := range c.Callers {
			kinds[fmt.Sprintf("%c %s %s", c.Kind, c.Program, name)] = true
		}
	}
	specs := map[string]policy.Caller{}
	for _, s := range []*policy.Snapshot{p, q} {
		for _, r := range s.Rules() {
			for _, spec := range r.Callers {
				specs[spec.String()], _ = spec.Least()
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a repeatable sequence is the point
	for range 150 {
		req := policy.Request{Argv: []string{[]string{"/bin/a", "/bin/b"}[r.IntN(2)]}, Netns: []string{"", "n"}[r.IntN(2)]}
		for range r.IntN(4) {
			req.Argv = append(req.Argv, words[r.IntN(len(words))])
		}
		for name, caller := range specs {
			a, b := p.Decide(caller, req), q.Decide(caller, req)
			kind := Changed
			switch {
			case a.Allowed() && !b.Allowed() && b.Denial.Reason != policy.ReasonNetnsRequired && b.Denial.Reason != policy.ReasonNetnsNotAllowed:
				kind = Removed
			case !a.Allowed() && b.Allowed() && a.Denial.Reason != policy.ReasonNetnsRequired && a.Denial.Reason != policy.ReasonNetnsNotAllowed:
				kind = Added
			case a.Allowed() && b.Allowed() && a.Rule.EffectKey() != b.Rule.EffectKey():
			default:
				continue
			}
			// What a user may do, the same user in a group may do.
			if !slices.ContainsFunc(slices.Collect(maps.Keys(specs)), func(n string) bool {
				return strings.Contains(name, n) && kinds[fmt.Sprintf("%c %s %s", kind, req.Argv[0], n)]
			}) {
				t.Fatalf("%s: %q is %c and in no change:\n%s", name, req.Argv, kind, d.Text())
			}
		}
	}
}

// TestDiffProperties compares small policies at random.
func TestDiffProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a repeatable sequence is the point
	kinds, compared := map[Kind]int{}, 0
	for range 200 {
		data := make([]byte, 60)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		p := rolled(data)
		other := slices.Clone(data)
		for range 1 + r.IntN(3) {
			other[r.IntN(30)] = byte(r.Uint32())
		}
		q := rolled(other)
		a, b := p.load(t, nil, false), q.load(t, nil, false)
		if a == nil || b == nil {
			continue // it does not load
		}
		compared++
		d := holdDiff(t, a, b)
		holdSampled(t, d, a, b)
		for _, c := range d.Changes {
			kinds[c.Kind]++
		}
		if d, err := Compare(t.Context(), a, p.load(t, r, false)); err != nil || len(d.Changes) > 0 || d.Widens() {
			t.Errorf("another order is a change: %v\n%s\n%s", err, d.Text(), p.file(nil).Data)
		}
		if t.Failed() {
			t.Fatalf("old:\n%s\nnew:\n%s", p.file(nil).Data, q.file(nil).Data)
		}
	}
	for _, k := range []Kind{Added, Removed, Changed} {
		if kinds[k] < 10 {
			t.Errorf("only %d changes %c of %d comparisons", kinds[k], k, compared)
		}
	}
}

// FuzzDiff holds the same for whatever the bytes choose, and that policies with
// errors are compared without a panic.
func FuzzDiff(f *testing.F) {
	f.Add([]byte{0}, []byte{1})
	f.Add([]byte("a policy of some rules"), []byte("a policy of some other rules"))
	f.Add([]byte{1, 0, 0, 2, 1, 4, 9, 3, 2, 1}, []byte{2, 0, 4, 2, 2, 4, 9, 3, 2, 1, 1, 1})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		p, q := rolled(x), rolled(y)
		if a, b := p.load(t, nil, false), q.load(t, nil, false); a != nil && b != nil {
			holdSampled(t, holdDiff(t, a, b), a, b)
			return
		}
		d, err := Compare(t.Context(), p.load(t, nil, true), q.load(t, nil, true))
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Text()
	})
}
