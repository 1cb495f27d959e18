package argv

import (
	"slices"
	"strings"
)

// maxCovered bounds the tokens whose parts coverage looks into, in bytes: the
// parts of a longer one all count as used.
const maxCovered = 256

// Coverage collects which parts of the lines of a policy requests have used.
// The zero value has seen none. It is for one goroutine.
type Coverage struct {
	words map[*word]bool
	parts map[part]bool
}

// part is an alternative inside of a word.
type part struct {
	of  *unit
	alt int
}

// Add notes what the line ref of m reads args with, and reports whether the line
// accepts them. Of a request with several readings all count.
func (c *Coverage) Add(m *Matcher, ref LineRef, args []string) bool {
	if m == nil || m.dfa == nil || ref.Rule < 0 || ref.Rule >= m.rules || len(args) >= MaxTokens {
		return false
	}
	layers := m.readings(ref, args)
	if layers == nil {
		return false
	}
	if c.words == nil {
		c.words, c.parts = make(map[*word]bool), make(map[part]bool)
	}
	for i, words := range layers {
		for _, w := range words {
			c.words[w] = true
			c.inWord(w.units, args[i])
		}
	}
	return true
}

// Branch is one alternative of a bracket or set of a line.
type Branch struct {
	Of        string // the bracket, as in "(add|del)"
	Text      string // the alternative
	Exercised bool   // whether a request used it
}

// Branches returns the alternatives of the line in the order they are written,
// with what c has seen of them. An alternative without a word is none.
func (l *Line) Branches(c *Coverage) []Branch { return c.seq(nil, l.seq) }

func (c *Coverage) seq(out []Branch, s seq) []Branch {
	for _, n := range s {
		if n.op == opWord {
			out = c.units(out, n.word.units)
			continue
		}
		of := n.String()
		for _, alt := range n.alts {
			if len(alt) > 0 {
				out = append(out, Branch{of, alt.String(), c.used(alt)})
			}
			out = c.seq(out, alt)
		}
	}
	return out
}

// used reports whether everything of s that must be there was read.
func (c *Coverage) used(s seq) bool {
	some := false
	for _, n := range s {
		switch {
		case c.touched(n):
			some = true
		case !n.nullable():
			return false
		}
	}
	return some
}

func (c *Coverage) touched(n *node) bool {
	if n.op == opWord {
		return c.words[n.word]
	}
	return slices.ContainsFunc(n.alts, c.used)
}

func (c *Coverage) units(out []Branch, units []unit) []Branch {
	for i := range units {
		u := &units[i]
		for k, alt := range u.alts {
			out = append(out, Branch{u.String(), unitsText(alt), c.parts[part{u, k}]})
			out = c.units(out, alt)
		}
	}
	return out
}

// String returns the node in the grammar's notation.
func (n *node) String() string {
	var b strings.Builder
	if n.op == opWord {
		b.WriteString(n.word.text)
	} else {
		brackets := [...]string{opGroup: "()", opOpt: "[]", opSet: "{}"}[n.op]
		b.WriteByte(brackets[0])
		for i, alt := range n.alts {
			if i > 0 {
				b.WriteByte('|')
			}
			b.WriteString(alt.String())
			if n.op == opSet {
				b.WriteString(n.members[i].String())
			}
		}
		b.WriteByte(brackets[1])
	}
	if n.most != 1 {
		b.WriteString(repetition(n.most))
	}
	return b.String()
}

// String returns what stands behind a member of a set.
func (m member) String() string {
	text := ""
	if m.need {
		text = "!"
	}
	if m.most != 1 {
		text += repetition(m.most)
	}
	return text
}

// String returns the sequence in the grammar's notation.
func (s seq) String() string {
	items := make([]string, len(s))
	for i, n := range s {
		items[i] = n.String()
	}
	return strings.Join(items, " ")
}

// String returns a bracket inside of a word in the grammar's notation.
func (u *unit) String() string {
	switch u.op {
	case unitLit:
		return u.text
	case unitPlace:
		return "<" + u.hole.Name + ">"
	case unitGroup, unitOpt:
	}
	alts := make([]string, len(u.alts))
	for i, alt := range u.alts {
		alts[i] = unitsText(alt)
	}
	text := strings.Join(alts, "|")
	if u.op == unitOpt {
		return "[" + text + "]"
	}
	return "(" + text + ")"
}

func unitsText(units []unit) string {
	var b strings.Builder
	for i := range units {
		b.WriteString(units[i].String())
	}
	return b.String()
}
