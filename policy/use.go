package policy

import (
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// sections are the parts of a file whose names another file can use.
var sections = []string{"profiles", "types", "vars"}

// maxUses bounds the imports of one file.
const maxUses = 64

// use is one import: the names of a section of another file, or one of them.
type use struct {
	node    *yaml.Node
	from    *fileScope
	section string
	name    string // empty: all
}

// readUses reads "use: [FILE#SECTION, FILE#SECTION.NAME]". Names come from
// another file of the same policy and from nowhere else, each from where it is
// defined: what a file uses it does not hand on.
func (d *document) readUses(file *fileScope, n *yaml.Node, all []*fileScope) {
	items, ok := d.list(n, "use")
	if !ok {
		return
	}
	if len(items) > maxUses {
		d.fail(n, "F-LIMIT", "use has %d items, the limit is %d", len(items), maxUses)
		return
	}
	for _, item := range items {
		u, ok := d.readUse(file, item, all)
		if !ok {
			continue
		}
		if slices.ContainsFunc(file.uses, func(o use) bool {
			return o.from == u.from && o.section == u.section && (o.name == u.name || o.name == "" || u.name == "")
		}) {
			d.fail(item, "F-USE", "use: %s names what is used already", clip(item.Value))
			continue
		}
		file.uses = append(file.uses, u)
		for _, name := range u.names() {
			d.importName(file, u, name)
		}
	}
}

func (d *document) readUse(file *fileScope, n *yaml.Node, all []*fileScope) (u use, ok bool) {
	s, ok := d.word(n, "use")
	if !ok {
		return u, false
	}
	name, rest, ok := strings.Cut(s, "#")
	if !ok || strings.Contains(name, "/") {
		d.fail(n, "F-USE", "use: %q: expected FILE#SECTION or FILE#SECTION.NAME with the FILE's name alone, as in 10-base.yaml#profiles", clip(s))
		return u, false
	}
	section, one, single := strings.Cut(rest, ".")
	if !slices.Contains(sections, section) || single && one == "" {
		d.fail(n, "F-USE", "use: %q is no section to use, expected profiles, types or vars%s", clip(rest), didYouMean(section, sections))
		return u, false
	}
	u = use{node: n, section: section, name: one}
	if u.from, ok = d.usedFile(n, name, all); !ok || u.from.fields == nil {
		return u, false
	}
	own := u.from.own[section]
	known := slices.Sorted(maps.Keys(own))
	switch {
	case u.from == file:
		d.fail(n, "F-USE", "use: %s is this file; its names are here already", clip(name))
	case len(own) == 0:
		d.fail(n, "F-USE", "use: %s defines no %s", clip(name), section)
	case one != "" && own[one] == nil:
		d.fail(n, "F-USE", "use: %s defines no %q in its %s%s", clip(name), clip(one), section, didYouMean(one, known))
	default:
		return u, true
	}
	return u, false
}

// usedFile returns the one file of the policy that is called name.
func (d *document) usedFile(n *yaml.Node, name string, all []*fileScope) (*fileScope, bool) {
	var found []*fileScope
	known := make([]string, 0, len(all))
	for _, f := range all {
		base := path.Base(f.doc.src.name)
		known = append(known, base)
		if base == name {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		d.fail(n, "F-USE", "use: there is no file %q in this policy%s", clip(name), didYouMean(name, known))
		return nil, false
	case 1:
		return found[0], true
	}
	d.fail(n, "F-USE", "use: two files are called %s: %s and %s", clip(name), found[0].doc.src.name, found[1].doc.src.name)
	return nil, false
}

// names returns the names that u brings, sorted.
func (u use) names() []string {
	if u.name != "" {
		return []string{u.name}
	}
	return slices.Sorted(maps.Keys(u.from.own[u.section]))
}

// importName notes whence a name comes. A name means one thing in a file.
func (d *document) importName(file *fileScope, u use, name string) {
	if at := file.own[u.section][name]; at != nil {
		d.fail(u.node, "F-USE", "use: %s of %s stands in this file as well, on line %d", name, path.Base(u.from.doc.src.name), at.Line)
		return
	}
	if first := file.imported[u.section][name]; first != nil {
		d.fail(u.node, "F-USE", "use: %s of %s comes from %s already", name, path.Base(u.from.doc.src.name), path.Base(first.doc.src.name))
		return
	}
	if file.imported[u.section] == nil {
		file.imported[u.section] = make(map[string]*fileScope)
	}
	file.imported[u.section][name] = u.from
}

// useCycles refuses files that use each other's section: which name would
// stand on which could not be said.
func (d *document) useCycles(file *fileScope) {
	for _, u := range file.uses {
		if u.from.reaches(file, u.section, make(map[*fileScope]bool)) {
			d.fail(u.node, "F-USE", "use: the %s of %s use those of this file in turn", u.section, path.Base(u.from.doc.src.name))
		}
	}
}

// reaches reports whether a section of f uses that of to, itself or through
// others.
func (f *fileScope) reaches(to *fileScope, section string, seen map[*fileScope]bool) bool {
	if f == to {
		return true
	}
	if seen[f] {
		return false
	}
	seen[f] = true
	return slices.ContainsFunc(f.uses, func(u use) bool {
		return u.section == section && u.from.reaches(to, section, seen)
	})
}

// unusedUses notes imports of which no name is mentioned: they would bring the
// next name that somebody defines over there.
func (d *document) unusedUses(file *fileScope) {
	if len(file.uses) == 0 {
		return
	}
	words := d.words(file.fields["use"].value)
	for _, u := range file.uses {
		if !slices.ContainsFunc(u.names(), func(name string) bool { return words[name] }) {
			d.report(SeverityNote, u.node.Line, u.node.Column, "F-USE", "use: nothing in this file names one of the %s of %s",
				u.section, path.Base(u.from.doc.src.name))
		}
	}
}

// words returns the words of a file that a name could be, without the lines of
// the list uses. It does not ask what they mean: a name that stands in a comment
// alone counts, and none that has an effect is missed.
func (d *document) words(uses *yaml.Node) map[string]bool {
	skip := make(map[int]bool)
	for _, item := range uses.Content {
		skip[item.Line] = true
	}
	words := make(map[string]bool)
	for i, line := range d.src.lines {
		if skip[i+1] {
			continue
		}
		for w := range strings.FieldsFuncSeq(line, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_+.-", r)
		}) {
			words[w] = true
		}
	}
	return words
}
