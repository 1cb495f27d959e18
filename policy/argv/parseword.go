package argv

import (
	"errors"
	"strings"
)

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
	return r != 0 && !strings.ContainsRune(" '\"<>()[]{}|#!", r)
}

// literal reads unquoted characters up to one that means something.
func (p *parser) literal() []unit {
	start := p.i
	for isLiteral(p.peek()) && !p.dots() {
		p.i++
	}
	return []unit{{op: unitLit, text: string(p.src[start:p.i])}}
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
	name, same := strings.CutSuffix(name, "!")
	if !isName(name) {
		return nil, p.errorf(start+1, "G-PARSE", "a name of a-z, 0-9, - and _ that begins with a letter", "%q", name)
	}
	at := start + 1
	if same {
		t := p.first[name]
		switch {
		case typed:
			return nil, p.errorf(at+len(name)+2, "G-PARSE", "<"+name+"!>", "a type for <%s!>, which has that of the first <%s>", name, name)
		case t == nil:
			return nil, p.errorf(at, "G-PARSE", "a <"+name+"> in front of it", "<%s!> means the same value as before, and there is none before", name)
		}
		return []unit{{op: unitPlace, hole: Placeholder{Name: name, Type: t, Same: true}}}, nil
	}
	t, err := p.holeType(at, name, notation, typed)
	if err != nil {
		return nil, err
	}
	if p.first == nil {
		p.first = map[string]*Type{}
	}
	if p.first[name] == nil {
		p.first[name] = t
	}
	return []unit{{op: unitPlace, hole: Placeholder{Name: name, Type: t}}}, nil
}

// holeType returns the type of a placeholder whose name stands at the index at.
func (p *parser) holeType(at int, name, notation string, typed bool) (*Type, error) {
	if p.types == nil {
		return &Type{}, nil
	}
	if typed {
		if p.types.scope[name] != nil {
			return nil, p.errorf(at, "G-PARSE", "<"+name+">, or another name", "the name %q is already defined", name)
		}
		at += len(name) + 1
	} else {
		notation = name
	}
	if notation == CommandType {
		return nil, p.errorf(at, "G-PARSE", "", "a nested command, which can only be the last argument of a line, by itself and once")
	}
	t, err := p.types.get(notation)
	if err != nil {
		check := "G-PARSE"
		if te, ok := errors.AsType[*TypeError](err); ok {
			check = te.Check
		}
		return nil, p.errorf(at, check, "", "%v", err)
	}
	return t, nil
}
