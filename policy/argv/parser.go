package argv

import (
	"fmt"
	"slices"
	"strconv"
)

// parser reads one line by recursive descent, bounded by maxDepth.
type parser struct {
	src   []rune
	pos   []place
	i     int
	depth int
	types *typeCache // nil: types are not looked at
	// first is, of each name of a placeholder, the type of its first use.
	first map[string]*Type
	// written are the options in both spellings that were read, and valued is
	// whether the value of one is read now.
	written []written
	valued  bool
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

// dots reports whether "..." comes next.
func (p *parser) dots() bool {
	return p.peek() == '.' && p.ahead(1) == '.' && p.ahead(2) == '.'
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
	if p.dots() {
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
	case '"':
		return nil, p.doubleQuote()
	default:
		return nil, p.errorf(p.i, "G-PARSE", "a space", "%s after %q", p.found(), string(p.src[start:p.i]))
	}
	return n, nil
}

// rep reads "..." and its number behind n.
func (p *parser) rep(n *node) error {
	at := p.i
	most, err := p.count()
	if err != nil {
		return err
	}
	n.most = most
	inner := n.nullable()
	if n.op == opOpt { // [x]... is none or more of x
		inner = slices.ContainsFunc(n.alts, seq.nullable)
	}
	if inner {
		return p.errorf(at, "G-NULLREP", "", "repetition of something that may be no argument at all")
	}
	return nil
}

// count reads "..." and its number: 0 without one.
func (p *parser) count() (int, error) {
	p.i += len("...")
	digits := p.i
	for '0' <= p.peek() && p.peek() <= '9' {
		p.i++
	}
	if digits == p.i {
		return 0, nil
	}
	text := string(p.src[digits:p.i])
	most, err := strconv.Atoi(text)
	if err != nil || most < 1 || most > MaxTokens || text[0] == '0' {
		return 0, p.errorf(digits, "G-PARSE", fmt.Sprintf("a number from 1 to %d", MaxTokens), "repetition of %q", text)
	}
	return most, nil
}

// body reads the units that touch each other. A single bracket stands for
// tokens; a bracket among other units stands for parts of one token.
func (p *parser) body() (*node, error) {
	if p.peek() == '{' {
		return p.set()
	}
	if p.isOption() {
		return p.option()
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
		case isLiteral(r) && !p.dots():
			u = p.literal()
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
	return (r == '(' || r == '[' || r == '<' || r == '\'' || isLiteral(r)) && !p.dots()
}

// finish makes a node of the units that were read from start.
func (p *parser) finish(start int, first *node, units []unit) (*node, error) {
	if p.i == start && p.peek() == '"' {
		return nil, p.doubleQuote()
	}
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

// doubleQuote refuses the quotes of a shell, which would be a part of the
// argument here.
func (p *parser) doubleQuote() error {
	return p.errorf(p.i, "G-PARSE", "", `%s outside of single quotes: quote with '…'`, p.found())
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
			return nil, false, p.errorf(p.i, "G-PARSE", strconv.Quote(string(closer)), "end of line, a %q is open", string(p.src[open]))
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
