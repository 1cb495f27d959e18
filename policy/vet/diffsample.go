package vet

import (
	"math/rand/v2"
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// The bounds of what is drawn where lines compare values.
const (
	drawsOfLine = 64
	maxDraws    = 1 << 13 // for a program
)

// draw fills samples. Whether two values are equal is no matter of automata: a
// line with <name!> accepts less than its states say. For the requests that such
// a line shares with others, those of each line are drawn at random; equal
// values and others come up.
func (c *comparison) draw(rules []argv.Rule) {
	compares := func(ref argv.LineRef) bool {
		return slices.ContainsFunc(rules[ref.Rule].Lines[ref.Line-1].Placeholders(), func(h argv.Placeholder) bool { return h.Same })
	}
	var lines []argv.LineRef
	met := map[argv.LineRef]bool{}
	for s := range c.requests.States {
		refs := c.matcher.Accepting(s)
		if !slices.ContainsFunc(refs, compares) {
			continue
		}
		for _, ref := range refs {
			if !met[ref] {
				met[ref] = true
				lines = append(lines, ref)
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	c.samples = map[argv.State][][]string{}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same policies give the same answer
	for _, ref := range lines {
		sampler := c.matcher.Sampler(ref)
		for range max(1, min(drawsOfLine, maxDraws/len(lines))) {
			args := sampler.Next(r.IntN)
			if args == nil {
				break
			}
			s := c.stateOf(args)
			c.samples[s] = append(c.samples[s], args)
		}
	}
}

// stateOf returns the state behind args.
func (c *comparison) stateOf(args []string) argv.State {
	way := c.wayOf(args)
	return way[len(way)-1]
}

// wayOf returns the states that args pass through, the first one included.
func (c *comparison) wayOf(args []string) []argv.State {
	way := []argv.State{c.matcher.Start()}
	for i, arg := range args {
		by, next := c.matcher.ClassOf(arg), argv.State(0)
		c.matcher.Steps(way[i], func(cl argv.Class, to argv.State) bool {
			if cl == by {
				next = to
			}
			return cl < by
		})
		way = append(way, next)
	}
	return way
}
