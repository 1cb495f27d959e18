package vet

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// Kind says what a change does to a request.
type Kind byte

// The kinds of changes.
const (
	Added   Kind = '+' // newly allowed
	Removed Kind = '-' // no longer allowed
	Changed Kind = '~' // allowed as before, with another effect
)

// Change is one thing that two policies decide differently, for the callers whom
// it concerns.
type Change struct {
	Kind    Kind
	Program string   // path, as the rules write it
	Callers []string // in words, sorted
	// Rule allows the requests, Lines are those of its usage lines that do,
	// ascending: in the new policy or, for Removed, in the old one.
	Rule  *policy.Rule
	Lines []int
	// Was is the rule of the old policy. It is set for Changed only.
	Was *policy.Rule
	// Fields are what differs in the effect. They are set for Changed only.
	Fields []Field
	// Witnesses are shortest requests, each on a branch of its own: at most
	// five.
	Witnesses []policy.Request
	// More reports whether there are branches beyond Witnesses.
	More bool
	// Guards are placeholders of Witnesses which the server looks at on its
	// host: what the policy allows, it may still refuse.
	Guards []string
	// Ambiguous reports whether the other policy refuses the requests because
	// two of its rules disagree, and not because none allows them.
	Ambiguous bool
}

// Widens reports whether a request may do more than before, or something else.
func (c Change) Widens() bool {
	return c.Kind == Added || c.Kind == Changed &&
		slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Direction != Narrower })
}

// Diff is how two policies differ. The zero Diff is no behavioural change.
type Diff struct {
	// Changes are ordered by program, rule, line and kind.
	Changes []Change
	// Hidden counts changes beyond the first maxChanges; those which widen are
	// shown first.
	Hidden int
	// NewRules are the rules of the new policy, for the place of what it lacks.
	newRules map[policy.RuleID]*policy.Rule
	widens   bool
}

// Widens reports whether a request may do more than before, or something else.
func (d Diff) Widens() bool { return d.widens }

// The bounds of a comparison.
const (
	maxBranches = 5       // witnesses of a change
	maxChanges  = 1000    // changes that are reported
	guardWork   = 1 << 20 // elementary steps of one comparison of guards
	allWork     = 1 << 25 // elementary steps of all of them
	allSteps    = 1 << 26 // steps of automata in the search for more branches
)

// Compare returns how the new policy differs from the old one: for each caller,
// program and request, whether it is allowed and with what effect. Names of
// rules, lines and files do not count. Both must have been loaded with the same
// Accounts. It is exact for requests that name a program by its path and for
// policies that load without error; lines which compare values, as <name!> does,
// are compared by samples. What a guard of the server would stop counts as
// allowed. ctx bounds its time.
//
// The error is that of ctx, or an *argv.LimitError when the rules of a program
// are too many to be compared.
func Compare(ctx context.Context, old, next *policy.Snapshot) (Diff, error) {
	d := Diff{newRules: map[policy.RuleID]*policy.Rule{}}
	for _, r := range next.Rules() {
		d.newRules[r.ID] = r
	}
	if old.SHA256() == next.SHA256() {
		return d, nil
	}
	programs := map[string]*[2]policy.Executable{}
	var paths []string
	for i, s := range []*policy.Snapshot{old, next} {
		for _, e := range s.Executables() {
			if programs[e.Path] == nil {
				programs[e.Path] = &[2]policy.Executable{}
				paths = append(paths, e.Path)
			}
			programs[e.Path][i] = e
		}
	}
	slices.Sort(paths)
	work, steps := allWork, allSteps
	for _, path := range paths {
		c, err := newComparison(ctx, path, [2]*policy.Snapshot{old, next}, *programs[path], &work, &steps)
		if err != nil {
			return Diff{}, fmt.Errorf("%s: %w", path, err)
		}
		found, err := c.run()
		if err != nil {
			return Diff{}, fmt.Errorf("%s: %w", path, err)
		}
		d.Changes = append(d.Changes, found...)
	}
	d.done()
	return d, nil
}

