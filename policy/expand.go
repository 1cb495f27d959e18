package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Expand returns the text of a policy file with the options of its usage lines
// written out, as argv.Expand does; everything else stays as it is. A file or a
// line that cannot be read gives no text and findings that say where.
func Expand(f File) ([]byte, Findings) {
	l := &loading{out: &collector{}}
	d := &document{loading: l, src: newSource(f)}
	root := d.parse(f.Data)
	if root == nil {
		return nil, l.out.done()
	}
	lines := append([]string(nil), d.src.lines...)
	if root.Kind == yaml.MappingNode {
		for n := range argvBlocks(root) {
			d.expandBlock(n, lines)
		}
	}
	if l.out.hasErrors() {
		return nil, l.out.done()
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// expandBlock writes the expanded rows of a block to lines.
func (d *document) expandBlock(n *yaml.Node, lines []string) {
	text, err := argv.Expand(n.Value)
	if err != nil {
		d.syntaxErrors(n, err)
		return
	}
	rows := strings.Split(text, "\n")
	for i, old := range strings.Split(n.Value, "\n") {
		at := n.Line + i // the block begins on the line below its node, lines at 0
		if at < len(lines) && i < len(rows) {
			if indent, ok := strings.CutSuffix(lines[at], old); ok {
				lines[at] = indent + rows[i]
			}
		}
	}
}
