package argv

import (
	"errors"
	"fmt"
)

// Block is a parsed argv block: alternatives, one a line.
type Block struct {
	Lines []*Line
}

// Line is one alternative of a block.
type Line struct {
	// Number counts the alternatives of the block from 1, comments and
	// continuations not counted: the 3 in rule:3.
	Number int
	// Row and Col are where the line begins in the block's source, from 1, Col
	// in runes.
	Row, Col int
	// Source is the line as it was written, continuations joined by a space.
	Source string
}

// Placeholders returns the placeholders of the line in the order they are
// written, each name with each of its types once.
func (l *Line) Placeholders() []Placeholder { return nil }

// Placeholder is a named hole in a line.
type Placeholder struct {
	Name string
	Type *Type
}

// SyntaxError is a place in a block that is not in the grammar, or that breaks
// one of its rules.
type SyntaxError struct {
	// Check is the vet check: G-PARSE, G-NULLREP, G-SETSIZE, or one of a type.
	Check string
	// Line and Col are the place in the block's source, from 1; Col counts
	// runes.
	Line, Col int
	// Msg says what was read.
	Msg string
	// Expected says what could have stood there, if that helps.
	Expected string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Msg)
	if e.Expected != "" {
		s += ", expected " + e.Expected
	}
	return s
}

// Parse reads an argv block. Names in scope stand for their types. The error
// joins one *SyntaxError for each bad line, at most ten.
func Parse(src string, scope Scope) (*Block, error) {
	return nil, errors.New("not built")
}
