package argv

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parser reads one line by recursive descent, bounded by maxDepth.
type parser struct {
	src   []rune
	pos   []place
	i     int
	depth int
	types *typeCache
}

// typeCache is the types of a block: each notation once, and all together
// within a bound.
type typeCache struct {
	scope Scope
	work  int
	made  map[string]*Type
}

func (c *typeCache) get(notation string) (*Type, error) {
	if t := c.made[notation]; t != nil {
		return t, nil
	}
	t, err := parseType(notation, c.scope, &c.work)
	if err != nil {
		return nil, err
	}
	c.made[notation] = t
	return t, nil
}

// errorf returns a *SyntaxError at index i of the source.
func (p *parser) errorf(i int, check, expected, format string, args ...any) error {
	at := place{1, 1}
	if i < len(p.pos) {
		at = p.pos[i]
	} else if n := len(p.pos); n > 0 {
		at = place{p.pos[n-1].row, p.pos[n-1].col + 1}
	}
	return &SyntaxError{Check: check, Line: at.row, Col: at.col, Msg: fmt.Sprintf(format, args...), Expected: expected}
}

// peek returns the rune at the parser, or 0 at the end: no source holds a NUL.
func (p *parser) peek() rune { return p.ahead(0) }

func (p *parser) ahead(n int) rune {
	if p.i+n < len(p.src) {
		return p.src[p.i+n]
	}
	return 0
}

// has reports whether s comes next.
func (p *parser) has(s string) bool {
	for n, r := range s { // ASCII only: n is the index of the rune too
		if p.ahead(n) != r {
			return false
		}
	}
	return true
}

// found names the rune at the parser, which is not at its end.
func (p *parser) found() string { return strconv.Quote(string(p.peek())) }

// line reads the whole source.
func (p *parser) line() (seq, error) {
	s, _, err := p.seq()
	if err != nil {
		return nil, err
	}
	switch p.peek() {
	case 0:
		return s, nil
	case '|':
		return nil, p.errorf(p.i, "G-PARSE", `"(a|b)", or two lines`, `"|" outside of brackets`)
	case '!':
		return nil, p.errorf(p.i, "G-PARSE", "", `"!" marks a member of a set; quote it to mean itself`)
	default:
		return nil, p.errorf(p.i, "G-PARSE", "", "%s without its opening bracket", p.found())
	}
}

// seq reads items up to the end, a bar, a closing bracket or a "!". spaced is
// true when there was a space anywhere between them.
func (p *parser) seq() (s seq, spaced bool, err error) {
	for {
		for p.peek() == ' ' {
			p.i++
			spaced = true
		}
		switch p.peek() {
		case 0, '|', ')', ']', '}', '!':
			return s, spaced, nil
		}
		n, err := p.item()
		if err != nil {
			return nil, false, err
		}
		s = append(s, n)
	}
}

// item reads a word, a group, an option or a set, with its repetition.
func (p *parser) item() (*node, error) {
	start := p.i
	n, err := p.body()
	if err != nil {
		return nil, err
	}
	n.at, n.most = start, 1
	if p.has("...") {
		if err := p.rep(n); err != nil {
			return nil, err
		}
	}
	switch p.peek() {
	case 0, ' ', '|', ')', ']', '}':
	case '!':
		if p.depth == 0 {
			return nil, p.errorf(p.i, "G-PARSE", "", `"!" marks a member of a set; quote it to mean itself`)
		}
	case '#', '>':
		return nil, p.errorf(p.i, "G-PARSE", "", "%s must be quoted", p.found())
	default:
		return nil, p.errorf(p.i, "G-PARSE", "a space", "%s after %q", p.found(), string(p.src[start:p.i]))
	}
	return n, nil
}

// rep reads "..." and its number.
func (p *parser) rep(n *node) error {
	at := p.i
	p.i += len("...")
	digits := p.i
	for '0' <= p.peek() && p.peek() <= '9' {
		p.i++
	}
	n.most = 0
	if digits < p.i {
		most, err := strconv.Atoi(string(p.src[digits:p.i]))
		if err != nil || most < 1 || most > MaxTokens || p.src[digits] == '0' {
			return p.errorf(digits, "G-PARSE", fmt.Sprintf("a number from 1 to %d", MaxTokens), "repetition of %q", string(p.src[digits:p.i]))
		}
		n.most = most
	}
	inner := n.nullable()
	if n.op == opOpt { // [x]... is none or more of x
		inner = slices.ContainsFunc(n.alts, seq.nullable)
	}
	if inner {
		return p.errorf(at, "G-NULLREP", "", "repetition of something that may be no argument at all")
	}
	return nil
}

