package policy

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// schema names the keys of a mapping: those there are, and those that the
// language has but this version does not.
type schema struct {
	what  string // "a rule"
	keys  []string
	later []string
}

// field is one key of a mapping with its value.
type field struct{ key, value *yaml.Node }

// fields returns the keys of a mapping by name. Unknown keys are reported and
// left out. ok is false when n is no mapping.
func (d *document) fields(n *yaml.Node, s schema) (_ map[string]field, ok bool) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "F-YAMLTYPE", "%s is %s, expected a mapping", s.what, describe(n))
		return nil, false
	}
	out := make(map[string]field)
	for _, f := range pairs(n) {
		name := f.key.Value
		switch {
		case slices.Contains(s.keys, name):
			out[name] = f
		case slices.Contains(s.later, name):
			d.fail(f.key, "F-UNKNOWN", "the field %q of %s is not in this version", name, s.what)
		default:
			d.fail(f.key, "F-UNKNOWN", "unknown field %q in %s%s", clip(name), s.what, didYouMean(name, s.keys))
		}
	}
	return out, true
}

// lacks adds an error about a key that a mapping has to have and has not. Where a
// key is unknown it adds none: that one is misspelt, and has its error.
func (d *document) lacks(n *yaml.Node, s schema, id, format string, args ...any) {
	for _, f := range pairs(n) {
		if !slices.Contains(s.keys, f.key.Value) {
			return
		}
	}
	d.fail(n, id, format, args...)
}

// pairs returns the keys of a mapping in the order written.
func pairs(n *yaml.Node) []field {
	out := make([]field, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, field{n.Content[i], n.Content[i+1]})
	}
	return out
}

// mapping returns the keys of a mapping whose names are the author's own.
func (d *document) mapping(n *yaml.Node, what string) []field {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "F-YAMLTYPE", "%s is %s, expected a mapping", what, describe(n))
		return nil
	}
	return pairs(n)
}

// list returns the items of a list.
func (d *document) list(n *yaml.Node, what string) ([]*yaml.Node, bool) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "F-YAMLTYPE", "%s is %s, expected a list", what, describe(n))
		return nil, false
	}
	return n.Content, true
}

// listOrOne returns the items of a list, or a scalar as a list of one.
func (d *document) listOrOne(n *yaml.Node, what string) ([]*yaml.Node, bool) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		return []*yaml.Node{n}, true
	}
	return d.list(n, what)
}
