package argv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a block.
const (
	MaxLines     = 64      // alternatives of a block
	MaxLineBytes = 4 << 10 // bytes of a line, continuations included
	maxDepth     = 32      // brackets inside brackets
	maxSet       = 12      // members of a set
	maxErrors    = 10      // errors that are reported
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

	seq     seq
	command string // the name of the nested command behind seq, or ""
	parsed  bool   // by Parse: the zero Line would accept no arguments
}

// Placeholder is a named hole in a line.
type Placeholder struct {
	Name string
	Type *Type
	// Same is true of <name!>: its value is that of the first <name>.
	Same bool
}

// Placeholders returns the placeholders of the line in the order they are
// written, each name with each of its types once, and once more for <name!>.
// Nested commands are none.
func (l *Line) Placeholders() []Placeholder {
	var out []Placeholder
	eachWord(l.seq, func(w *word) {
		eachUnit(w.units, func(u *unit) {
			known := slices.ContainsFunc(out, func(p Placeholder) bool {
				return p.Name == u.hole.Name && p.Same == u.hole.Same && p.Type.same(u.hole.Type)
			})
			if u.op == unitPlace && !known {
				out = append(out, u.hole)
			}
		})
	})
	return out
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

// Parse reads an argv block. Names in scope stand for their types. Lines that
// are blank, or that begin with "#", are skipped; a line indented deeper than
// the first continues the line above it. A source of nothing but white space
// is one line without arguments; in a longer block that line is "()". The
// error joins one *SyntaxError for each bad line, at most ten.
func Parse(src string, scope Scope) (*Block, error) {
	if strings.TrimSpace(src) == "" {
		return &Block{Lines: []*Line{{Number: 1, Row: 1, Col: 1, parsed: true}}}, nil
	}
	texts, err := splitLines(src)
	if err != nil {
		return nil, err
	}
	b := &Block{}
	types := &typeCache{scope: scope, work: maxBlockWork, made: map[string]*Type{}}
	var errs []error
	for i, text := range texts {
		source, at := string(text.runes), text.pos[0]
		command, err := cutCommand(text, scope)
		var s seq
		if err == nil {
			p := &parser{src: text.runes, pos: text.pos, types: types}
			s, err = p.line()
		}
		if err != nil {
			if errs = append(errs, err); len(errs) == maxErrors {
				break
			}
			continue
		}
		b.Lines = append(b.Lines, &Line{
			Number: i + 1, Row: at.row, Col: at.col, Source: source, seq: s, command: command, parsed: true,
		})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return b, nil
}

// place is a row and a column, from 1.
type place struct{ row, col int }

// text is a line with its continuations; pos[i] is the place of runes[i].
type text struct {
	runes []rune
	pos   []place
	size  int
}

func (t *text) add(r rune, at place) {
	t.runes = append(t.runes, r)
	t.pos = append(t.pos, at)
	t.size += utf8.RuneLen(r)
}

// splitLines finds the alternatives. Positions survive the joining, so that an
// error in a continuation points into it.
func splitLines(src string) ([]*text, error) {
	var texts []*text
	base, row := -1, 0
	for raw := range strings.SplitSeq(src, "\n") {
		row++
		body := strings.TrimLeft(raw, " ")
		indent := len(raw) - len(body)
		if err := checkRunes(raw, row); err != nil {
			return nil, err
		}
		if body = strings.TrimRight(body, " "); body == "" || body[0] == '#' {
			continue
		}
		bad := func(msg string) error {
			return &SyntaxError{Check: "G-PARSE", Line: row, Col: indent + 1, Msg: msg}
		}
		switch {
		case strings.HasSuffix(body, `\`):
			// A shell would join the next line; here the backslash would be a part
			// of an argument, and the next line an alternative of its own.
			return nil, &SyntaxError{
				Check: "G-PARSE", Line: row, Col: utf8.RuneCountInString(raw[:indent+len(body)]),
				Msg: "there is no continuation by backslash: indent the next line deeper, or quote it with '…'",
			}
		case base < 0:
			base = indent
			texts = append(texts, &text{})
		case indent == base:
			texts = append(texts, &text{})
		case indent < base:
			return nil, bad("indented less than the first line")
		default:
			t := texts[len(texts)-1]
			t.add(' ', place{row, indent})
		}
		if len(texts) > MaxLines {
			return nil, bad(fmt.Sprintf("more than %d lines", MaxLines))
		}
		t := texts[len(texts)-1]
		col := indent
		for _, r := range body {
			col++
			t.add(r, place{row, col})
		}
		if t.size > MaxLineBytes {
			return nil, bad(fmt.Sprintf("line longer than %d bytes", MaxLineBytes))
		}
	}
	if len(texts) == 0 {
		return nil, &SyntaxError{
			Check: "G-PARSE", Line: 1, Col: 1, Msg: "comments only",
			Expected: `a line, or "()" for no arguments`,
		}
	}
	return texts, nil
}

// checkRunes refuses what nobody can see in a policy: control characters, and
// format characters that turn text around for its reader.
func checkRunes(raw string, row int) error {
	col := 0
	for i, r := range raw {
		col++
		bad := ""
		switch {
		case r == '\t':
			bad = "tab"
		case r == utf8.RuneError && !strings.HasPrefix(raw[i:], "\ufffd"):
			bad = "invalid UTF-8"
		case !printable().has(r):
			bad = fmt.Sprintf("character %U, which cannot be printed", r)
		}
		if bad != "" {
			return &SyntaxError{Check: "G-PARSE", Line: row, Col: col, Msg: bad}
		}
	}
	return nil
}
