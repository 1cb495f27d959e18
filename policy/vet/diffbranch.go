package vet

import (
	"github.com/rootgate-project/rootgate/policy/argv"
)

// useful returns the states from which a state of want can be reached.
func (c *comparison) useful(want func(argv.State) bool) []bool {
	out := make([]bool, c.matcher.States())
	var stack []argv.State
	for s := range c.requests.States {
		if want(s) {
			out[s] = true
			stack = append(stack, s)
		}
	}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, p := range c.before[s] {
			if !out[p] {
				out[p] = true
				stack = append(stack, p)
			}
		}
	}
	return out
}

// edge is a step between two states, on whatever classes.
type edge struct{ from, to argv.State }

// branches returns a shortest way for each branch on which requests come to a
// state of want. A branch is the argument behind which the other policy allows
// nothing any more, whatever follows: alive are the states where it still does.
// Where it never comes to that, the end of the request is the branch. first is a
// shortest way to any of them.
func (c *comparison) branches(first []argv.State, want map[argv.State]bool, alive []bool) (found [][]argv.State, more bool) {
	removed := map[edge]bool{}
	for {
		way := first
		if len(found) > 0 {
			if *c.steps < 0 {
				return found, true
			}
			way = c.shortest(want, removed)
		}
		if way == nil || len(found) == maxBranches {
			return found, way != nil
		}
		found = append(found, way)
		cut := edge{from: way[len(way)-1]}
		for i, s := range way[1:] {
			if alive[way[i]] && !alive[s] {
				cut = edge{way[i], s}
				break
			}
		}
		if !alive[way[0]] { // nothing at all is allowed there: one branch
			return found, false
		}
		removed[cut] = true
	}
}

// shortest returns a shortest way to a state of want which takes no removed edge
// and does not end where a removed edge without target says, or nil.
func (c *comparison) shortest(want map[argv.State]bool, removed map[edge]bool) []argv.State {
	from := make([]argv.State, c.matcher.States())
	seen := make([]bool, c.matcher.States())
	queue := []argv.State{c.matcher.Start()}
	seen[c.matcher.Start()] = true
	for done, depth := 0, 1; done < len(queue) && depth <= argv.MaxTokens; depth++ {
		layer := queue[done:]
		done += len(layer)
		for _, s := range layer {
			if want[s] && !removed[edge{from: s}] {
				way := []argv.State{s}
				for ; s != c.matcher.Start(); s = from[s] {
					way = append([]argv.State{from[s]}, way...)
				}
				return way
			}
			c.matcher.Steps(s, func(_ argv.Class, to argv.State) bool {
				*c.steps--
				if to > 0 && !seen[to] && !(len(removed) > 0 && removed[edge{s, to}]) {
					seen[to], from[to] = true, s
					queue = append(queue, to)
				}
				return true
			})
		}
	}
	return nil
}

// along returns the shortest arguments that take a way.
func (c *comparison) along(way []argv.State) []string {
	args := []string{}
	for i, to := range way[1:] {
		best, found := "", false
		c.matcher.Steps(way[i], func(cl argv.Class, at argv.State) bool {
			if w, ok := c.matcher.Witness(cl); ok && at == to && (!found || len(w) < len(best)) {
				best, found = w, true
			}
			return true
		})
		args = append(args, best)
	}
	return args
}
