package policy

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Format returns the text of a policy file in one layout: two spaces a level,
// lists indented below their key, one space behind a key and a dash, argv lines
// as argv.Layout has them, a newline at the end and no space before one. It
// sorts nothing and quotes nothing: apart from spaces, every character stays,
// comments and blank lines included.
//
// A file that cannot be read gives no text and findings that say where. So does
// one whose formatted text would not say the same, which is checked.
func Format(f File) ([]byte, Findings) {
	l := &loading{out: &collector{}}
	d := &document{loading: l, src: newSource(f)}
	root := d.parse(f.Data)
	if root == nil {
		return nil, l.out.done()
	}
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		d.fail(root, "F-YAMLTYPE", "a policy file is %s, expected a mapping with a key a line", describe(root))
		return nil, l.out.done()
	}
	lay := &layout{doc: d, lines: make([]layoutLine, len(d.src.lines)+1), blocks: argvBlocks(root)}
	lay.mapping(root, 0, nil)
	if l.out.hasErrors() {
		return nil, l.out.done()
	}
	out := lay.text()
	if !d.saysSame(root, out) {
		d.fail(root, "F-FORMAT", "this layout of YAML cannot be formatted without a change of what it says")
		return nil, l.out.done()
	}
	return out, nil
}

// argvBlocks returns the literal blocks that hold usage lines.
func argvBlocks(root *yaml.Node) map[*yaml.Node]bool {
	out := make(map[*yaml.Node]bool)
	for _, section := range pairs(root) {
		if section.value.Kind != yaml.SequenceNode || section.key.Value != "rules" && section.key.Value != "never" {
			continue
		}
		for _, item := range section.value.Content {
			if item.Kind != yaml.MappingNode {
				continue
			}
			for _, f := range pairs(item) {
				if f.key.Value == "argv" && f.value.Style&yaml.LiteralStyle != 0 {
					out[f.value] = true
				}
			}
		}
	}
	return out
}

// saysSame reports whether out is the text of d with other spaces.
func (d *document) saysSame(root *yaml.Node, out []byte) bool {
	again, err := decodeYAML(out)
	return err == nil && sameNodes(root, again, argvBlocks(root)) &&
		squeeze(strings.Join(d.src.lines, "\n")) == squeeze(string(out))
}

// squeeze leaves out what a layout may change: white space, and the number that
// a block scalar may give for its indentation.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, indicator.ReplaceAllString(s, "$1$2"))
}

// sameNodes compares what YAML makes of two texts, and the usage lines in it.
func sameNodes(a, b *yaml.Node, blocks map[*yaml.Node]bool) bool {
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || a.Style != b.Style {
		return false
	}
	if blocks[a] {
		x, errX := argv.Texts(a.Value)
		y, errY := argv.Texts(b.Value)
		return errX == nil && errY == nil && slices.Equal(x, y)
	}
	return a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, func(x, y *yaml.Node) bool {
		return sameNodes(x, y, blocks)
	})
}

// argvLayout returns the rows of an argv block in their layout.
func (d *document) argvLayout(n *yaml.Node, rows []string) []string {
	text, err := argv.Layout(strings.Join(rows, "\n"))
	if err != nil {
		d.syntaxErrors(n, err)
		return rows
	}
	return strings.Split(text, "\n")
}
