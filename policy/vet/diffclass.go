package vet

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// class is callers whom both policies treat alike for one program.
type class struct {
	names  []string
	caller policy.Caller
	admits [2][]bool // by rule
	memo   map[string]*[2]answer
	drawn  map[argv.State][]*[2]answer
}

// classes returns the kinds of callers that the rules of the program tell apart.
// The least caller of each spec is enough: rules only ever admit, so whatever a
// caller of several specs may do, one of them may.
func (c *comparison) classes() []*class {
	var out []*class
	index := map[string]*class{}
	specs := map[string]bool{}
	for _, rules := range c.rules {
		for _, r := range rules {
			for _, spec := range r.Callers {
				name := spec.String()
				caller, ok := spec.Least()
				if !ok || specs[name] {
					continue
				}
				specs[name] = true
				cl := &class{caller: caller, memo: map[string]*[2]answer{}, drawn: map[argv.State][]*[2]answer{}}
				var key []byte
				for i, rules := range c.rules {
					for _, r := range rules {
						admits := r.Admits(caller)
						cl.admits[i] = append(cl.admits[i], admits)
						key = append(key, byte(rank(admits)))
					}
				}
				if index[string(key)] == nil {
					index[string(key)] = cl
					out = append(out, cl)
				}
				same := index[string(key)]
				same.names = append(same.names, name)
			}
		}
	}
	return out
}

// answer is what one policy makes of requests that differ in no line.
type answer struct {
	policy.Decision
	request policy.Request
	ref     argv.LineRef // of the line that allows it, in the matcher of both
}

// effect returns what the arguments of an allowed request do not choose.
func (a *answer) effect() string {
	return strings.Join(append([]string{a.Rule.EffectKey(), a.Effect.Key(), a.Program, a.Netns}, a.SHA256...), " ")
}

// same reports whether both policies decide by the same lines.
func (a *answer) same(o *answer) bool {
	return a.Allowed() == o.Allowed() && a.Rule == o.Rule && a.Line == o.Line
}

// answers returns what both policies decide about the requests that end in s,
// and nothing when no rule of either accepts them. Lines decide, so one request
// speaks for all that the same lines accept; where a line compares values, there
// is an answer for each way in which that can turn out.
func (c *comparison) answers(cl *class, s argv.State) []*[2]answer {
	if drawn := cl.drawn[s]; drawn != nil {
		return drawn
	}
	var key []byte
	var met bool
	for _, ref := range c.matcher.Accepting(s) {
		i, rule := c.side(ref)
		if cl.admits[i][rule] {
			met = true
			key = binary.AppendUvarint(key, uint64(ref.Rule))
			key = binary.AppendUvarint(key, uint64(ref.Line))
		}
	}
	if !met {
		return nil
	}
	samples := c.samples[s]
	found := cl.memo[string(key)]
	if found == nil || len(samples) > 0 {
		args := c.requests.To(s)
		found = c.askBoth(cl, args, s)
		cl.memo[string(key)] = found
	}
	all := []*[2]answer{found}
	for _, args := range samples {
		pair := c.askBoth(cl, args, s)
		if !slices.ContainsFunc(all, func(o *[2]answer) bool { return pair[0].same(&o[0]) && pair[1].same(&o[1]) }) {
			all = append(all, pair)
		}
	}
	if len(samples) > 0 {
		cl.drawn[s] = all
	}
	return all
}

// side returns the policy to which a line of the matcher belongs, and the index
// of its rule there.
func (c *comparison) side(ref argv.LineRef) (i, rule int) {
	if at := ref.Rule - c.base[1]; at >= 0 && at < len(c.rules[1]) {
		return 1, at
	}
	return 0, ref.Rule - c.base[0]
}

// askBoth asks both policies about a request that ends in s.
func (c *comparison) askBoth(cl *class, args []string, s argv.State) *[2]answer {
	pair := &[2]answer{c.ask(0, cl, args), c.ask(1, cl, args)}
	exact := [2]bool{}
	for _, ref := range c.matcher.Accepting(s) {
		i, rule := c.side(ref)
		r, a := c.rules[i][rule], &pair[i]
		if !cl.admits[i][rule] || exact[i] {
			continue
		}
		exact[i] = a.By(r, ref.Line)
		if exact[i] || a.ref.Line == 0 {
			a.ref = ref
		}
	}
	return pair
}

// ask lets policy i decide a request with these arguments, in a network
// namespace where its rule has to have one.
func (c *comparison) ask(i int, cl *class, args []string) answer {
	d, r := decideIn(c.policies[i], cl.caller, policy.Request{Argv: append([]string{c.path}, args...)})
	return answer{Decision: d, request: r}
}
