package policy

import (
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// strict refuses, below n, what YAML can say and a policy may not: aliases,
// anchors, merge keys, tags, keys that are not plain text, and duplicate keys.
func (d *document) strict(n *yaml.Node, depth int) {
	if depth > maxDepth {
		d.fail(n, "F-LIMIT", "nested deeper than %d levels", maxDepth)
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		d.fail(n, "F-UNKNOWN", "the alias *%s is not allowed; write the value out", n.Value)
		return
	case n.Anchor != "":
		d.fail(n, "F-UNKNOWN", "the anchor &%s is not allowed; there are no aliases", n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		d.fail(n, "F-UNKNOWN", "the tag %s is not allowed", n.Tag)
	}
	if n.Kind == yaml.MappingNode {
		d.strictKeys(n)
	}
	for _, c := range n.Content {
		d.strict(c, depth+1)
	}
}

func (d *document) strictKeys(n *yaml.Node) {
	first := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind == yaml.AliasNode:
			// strict says so itself.
		case key.Tag == "!!merge":
			d.fail(key, "F-UNKNOWN", "the merge key << is not allowed; profiles inherit with extends")
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str":
			d.fail(key, "F-YAMLTYPE", "a key is %s, expected text", describe(key))
		case first[key.Value] > 0:
			d.fail(key, "F-UNKNOWN", "the key %q stands twice; first on line %d", key.Value, first[key.Value])
		default:
			first[key.Value] = key.Line
		}
	}
}

// describe says what a node is, in the words of a person.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
	default:
		return "something else"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + n.Value
	case "!!int":
		return "the number " + clip(n.Value)
	case "!!float":
		return "the decimal number " + clip(n.Value)
	case "!!timestamp":
		return "the date " + clip(n.Value)
	}
	return "the text \"" + clip(n.Value) + "\""
}

// clip shortens untrusted text for a message and keeps it on one line.
func clip(s string) string {
	const limit = 60
	r := []rune(strings.Map(visible, s))
	if len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return string(r)
}

// bool11 are the plain words that a YAML 1.1 reader takes for a boolean: the
// editor of a policy and its loader must not read two things.
var bool11 = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// text returns the value of a scalar that is text, and reports what else it is.
func (d *document) text(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		hint := ""
		if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
			hint = "; quote it"
		}
		d.fail(n, "F-YAMLTYPE", "%s is %s, expected text%s", what, describe(n), hint)
		return "", false
	case n.Style == 0 && bool11.MatchString(n.Value):
		d.fail(n, "F-YAMLTYPE", "%s: %s is a boolean to some readers of YAML; quote it", what, n.Value)
		return "", false
	}
	return n.Value, true
}

// word returns the value of a scalar that is non-empty text on one line.
func (d *document) word(n *yaml.Node, what string) (string, bool) {
	s, ok := d.text(n, what)
	if ok && s == "" {
		d.fail(n, "F-VALUE", "%s is empty", what)
		return "", false
	}
	if ok && strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		d.fail(n, "F-VALUE", "%s has a character that does not print", what)
		return "", false
	}
	return s, ok
}

// prose returns the value of a scalar that people will read, lines included.
func (d *document) prose(n *yaml.Node, what string) string {
	s, ok := d.text(n, what)
	if ok && strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
		d.fail(n, "F-VALUE", "%s has a character that does not print", what)
	}
	return s
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}

// truth returns the value of a boolean: true or false, spelled so. Anything else
// is a finding, and false.
func (d *document) truth(n *yaml.Node, what string) bool {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && (n.Value == "true" || n.Value == "false") {
		return n.Value == "true"
	}
	d.fail(n, "F-YAMLTYPE", "%s is %s, expected true or false", what, describe(n))
	return false
}

// isNull reports whether a key stands without a value.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
