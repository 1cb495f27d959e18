package vet

import (
	"cmp"
	"slices"

	"github.com/rootgate-project/rootgate/policy"
)

// Use is one way in which a request may run.
type Use struct {
	Caller policy.CallerSpec
	// Request is what was asked, in a network namespace where the rule has to
	// have one.
	Request  policy.Request
	Decision policy.Decision // allowed
}

// WhoCan returns the callers who may run a request, as rules name them, in the
// order of their names. Whoever one of them admits may run it. A request that
// names no network namespace is asked in one of a rule that requires it.
func WhoCan(s *policy.Snapshot, r policy.Request) []Use {
	var out []Use
	for _, spec := range callers(s) {
		caller, ok := spec.Least()
		if !ok {
			continue
		}
		if d, asked := decideIn(s, caller, r); d.Allowed() {
			out = append(out, Use{spec, asked, d})
		}
	}
	return out
}

// callers returns the specs of all rules, each once, by name.
func callers(s *policy.Snapshot) []policy.CallerSpec {
	var out []policy.CallerSpec
	for _, r := range s.Rules() {
		out = append(out, r.Callers...)
	}
	slices.SortStableFunc(out, func(a, b policy.CallerSpec) int { return cmp.Compare(a.String(), b.String()) })
	return slices.CompactFunc(out, func(a, b policy.CallerSpec) bool { return a.String() == b.String() })
}

// decideIn decides a request and, where its rule runs in a network namespace
// only, the same request in one. It returns what was decided.
func decideIn(s *policy.Snapshot, c policy.Caller, r policy.Request) (policy.Decision, policy.Request) {
	d := s.Decide(c, r)
	if d.Denial.Reason == policy.ReasonNetnsRequired && d.Rule != nil && d.Rule.Netns.Type != nil {
		r.Netns = sampleNetns(d.Rule.Netns.Type)
		d = s.Decide(c, r)
	}
	return d, r
}