// body reads the units that touch each other. A single bracket stands for
// tokens; a bracket among other units stands for parts of one token.
func (p *parser) body() (*node, error) {
	if p.peek() == '{' {
		return p.set()
	}
	start := p.i
	var units []unit
	var first *node // the bracket at the start
	for {
		var u []unit
		var err error
		switch r := p.peek(); {
		case r == '{':
			return nil, p.errorf(p.i, "G-PARSE", "a space before it", "a set inside of a word")
		case r == '(' || r == '[':
			at := p.i
			var n *node
			if n, err = p.bracket(); err != nil {
				return nil, err
			}
			n.at = at
			if first == nil && at == start {
				if first = n; p.touches() {
					u, err = p.inWord(n)
				}
			} else {
				u, err = p.inWord(n)
			}
		case r == '<':
			u, err = p.placeholder()
		case r == '\'':
			u, err = p.quoted()
		case isLiteral(r) && !p.has("..."):
			u, err = p.literal(len(units) == 0)
		default:
			return p.finish(start, first, units)
		}
		if err != nil {
			return nil, err
		}
		units = append(units, u...)
	}
}

// touches reports whether another unit follows without a space.
func (p *parser) touches() bool {
	r := p.peek()
	return (r == '(' || r == '[' || r == '<' || r == '\'' || isLiteral(r)) && !p.has("...")
}

// finish makes a node of the units that were read from start.
func (p *parser) finish(start int, first *node, units []unit) (*node, error) {
	if p.i == start {
		return nil, p.errorf(p.i, "G-PARSE", "a word, a bracket or a placeholder", "%s", p.found())
	}
	if first != nil && units == nil {
		return first, nil
	}
	units = mergeLiterals(units)
	if vanishes(units) {
		return nil, p.errorf(start, "G-PARSE", `"[a] [b]" for two arguments, or "[a|b|ab]"`, "every part of this word is optional")
	}
	return &node{op: opWord, word: newWord(units, string(p.src[start:p.i]))}, nil
}

// mergeLiterals joins neighbours: a'b' is one literal.
func mergeLiterals(units []unit) []unit {
	var out []unit
	for _, u := range units {
		if n := len(out); n > 0 && u.op == unitLit && out[n-1].op == unitLit {
			out[n-1].text += u.text
			continue
		}
		out = append(out, u)
	}
	return out
}

// alternatives reads seqs between bars up to the closing bracket.
func (p *parser) alternatives(closer rune, member func(seq) error) (alts []seq, spaced bool, err error) {
	open := p.i
	p.i++
	if p.depth++; p.depth > maxDepth {
		return nil, false, p.errorf(open, "G-PARSE", "", "more than %d brackets inside each other", maxDepth)
	}
	for {
		s, sp, err := p.seq()
		if err != nil {
			return nil, false, err
		}
		alts, spaced = append(alts, s), spaced || sp
		if err := member(s); err != nil {
			return nil, false, err
		}
		switch p.peek() {
		case '|':
			p.i++
		case closer:
			p.i++
			p.depth--
			return alts, spaced, nil
		case 0:
			return nil, false, p.errorf(p.i, "G-PARSE", strconv.Quote(string(closer)), "end of line, the bracket of column %d is open", p.pos[open].col)
		default:
			return nil, false, p.errorf(p.i, "G-PARSE", `"|" or `+strconv.Quote(string(closer)), "%s", p.found())
		}
	}
}

// bracket reads ( ) or [ ].
func (p *parser) bracket() (*node, error) {
	n, closer := &node{op: opGroup, most: 1}, ')'
	if p.peek() == '[' {
		n.op, closer = opOpt, ']'
	}
	var err error
	n.alts, n.spaced, err = p.alternatives(closer, func(seq) error { return nil })
	return n, err
}

