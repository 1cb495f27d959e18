package argv

import (
	"slices"
	"strconv"
	"strings"
)

// nodeOp is what a node of a line is.
type nodeOp uint8

const (
	opWord  nodeOp = iota // one token
	opGroup               // ( a | b )
	opOpt                 // [ a | b ]
	opSet                 // { a | b! }
)

// seq is a sequence of nodes: the tokens of one, then those of the next.
type seq []*node

// node is an item of a line.
type node struct {
	op   nodeOp
	word *word
	alts []seq
	// members says how often each member of a set may occur.
	members []member
	// most is how often the node may occur in a row: 1 without "...", 0 for
	// "..." without a number.
	most int
	// at is the node's place in the parser's source, spaced whether there is a
	// space directly inside its brackets.
	at     int
	spaced bool
}

// member is how often a member of a set may occur.
type member struct {
	need bool // at least once
	most int  // at most, 0 without a bound
}

// nullable reports whether n can be no token at all.
func (n *node) nullable() bool {
	switch n.op {
	case opWord:
		return false
	case opGroup:
		return slices.ContainsFunc(n.alts, seq.nullable)
	case opSet:
		return !slices.ContainsFunc(n.members, func(m member) bool { return m.need })
	case opOpt:
	}
	return true
}

func (s seq) nullable() bool {
	return !slices.ContainsFunc(s, func(n *node) bool { return !n.nullable() })
}

// unitOp is what a unit of a word is.
type unitOp uint8

const (
	unitLit   unitOp = iota // text
	unitPlace               // <name:type>
	unitGroup               // x(a|b)
	unitOpt                 // x[a|b]
)

// unit is a part of a word.
type unit struct {
	op   unitOp
	text string
	hole Placeholder
	alts [][]unit
}

// word is one token: its units one after the other.
type word struct {
	units []unit
	// text is the word as it is written; key is equal for two words with the
	// same language in the same shape.
	text, key string
	// keyword is true when there is no placeholder in it.
	keyword bool
	// graph is the word for reading captures; nil for keywords.
	graph *graph
}

// newWord completes a word.
func newWord(units []unit, text string) *word {
	w := &word{units: units, text: text, keyword: true}
	var b strings.Builder
	writeKey(&b, units)
	w.key = b.String()
	eachUnit(units, func(u *unit) {
		if u.op == unitPlace {
			w.keyword = false
		}
	})
	if !w.keyword {
		w.graph = newGraph(units)
	}
	return w
}

// writeKey writes the language of units.
func writeKey(b *strings.Builder, units []unit) {
	for _, u := range units {
		switch u.op {
		case unitLit:
			b.WriteString(strconv.Quote(u.text))
		case unitPlace:
			b.WriteString("<" + strconv.Quote(u.hole.Type.lex) + ">")
		case unitGroup, unitOpt:
			b.WriteByte("(["[u.op-unitGroup])
			for _, alt := range u.alts {
				writeKey(b, alt)
				b.WriteByte('|')
			}
			b.WriteByte(")]"[u.op-unitGroup])
		}
	}
}

// eachUnit calls f for units and all units inside them, in order.
func eachUnit(units []unit, f func(*unit)) {
	for i := range units {
		f(&units[i])
		for _, alt := range units[i].alts {
			eachUnit(alt, f)
		}
	}
}

// vanishes reports whether units can be the empty string by leaving out every
// optional part.
func vanishes(units []unit) bool {
	for _, u := range units {
		if u.op == unitLit || u.op == unitPlace ||
			u.op == unitGroup && !slices.ContainsFunc(u.alts, vanishes) {
			return false
		}
	}
	return true
}

// spellings returns the strings of a keyword, at most limit of them.
func spellings(units []unit, limit int) []string {
	out := []string{""}
	for _, u := range units {
		tails := []string{u.text}
		if u.op != unitLit {
			tails = nil
			for _, alt := range u.alts {
				tails = append(tails, spellings(alt, limit)...)
			}
			if u.op == unitOpt {
				tails = append(tails, "")
			}
		}
		var next []string
		for _, head := range out {
			for _, tail := range tails {
				if len(next) < limit {
					next = append(next, head+tail)
				}
			}
		}
		out = next
	}
	return out
}

// eachWord calls f for every word of s, in order.
func eachWord(s seq, f func(*word)) {
	for _, n := range s {
		if n.op == opWord {
			f(n.word)
		}
		for _, alt := range n.alts {
			eachWord(alt, f)
		}
	}
}
