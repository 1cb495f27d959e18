package argv

import (
	"fmt"
	"slices"
	"strings"
)

// CommandType is the name of the type of a nested command: <inner:command>. It is no type
// of a value. What stands for it is a program and all arguments behind it, so it
// can only end a line.
const CommandType = "command"

// cutCommand takes a nested command off the end of a line and returns its name,
// or "" where the line has none. What is left is a line of its own: a bracket or
// a quote that was open is still open.
func cutCommand(t *text, scope Scope) (string, error) {
	n := len(t.runes)
	open := n - 1
	for open >= 0 && t.runes[open] != '<' {
		open--
	}
	if open < 0 || t.runes[n-1] != '>' || open > 0 && t.runes[open-1] != ' ' {
		return "", nil
	}
	name, notation, typed := strings.Cut(string(t.runes[open+1:n-1]), ":")
	if !typed {
		notation = name
	}
	if notation != CommandType {
		return "", nil
	}
	bad := func(expected, format string, args ...any) error {
		at := t.pos[open]
		return &SyntaxError{Check: "G-PARSE", Line: at.row, Col: at.col + 1, Msg: fmt.Sprintf(format, args...), Expected: expected}
	}
	switch {
	case !isName(name):
		return "", bad("a name of a-z, 0-9, - and _ that begins with a letter", "%q", name)
	case scope[name] != nil:
		return "", bad("another name", "the name %q is already defined", name)
	}
	for open > 0 && t.runes[open-1] == ' ' {
		open--
	}
	t.runes, t.pos = t.runes[:open], t.pos[:open]
	return name, nil
}

// Command returns the name of the nested command that ends the line, or "". A
// line with one stands for nothing by itself: Compile refuses it. Outside and
// Nest make lines of it that Compile takes.
func (l *Line) Command() string { return l.command }

// Outside returns the line without its nested command.
func (l *Line) Outside() *Line {
	out := *l
	out.command, out.Source = "", l.outside()
	return &out
}

// outside returns the source of the line without its nested command.
func (l *Line) outside() string {
	if l.command == "" {
		return l.Source
	}
	return strings.TrimRight(l.Source[:strings.LastIndexByte(l.Source, '<')], " ")
}

// Nest returns the line with its nested command filled in: one argument that is
// one of names, then the arguments of inner. If inner has a nested command, so
// has the result. The names are keywords, and yet captured: Captures has the
// place of each nested command as a value of the type command. Rows, columns and
// Number are those of l.
//
// Preconditions: l has a nested command, and names has a name that is not empty.
func (l *Line) Nest(names []string, inner *Line) *Line {
	out := *l
	out.Source = strings.TrimSpace(strings.TrimSpace(l.outside()+" "+names[0]) + " " + inner.Source)
	out.command = inner.command
	out.seq = slices.Concat(l.seq, seq{{op: opWord, most: 1, word: newCommand(l.command, names)}}, inner.seq)
	return &out
}

// newCommand returns the word of the programs of a nested command.
func newCommand(name string, programs []string) *word {
	u := unit{op: unitGroup}
	for _, p := range programs {
		u.alts = append(u.alts, []unit{{op: unitLit, text: p}})
	}
	units := []unit{u}
	if len(programs) == 1 {
		units = u.alts[0]
	}
	w := newWord(units, programs[0])
	// A keyword, for what is read first; captured as a whole, for where it is.
	w.graph = newGraph([]unit{{op: unitPlace, hole: Placeholder{Name: name, Type: &Type{name: CommandType, text: CommandType, lex: CommandType, dfa: widePath()}}}})
	return w
}

// isCommand reports whether w is the program of a nested command.
func (w *word) isCommand() bool { return w.keyword && w.graph != nil }