// set reads { }.
func (p *parser) set() (*node, error) {
	n := &node{op: opSet, most: 1}
	var err error
	n.alts, _, err = p.alternatives('}', func(s seq) error {
		need := p.peek() == '!'
		if need {
			p.i++
		}
		for p.peek() == ' ' {
			p.i++
		}
		n.need = append(n.need, need)
		switch {
		case len(n.need) > maxSet:
			return p.errorf(p.i, "G-SETSIZE", `"[a|b|...]..." instead`, "a set of more than %d members", maxSet)
		case len(s) > 0 && s[len(s)-1].most != 1 || p.has("..."):
			return p.errorf(p.i, "G-PARSE", `"(a...)" for one member with repetitions inside`, `a member of a set that repeats comes with a later release`)
		case s.nullable():
			return p.errorf(p.i, "G-NULLREP", "", "a member of a set that may be no argument at all")
		}
		return nil
	})
	return n, err
}

// inWord turns a bracket of tokens into a unit of a word: every alternative is
// one word without spaces.
func (p *parser) inWord(n *node) ([]unit, error) {
	op := unitGroup
	if n.op == opOpt {
		op = unitOpt
	}
	u := unit{op: op}
	for _, s := range n.alts {
		if n.spaced || len(s) != 1 || s[0].most != 1 || s[0].op == opSet {
			return nil, p.errorf(n.at, "G-PARSE", "one word in each alternative, without spaces", "a bracket that touches a word is a part of it")
		}
		alt := []unit(nil)
		if s[0].op == opWord {
			alt = s[0].word.units
		} else {
			var err error
			if alt, err = p.inWord(s[0]); err != nil {
				return nil, err
			}
		}
		u.alts = append(u.alts, alt)
	}
	return []unit{u}, nil
}

// isLiteral reports whether r may stand in a literal.
func isLiteral(r rune) bool {
	return r != 0 && !strings.ContainsRune(" '<>()[]{}|#!", r)
}

// literal reads unquoted characters up to one that means something.
func (p *parser) literal(first bool) ([]unit, error) {
	start := p.i
	for isLiteral(p.peek()) && !p.has("...") {
		p.i++
	}
	lit := string(p.src[start:p.i])
	if len(lit) > 5 && first && lit[0] == '-' && lit[1] != '-' && lit[2:5] == "/--" {
		return nil, p.errorf(start, "G-PARSE", `"(-x|--long)", or quotes`, "the short form %q comes with a later release", lit)
	}
	return []unit{{op: unitLit, text: lit}}, nil
}

// quoted reads '...', in which two quotes stand for one.
func (p *parser) quoted() ([]unit, error) {
	start := p.i
	var b strings.Builder
	for p.i++; p.i < len(p.src); p.i++ {
		if p.src[p.i] == '\'' {
			if p.ahead(1) != '\'' {
				p.i++
				return []unit{{op: unitLit, text: b.String()}}, nil
			}
			p.i++
		}
		if p.pos[p.i].row != p.pos[start].row {
			break
		}
		b.WriteRune(p.src[p.i])
	}
	return nil, p.errorf(start, "G-PARSE", `"'"`, "a quote that does not end on its line")
}

// placeholder reads <name>, <name:type> or <type>.
func (p *parser) placeholder() ([]unit, error) {
	start := p.i
	end := start + 1
	for ; end < len(p.src) && p.src[end] != '>'; end++ {
		if p.src[end] == '<' || p.pos[end].row != p.pos[start].row {
			return nil, p.errorf(end, "G-PARSE", `">"`, "%q inside of a placeholder", string(p.src[end]))
		}
	}
	if end == len(p.src) {
		return nil, p.errorf(start, "G-PARSE", `">"`, "a placeholder that does not end")
	}
	p.i = end + 1
	name, notation, typed := strings.Cut(string(p.src[start+1:end]), ":")
	if strings.HasSuffix(name, "!") {
		return nil, p.errorf(start, "G-PARSE", "", "<%s>, the same value again, comes with a later release", name)
	}
	if !isName(name) {
		return nil, p.errorf(start+1, "G-PARSE", "a name of a-z, 0-9, - and _ that begins with a letter", "%q", name)
	}
	at := start + 1
	if typed {
		if p.types.scope[name] != nil {
			return nil, p.errorf(at, "G-PARSE", "<"+name+">, or another name", "the name %q is already defined", name)
		}
		at += len(name) + 1
	} else {
		notation = name
	}
	t, err := p.types.get(notation)
	if err != nil {
		check := "G-PARSE"
		if te, ok := errors.AsType[*TypeError](err); ok {
			check = te.Check
		}
		return nil, p.errorf(at, check, "", "%v", err)
	}
	return []unit{{op: unitPlace, hole: Placeholder{name, t}}}, nil
}
