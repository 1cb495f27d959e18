package argv

import (
	"slices"
	"strconv"
	"strings"
)

// repetition writes "..." with its number.
func repetition(most int) string {
	if most == 0 {
		return "..."
	}
	return "..." + strconv.Itoa(most)
}

// places are indexes of a token, in bytes: one bit for each, the end included.
type places []bool

// inWord notes which alternatives inside of a word read a token.
func (c *Coverage) inWord(units []unit, tok string) {
	if !slices.ContainsFunc(units, func(u unit) bool { return u.alts != nil }) {
		return
	}
	if len(tok) > maxCovered {
		eachUnit(units, func(u *unit) {
			for k := range u.alts {
				c.parts[part{u, k}] = true
			}
		})
		return
	}
	from, to := make(places, len(tok)+1), make(places, len(tok)+1)
	from[0], to[len(tok)] = true, true
	c.mark(units, tok, from, to)
}

// mark notes the alternatives that stand on a way through units from a place of
// from to a place of to.
func (c *Coverage) mark(units []unit, tok string, from, to places) {
	before := make([]places, len(units)+1) // that the units up to here can reach
	before[0] = from
	for i := range units {
		before[i+1] = units[i].ends(tok, before[i])
	}
	after := to // from which the units behind here reach to
	for i, u := range slices.Backward(units) {
		for k, alt := range u.alts {
			if both(walk(alt, tok, before[i]), after) {
				c.parts[part{&units[i], k}] = true
				c.mark(alt, tok, before[i], after)
			}
		}
		after = u.starts(tok, after)
	}
}

// walk returns where units can end that begin at a place of from.
func walk(units []unit, tok string, from places) places {
	for i := range units {
		from = units[i].ends(tok, from)
	}
	return from
}

// ends returns where u can end that begins at a place of from.
func (u *unit) ends(tok string, from places) places {
	out := make(places, len(from))
	for at, ok := range from {
		if !ok {
			continue
		}
		switch u.op {
		case unitLit:
			if strings.HasPrefix(tok[at:], u.text) {
				out[at+len(u.text)] = true
			}
		case unitPlace:
			u.values(tok, at, func(end int) { out[end] = true })
		case unitOpt:
			out[at] = true
		case unitGroup:
		}
	}
	for _, alt := range u.alts {
		for at, ok := range walk(alt, tok, from) {
			out[at] = out[at] || ok
		}
	}
	return out
}

// starts returns where u can begin that ends at a place of to.
func (u *unit) starts(tok string, to places) places {
	out := make(places, len(to))
	for at := range out {
		from := make(places, len(to))
		from[at] = true
		out[at] = both(u.ends(tok, from), to)
	}
	return out
}

// values calls f for each place where a value of u's placeholder can end that
// begins at a place.
func (u *unit) values(tok string, at int, f func(end int)) {
	d := u.hole.Type.dfa
	s := uint32(1)
	for i, r := range tok[at:] {
		if d.accept[s] != 0 {
			f(at + i)
		}
		if s = d.step(s, r); s == 0 {
			return
		}
	}
	if d.accept[s] != 0 {
		f(len(tok))
	}
}

// both reports whether a and b have a place in common.
func both(a, b places) bool {
	for i := range a {
		if a[i] && b[i] {
			return true
		}
	}
	return false
}
