package policy

import (
	"errors"
	"math"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

var typeSchema = schema{
	what:  "a type",
	keys:  strings.Fields("type re min max dash under access kind"),
	later: strings.Fields("owner create depth bind except exists exe unit in_group uid_min allow_root"),
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
	if !ok {
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

// typeFrom makes a type of the keys of a mapping.
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
	p := d.params(f)
	if d.out.counts[SeverityError] > before {
		return nil, false
	}
	t, err := argv.NewType(name, p)
	return t, d.typeError(n, what, name, err)
}

func (d *document) params(f map[string]field) argv.Params {
	var p argv.Params
	for name, v := range f {
		switch name {
		case "re":
			p.Re, _ = d.word(v.value, "re")
		case "min":
			p.Min = d.bound(v.value, "min")
		case "max":
			p.Max = d.bound(v.value, "max")
		case "dash":
			p.Dash = d.truth(v.value, "dash")
		case "under":
			p.Under = d.roots(v.value, "under")
		case "access":
			if s, ok := d.word(v.value, "access"); ok {
				if p.Access, ok = argv.ParseAccess(s); !ok {
					d.fail(v.value, "F-VALUE", "access is %q, expected read, write or exec", clip(s))
				}
			}
		case "kind":
			if s, ok := d.word(v.value, "kind"); ok {
				if p.FileKind, ok = argv.ParseFileKind(s); !ok {
					d.fail(v.value, "F-VALUE", "kind is %q, expected file, dir, block, char, socket, fifo or any", clip(s))
				}
			}
		}
	}
	return p
}

func (d *document) bound(n *yaml.Node, what string) *int64 {
	v, ok := d.integer(n, what, math.MinInt64, math.MaxInt64)
	if !ok {
		return nil
	}
	return &v
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
	if !isTypeName(name) {
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
// defined again: a name means one thing.
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
		case isTypeName(name):
			d.fail(f.key, "F-VALUE", "%s: %s is a type of the language and cannot be defined again", what, name)
			continue
		}
		if t, ok := d.typeOf(f.value, what+" "+name, outer); ok {
			scope[name] = t
		}
	}
	return scope
}
