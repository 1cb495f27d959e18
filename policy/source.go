package policy

import (
	"strings"
	"unicode"
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
	line := s.line(n)
	if line == "" || col < 1 {
		return ""
	}
	from := max(0, col-1-excerptWidth/2)
	window := make([]rune, 0, excerptWidth)
	at := 0
	for _, r := range line {
		if at >= from+excerptWidth {
			break
		}
		if at >= from {
			window = append(window, visible(r))
		}
		at++
	}
	return string(window) + "\n" + strings.Repeat(" ", min(col-1-from, len(window))) + "^"
}

// visible replaces what would move a terminal's cursor or turn its text around:
// one column stays one column, and a policy file cannot steer the terminal of
// who reads about it.
func visible(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
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
	at := 0
	for text := range strings.SplitSeq(n.Value, "\n") {
		if at++; at < row {
			continue
		}
		if indent, ok := strings.CutSuffix(s.line(line), text); ok {
			col += utf8.RuneCountInString(indent)
		}
		break
	}
	return line, col
}
