package policy

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// indicator finds the number in the header of a block scalar.
var indicator = regexp.MustCompile(`(?m)([|>])([-+]?)[1-9]([-+]?[ \t]*(?: #.*)?)$`)

// column is where a block mapping or list stands, and where it is to stand, in
// runes from 0.
type column struct{ old, new int }

// layoutLine is what is known of a line of the source.
type layoutLine struct {
	// cuts are the places, in runes, where a dash, a key or a value begins on the
	// line: one space will stand in front of each but the first.
	cuts []int
	// chain are the columns of the mappings and lists that are open here,
	// outermost first; the line goes to the last one.
	chain []column
	start column // of the first cut
	// content is set for the lines of a block scalar, done is their new text.
	content bool
	done    string
	header  bool // of a block scalar
}

// layout moves the lines of a file.
type layout struct {
	doc    *document
	lines  []layoutLine // from 1
	blocks map[*yaml.Node]bool
	kept   bool // the last block scalar keeps the blank lines behind it
}

// cut notes that something begins at a place of a line.
func (l *layout) cut(line, at int, chain []column) {
	if line < 1 || line >= len(l.lines) {
		return
	}
	x := &l.lines[line]
	if len(x.cuts) == 0 {
		x.start = chain[len(chain)-1]
	}
	x.cuts, x.chain = append(x.cuts, at), chain
}

// open returns chain with one more column.
func open(chain []column, c column) []column {
	return append(slices.Clip(chain), c)
}

// mapping places a block mapping.
func (l *layout) mapping(n *yaml.Node, at int, chain []column) {
	chain = open(chain, column{n.Column - 1, at})
	for _, f := range pairs(n) {
		if f.key.Column != n.Column {
			l.doc.fail(f.key, "F-SYNTAX", "a key behind \"?\" is not formatted; write \"key: value\"")
			return
		}
		l.cut(f.key.Line, f.key.Column-1, chain)
		l.value(f.value, f.key.Line, at, chain)
	}
}

// list places a block list.
func (l *layout) list(n *yaml.Node, at int, chain []column) {
	dash := n.Column - 1
	chain = open(chain, column{dash, at})
	for _, item := range n.Content {
		line := item.Line
		for line > n.Line && !l.hasDash(line, dash) { // the item may stand below its dash
			line--
		}
		l.cut(line, dash, chain)
		l.value(item, line, at, chain)
	}
}

// hasDash reports whether the dash of a list stands at a place of a line.
func (l *layout) hasDash(line, at int) bool {
	r := []rune(l.doc.src.line(line))
	return at < len(r) && r[at] == '-' && (at+1 == len(r) || r[at+1] == ' ' || r[at+1] == '\t')
}

// value places what stands behind a key or a dash of a line, in a block at a
// column.
func (l *layout) value(n *yaml.Node, line, at int, chain []column) {
	flow := n.Style&yaml.FlowStyle != 0
	switch {
	case n.Kind == yaml.MappingNode && !flow && len(n.Content) > 0:
		l.mapping(n, at+2, chain)
		return
	case n.Kind == yaml.SequenceNode && !flow && len(n.Content) > 0:
		l.list(n, at+2, chain)
		return
	case isNull(n) && n.Value == "":
		return // nothing is written
	case n.Line == line:
		l.cut(line, n.Column-1, chain)
	default:
		l.cut(n.Line, n.Column-1, open(chain, column{n.Column - 1, at + 2}))
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		l.scalar(n, chain[len(chain)-1].old, at+2)
	}
}

// scalar moves the lines of a block scalar; parent is the column of what it
// stands in.
func (l *layout) scalar(n *yaml.Node, parent, at int) {
	header := l.doc.src.line(n.Line)
	l.lines[n.Line].header = true
	l.kept = strings.ContainsRune(string([]rune(header)[n.Column-1:]), '+')
	indent := 0
	if m := indicator.FindString(header); m != "" {
		indent = parent + int(strings.TrimLeft(m, "|>+-")[0]-'0')
	}
	var rows []string
	for line := n.Line + 1; line < len(l.lines); line++ {
		text := l.doc.src.line(line)
		spaces := len(text) - len(strings.TrimLeft(text, " "))
		blank := spaces == len(text)
		if indent == 0 && !blank {
			if indent = spaces; indent <= parent {
				break
			}
		}
		if !blank && spaces < indent {
			break
		}
		if indent == 0 {
			text = "" // YAML does not know yet how deep the lines are
		}
		rows = append(rows, text[min(len(text), indent):])
		l.lines[line].content = true
	}
	if l.blocks[n] && len(rows) > 0 {
		rows = l.doc.argvLayout(n, rows)
	}
	for i, row := range rows {
		if row != "" {
			row = strings.Repeat(" ", at) + row
		}
		l.lines[n.Line+1+i].done = row
	}
}

// text returns the new text.
func (l *layout) text() []byte {
	var out bytes.Buffer
	last := column{} // by how much the lines that belong to none are moved
	var chain []column
	below := l.below()
	for i := 1; i < len(l.lines); i++ {
		x := &l.lines[i]
		raw := strings.TrimRight(l.doc.src.line(i), " \t")
		body := strings.TrimLeft(raw, " \t")
		old := len(raw) - len(body)
		switch {
		case x.content:
			out.WriteString(x.done)
		case len(x.cuts) > 0:
			out.WriteString(strings.Repeat(" ", x.start.new) + x.pieces(raw))
			chain = x.chain
			last = chain[len(chain)-1]
		case body == "":
		case body[0] == '#':
			out.WriteString(strings.Repeat(" ", commentColumn(old, chain, below[i])) + body)
		case chain == nil || raw == "...":
			out.WriteString(raw) // a directive, or a document marker
		default:
			out.WriteString(strings.Repeat(" ", max(0, old+last.new-last.old)) + body)
		}
		out.WriteByte('\n')
	}
	if l.kept && len(l.lines) > 1 {
		return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

// below returns, for each line, where the next line with a key or a dash goes.
func (l *layout) below() []*column {
	out := make([]*column, len(l.lines))
	for i := len(l.lines) - 2; i > 0; i-- {
		if out[i] = out[i+1]; len(l.lines[i+1].cuts) > 0 {
			out[i] = &l.lines[i+1].start
		}
	}
	return out
}

// pieces returns the line with one space in front of each part of it.
func (x *layoutLine) pieces(raw string) string {
	r := []rune(raw)
	var parts []string
	for i, at := range x.cuts {
		end := len(r)
		if i+1 < len(x.cuts) {
			end = x.cuts[i+1]
		}
		if at >= end || end > len(r) {
			continue // a value that is not on this line
		}
		parts = append(parts, strings.TrimRight(string(r[at:end]), " \t"))
	}
	text := strings.Join(parts, " ")
	if m := indicator.FindStringSubmatchIndex(text); x.header && m != nil {
		digit := m[5]
		text = text[:digit] + strconv.Itoa(2) + text[digit+1:]
	}
	return text
}

// commentColumn returns where a line with a comment alone goes: with the line
// below it, or with what it follows when it stands at that column. before are
// the columns that were open, next is where the line below goes, nil at the end.
func commentColumn(old int, before []column, next *column) int {
	if next != nil && next.old == old {
		return next.new
	}
	at := 0
	for _, c := range before {
		if c.old == old {
			return c.new
		}
		if c.old < old {
			at = c.new
		}
	}
	if next != nil {
		return next.new
	}
	return at
}
