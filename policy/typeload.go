package policy

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

var typeSchema = schema{
	what: "a type",
	keys: strings.Fields("type re min max dash except under depth items letters of " +
		"access kind owner create bind exists exe unit in_group uid_min allow_root"),
}

// typeOf reads a type in either spelling: the grammar's notation as text, which
// may stand in the brackets of a placeholder, or a mapping.
func (d *document) typeOf(n *yaml.Node, what string, scope argv.Scope) (*argv.Type, bool) {
	if n.Kind != yaml.MappingNode {
		s, ok := d.word(n, what)
		if !ok {
			return nil, false
		}
		return d.notation(n, what, s, scope)
	}
	f, ok := d.fields(n, typeSchema)
	if !ok || len(f) < len(pairs(n)) { // an unknown key: the type would be another
		return nil, false
	}
	return d.typeFrom(n, what, f, scope)
}

func (d *document) notation(n *yaml.Node, what, s string, scope argv.Scope) (*argv.Type, bool) {
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	}
	t, err := argv.ParseType(s, scope)
	return t, d.typeError(n, what, s, err)
}

// typeFrom makes a type of the keys of a mapping. What type names may be a
// notation or a name of the scope, to which the other keys add.
func (d *document) typeFrom(n *yaml.Node, what string, f map[string]field, scope argv.Scope) (*argv.Type, bool) {
	before := d.out.counts[SeverityError]
	name := ""
	if v, ok := f["type"]; ok {
		if name, ok = d.word(v.value, what+" type"); !ok {
			return nil, false
		}
	} else if _, ok := f["re"]; ok {
		name = "re"
	} else {
		d.fail(n, "F-VALUE", "%s has no type:", what)
		return nil, false
	}
	if len(f) == 1 && name != "re" {
		return d.notation(n, what, name, scope)
	}
	base, _, _ := strings.Cut(name, "(")
	if t := scope[base]; t != nil {
		base = t.Name()
	}
	p := d.params(f, base, scope)
	if d.out.counts[SeverityError] > before {
		return nil, false
	}
	t, err := argv.Refine(name, scope, p)
	return t, d.typeError(n, what, name, err)
}

// roots reads a list of directories.
func (d *document) roots(n *yaml.Node, what string) []string {
	return editList(d, n, what, nil, d.fsPath)
}

// typeError reports why a type cannot be. It returns whether there was none.
func (d *document) typeError(n *yaml.Node, what, name string, err error) bool {
	if err == nil {
		return true
	}
	id := "G-PARSE"
	if e, ok := errors.AsType[*argv.TypeError](err); ok && e.Check != "" {
		id = e.Check
	}
	hint := ""
	if name, _, _ := strings.Cut(name, "("); !isTypeName(name) {
		hint = didYouMean(name, argv.TypeNames())
	}
	d.fail(n, id, "%s: %s%s", what, clipLong(err.Error()), hint)
	return false
}

// clipLong is clip for messages of other packages, which hold our own words.
func clipLong(s string) string {
	const limit = 400
	r := []rune(strings.Map(visible, s))
	if len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return string(r)
}

// scopeOf reads a mapping of names to types. outer holds names that may not be
// defined again: a name means one thing. In args a name may be that of a
// built-in type, which it hides in this one rule, where the reader sees it;
// in types it would hide it in a whole file.
func (d *document) scopeOf(n *yaml.Node, what string, outer argv.Scope) argv.Scope {
	scope := make(argv.Scope)
	for _, f := range d.mapping(n, what) {
		name := f.key.Value
		switch {
		case !placeholderName.MatchString(name):
			d.fail(f.key, "F-VALUE", "%s: %q is not a name; expected lower case letters, digits, - and _", what, clip(name))
			continue
		case outer[name] != nil:
			d.fail(f.key, "F-VALUE", "%s: %s is defined in types: already", what, name)
			continue
		case what != "args" && isTypeName(name):
			d.fail(f.key, "F-VALUE", "%s: %s is a type of the language and cannot be defined again", what, name)
			continue
		}
		t, ok := d.typeOf(f.value, what+" "+name, outer)
		if !ok {
			// The policy is refused for it; what uses the name is not wrong, too.
			t, _ = argv.NewType("str", argv.Params{})
		}
		scope[name] = t
	}
	return scope
}

// looksUp reports whether a type asks the host about its values beyond what a
// path by itself does. Only arguments are looked up.
func looksUp(t *argv.Type) bool {
	p := t.Params()
	return t.Guard() != "" && (t.Name() != "path" || p.Owner != nil || p.Create || p.BindFD)
}
