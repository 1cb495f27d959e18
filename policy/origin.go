package policy

import (
	"maps"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// origin names a part of a rule: a key as in "run.limits.wall", and an item of
// it when it is a list or a mapping.
type origin struct{ part, item string }

// origins are the places where the parts of a rule were written last. Rules
// share them: they are copied to be changed.
type origins map[origin]Position

// with returns a copy in which the parts of a mapping that f has stand where f
// has them.
func (o origins) with(d *document, prefix string, f map[string]field) origins {
	out := maps.Clone(o)
	if out == nil {
		out = make(origins)
	}
	for name, v := range f {
		out[origin{part: prefix + name}] = d.pos(v.key)
	}
	return out
}

// Origin returns where a part of the rule was written last, after profiles and
// the file's own defaults were merged: part is a key of the rule, as in "exec"
// or "run.limits.wall", and item an element of that list or mapping, or empty.
// The zero Position is what no file says: the profile base, and the defaults.
func (r *Rule) Origin(part, item string) Position {
	for _, at := range []origins{r.origins, r.Effect.origins} {
		if pos, ok := at[origin{part, item}]; ok {
			return pos
		}
	}
	return Position{}
}

// note returns what keeps the origin of each item of a list.
func (o origins) note(d *document, part string) func(item string, n *yaml.Node) {
	return func(item string, n *yaml.Node) { o[origin{part, item}] = d.pos(n) }
}

// NamedType is a type that a rule's lines name.
type NamedType struct {
	Name string
	Type *argv.Type
	Pos  Position
	// Shared is whether it stands in types: and not in args:.
	Shared bool
}

// keysAt returns where the keys of a mapping stand.
func (d *document) keysAt(n *yaml.Node) map[string]Position {
	out := make(map[string]Position)
	if n.Kind == yaml.MappingNode {
		for _, f := range pairs(n) {
			out[f.key.Value] = d.pos(f.key)
		}
	}
	return out
}

// itemsAt returns where the items of a list stand.
func (d *document) itemsAt(n *yaml.Node) []Position {
	var out []Position
	for _, item := range n.Content {
		out = append(out, d.pos(item))
	}
	return out
}

// noteItems keeps where the parts of a rule stand that are its own or its file's.
func (d *document) noteItems(r *draftRule, f map[string]field, file *fileScope) {
	r.origins = r.origins.with(d, "", f)
	callers := file.callersAt
	if v, ok := f["callers"]; ok {
		callers = d.callersAt(v.value)
	}
	for part, at := range map[string][]Position{"exec": d.itemsAt(f["exec"].valueOrEmpty()), "callers": callers} {
		for i, pos := range at {
			r.origins[origin{part, strconv.Itoa(i)}] = pos
		}
	}
	for _, env := range pairs(f["env"].valueOrEmpty()) {
		for name, pos := range d.keysAt(env.value) {
			r.origins[origin{"env." + env.key.Value, name}] = pos
		}
	}
	if v, ok := f["cwd"]; ok && v.value.Kind == yaml.ScalarNode {
		r.origins[origin{part: "run.cwd"}] = d.pos(v.key)
	}
}

// holeText and named find the names in the placeholders of a line. A word of an
// expression may look like one: then a type is listed that no line needs.
var (
	holeText = regexp.MustCompile(`<[^<>]*>`)
	named    = regexp.MustCompile(`[a-z][a-z0-9_-]*`)
)

// keyAt returns where a name of a section stands, in this file or the one that
// it comes from.
func (f *fileScope) keyAt(section, name string) Position {
	if from := f.imported[section][name]; from != nil {
		f = from
	}
	if key := f.own[section][name]; key != nil {
		return f.doc.pos(key)
	}
	return Position{}
}

// namedTypes returns the types of scope that the placeholders of lines name.
func (d *document) namedTypes(lines []Line, f map[string]field, file *fileScope, scope argv.Scope) []NamedType {
	args := d.keysAt(f["args"].valueOrEmpty())
	used := make(map[string]bool)
	for _, l := range lines {
		for _, hole := range holeText.FindAllString(l.Text, -1) {
			for _, name := range named.FindAllString(hole, -1) {
				used[name] = true
			}
		}
	}
	var out []NamedType
	for _, name := range slices.Sorted(maps.Keys(used)) {
		t := scope[name]
		if t == nil {
			continue
		}
		pos, own := args[name]
		if !own {
			pos = file.keyAt("types", name)
		}
		out = append(out, NamedType{Name: name, Type: t, Pos: pos, Shared: !own})
	}
	return out
}
