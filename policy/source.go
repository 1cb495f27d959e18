package policy

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// source is the text of one policy file, for positions and excerpts.
type source struct {
	name  string
	lines []string // without line ends
}

func newSource(f File) *source {
	lines := strings.Split(string(f.Data), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return &source{name: f.Name, lines: lines}
}

// line returns line n, from 1, or "" when there is none.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// excerptWidth bounds the runes of an excerpt's line.
const excerptWidth = 100

// excerpt returns line n and a line with a caret below column col, or "" where
// there is nothing to show.
func (s *source) excerpt(n, col int) string {
	text := []rune(strings.Map(visible, s.line(n)))
	if len(text) == 0 || col < 1 {
		return ""
	}
	at := min(col-1, len(text))
	from := max(0, at-excerptWidth/2)
	to := min(len(text), from+excerptWidth)
	return string(text[from:to]) + "\n" + strings.Repeat(" ", at-from) + "^"
}

// visible replaces what would move a terminal's cursor: one column stays one
// column, and a policy file cannot send escape sequences to who reads about it.
func visible(r rune) rune {
	if r == utf8.RuneError || r < ' ' || (r >= 0x7f && r < 0xa0) {
		return ' '
	}
	return r
}

// blockPos maps row and column, both from 1, within the literal block n to the
// file. The decoder strips the indentation; it is what the file's line has more
// than the text's.
func (s *source) blockPos(n *yaml.Node, row, col int) (line, column int) {
	if n.Style&yaml.LiteralStyle == 0 {
		return n.Line, n.Column
	}
	line = n.Line + row
	rows := strings.Split(n.Value, "\n")
	if row < 1 || row > len(rows) {
		return line, col
	}
	if indent, ok := strings.CutSuffix(s.line(line), rows[row-1]); ok {
		col += utf8.RuneCountInString(indent)
	}
	return line, col
}