// done orders the changes and bounds them.
func (d *Diff) done() {
	d.widens = slices.ContainsFunc(d.Changes, Change.Widens)
	if n := len(d.Changes); n > maxChanges {
		slices.SortStableFunc(d.Changes, func(a, b Change) int {
			return cmp.Compare(rank(a.Widens()), rank(b.Widens()))
		})
		d.Changes, d.Hidden = d.Changes[:maxChanges], n-maxChanges
	}
	slices.SortStableFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Program, b.Program), cmp.Compare(a.Rule.ID, b.Rule.ID),
			slices.Compare(a.Lines, b.Lines), cmp.Compare(a.Kind, b.Kind))
	})
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// comparison compares two policies for one program. Index 0 is the old policy,
// 1 the new one.
type comparison struct {
	ctx      context.Context //nolint:containedctx // lives for one call of Compare, whose parameter it is
	path     string
	policies [2]*policy.Snapshot
	rules    [2][]*policy.Rule
	usage    [2][]argv.Rule
	// base is the index of a policy's first rule in the matcher of both.
	base     [2]int
	matcher  *argv.Matcher
	requests *argv.Requests
	before   [][]argv.State // of each state, those that lead to it
	// samples are requests of lines that compare values, by their state.
	samples map[argv.State][][]string
	work    *int // what comparisons of guards may still take
	steps   *int // what searches for branches may still take
}

func newComparison(ctx context.Context, path string, policies [2]*policy.Snapshot, e [2]policy.Executable, work, steps *int) (*comparison, error) {
	c := &comparison{ctx: ctx, path: path, policies: policies, work: work, steps: steps}
	var rules []argv.Rule
	// The order of the two must not show in the witnesses: the same one is
	// found in whichever direction policies are compared.
	first := 0
	if policies[0].SHA256() > policies[1].SHA256() {
		first = 1
	}
	for _, i := range []int{first, 1 - first} {
		c.rules[i], c.usage[i], c.base[i] = e[i].Rules, e[i].Usage, len(rules)
		rules = append(rules, e[i].Usage...)
	}
	var err error
	if c.matcher, err = argv.Compile(rules, argv.Limits{}); err != nil {
		return nil, err
	}
	c.requests = c.matcher.Requests()
	c.before = make([][]argv.State, c.matcher.States())
	for s := range c.requests.States {
		c.matcher.Steps(s, func(_ argv.Class, to argv.State) bool {
			if p := c.before[to]; len(p) == 0 || p[len(p)-1] != s {
				c.before[to] = append(p, s)
			}
			return true
		})
	}
	c.draw(rules)
	return c, nil
}

// run returns the changes of the program, one for all callers whom it concerns.
func (c *comparison) run() ([]Change, error) {
	var out []Change
	for _, cl := range c.classes() {
		if err := c.ctx.Err(); err != nil {
			return nil, context.Cause(c.ctx)
		}
		found, err := c.classChanges(cl)
		if err != nil {
			return nil, err
		}
		for _, ch := range found {
			i := slices.IndexFunc(out, ch.same)
			if i < 0 {
				out = append(out, ch)
				continue
			}
			out[i].Callers = append(out[i].Callers, ch.Callers...)
		}
	}
	for i := range out {
		slices.Sort(out[i].Callers)
	}
	return out, nil
}

// same reports whether c is o for other callers.
func (c Change) same(o Change) bool {
	return c.Kind == o.Kind && c.Program == o.Program && c.Rule == o.Rule && c.Was == o.Was && c.More == o.More &&
		c.Ambiguous == o.Ambiguous && slices.Equal(c.Lines, o.Lines) && slices.Equal(c.Fields, o.Fields) &&
		slices.EqualFunc(c.Witnesses, o.Witnesses, func(a, b policy.Request) bool { return slices.Equal(a.Argv, b.Argv) })
}
