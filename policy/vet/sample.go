package vet

import (
	"fmt"
	"math/rand/v2"
	"path"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// MaxSamples bounds what Sample draws at once.
const MaxSamples = 100_000

// sampleTries bounds how many requests are drawn for one that is allowed.
const sampleTries = 32

// Sample returns n random requests, at most MaxSamples, that the policy allows by
// the line of a rule, or by any of its lines when line is 0: the same ones for
// the same seed. Their argv[0] is the program's name or, where it has to be, its
// path. The error says why there are none: the rule or the line is not there,
// nobody may call it, or what was drawn is decided by other rules.
func Sample(s *policy.Snapshot, id policy.RuleID, line, n int, seed uint64) ([]policy.Request, error) {
	draw, err := drawers(s, id, line)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // whoever gives the seed wants the same samples
	out := make([]policy.Request, 0, min(n, MaxSamples))
	for range min(n, MaxSamples) {
		request, ok := policy.Request{}, false
		for try := 0; try < sampleTries && !ok; try++ {
			request, ok = draw[r.IntN(len(draw))].next(s, r)
		}
		if !ok {
			return nil, fmt.Errorf("rule %s: nothing was drawn that this rule decides", id)
		}
		out = append(out, request)
	}
	return out, nil
}

// drawer draws requests of one line for one program.
type drawer struct {
	rule    *policy.Rule
	program string
	sampler *argv.Sampler
}

// drawers returns one for each program and each line that was asked for.
func drawers(s *policy.Snapshot, id policy.RuleID, line int) ([]drawer, error) {
	var out []drawer
	var rule *policy.Rule
	for _, e := range s.Executables() {
		for i, r := range e.Rules {
			if r.ID != id {
				continue
			}
			rule = r
			for k := range e.Usage[i].Lines {
				if line == 0 || r.Lines[k].Number == line {
					out = append(out, drawer{r, e.Path, e.Matcher.Sampler(argv.LineRef{Rule: i, Line: k + 1})})
				}
			}
		}
	}
	switch {
	case rule == nil:
		return nil, fmt.Errorf("there is no rule %q", id)
	case len(out) == 0:
		return nil, fmt.Errorf("rule %s has no line %d", id, line)
	case len(rule.Callers) == 0:
		return nil, fmt.Errorf("rule %s: nobody may call it directly", id)
	}
	return out, nil
}

// next draws a request. It reports false for one that is not allowed by the
// rule, such as one that another rule overrides.
func (d drawer) next(s *policy.Snapshot, r *rand.Rand) (policy.Request, bool) {
	args := d.sampler.Next(r.IntN)
	caller, ok := d.rule.Callers[r.IntN(len(d.rule.Callers))].Least()
	if args == nil || !ok {
		return policy.Request{}, false
	}
	for _, name := range []string{path.Base(d.program), d.program} {
		request := policy.Request{Argv: append([]string{name}, args...)}
		if dec, asked := decideIn(s, caller, request); dec.Allowed() {
			return asked, dec.Rule.ID == d.rule.ID || len(dec.Chain) > 0 && dec.Chain[0].Rule.ID == d.rule.ID
		}
	}
	return policy.Request{}, false
}
