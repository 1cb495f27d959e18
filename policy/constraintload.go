package policy

import (
	"math"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// params reads the constraints of a type. base is the name of the built-in type
// under them, which says how a bound is written.
func (d *document) params(f map[string]field, base string, scope argv.Scope) argv.Params {
	var p argv.Params
	for name, v := range f {
		switch name {
		case "re":
			p.Re, _ = d.word(v.value, name)
		case "min", "max", "uid_min":
			d.bound(&p, name, v, base, f)
		case "dash":
			p.Dash = d.truth(v.value, name)
		case "except", "items":
			list := &p.Except
			if name == "items" {
				list = &p.Items
			}
			*list = d.values(v.value, name)
		case "under":
			if base == "path" {
				p.Under = d.roots(v.value, name)
			} else {
				p.Under = d.values(v.value, name)
			}
		case "depth":
			n, _ := d.integer(v.value, name, 1, 64)
			p.Depth = int(n)
		case "letters":
			p.Letters, _ = d.word(v.value, name)
		case "of":
			p.Of, _ = d.typeOf(v.value, name, scope)
		default:
			d.guardParam(&p, name, v, base)
		}
	}
	return p
}

// guardParam reads a constraint that the server holds a value to.
func (d *document) guardParam(p *argv.Params, name string, v field, base string) {
	switch name {
	case "access":
		if s, ok := d.word(v.value, name); ok {
			if p.Access, ok = argv.ParseAccess(s); !ok {
				d.fail(v.value, "F-VALUE", "access is %q, expected read, write or exec", clip(s))
			}
		}
	case "kind":
		s, ok := d.word(v.value, name)
		switch {
		case ok && base == "ifname":
			p.LinkKind = s
		case ok:
			if p.FileKind, ok = argv.ParseFileKind(s); !ok {
				d.fail(v.value, "F-VALUE", "kind is %q, expected file, dir, block, char, socket, fifo or any", clip(s))
			}
		}
	case "owner":
		p.Owner = d.values(v.value, name)
	case "create":
		p.Create = d.truth(v.value, name)
	case "bind":
		if s, ok := d.word(v.value, name); ok && s != "fd" {
			d.fail(v.value, "F-VALUE", "bind is %q, expected fd", clip(s))
		}
		p.BindFD = true
	case "exists":
		p.Exists = d.truth(v.value, name)
	case "exe":
		p.Exe = d.roots(v.value, name)
	case "unit":
		p.Unit = d.values(v.value, name)
	case "in_group":
		if s, ok := d.value(v.value, name); ok {
			p.InGroup = s
		}
	case "allow_root":
		p.AllowRoot = d.truth(v.value, name)
	}
}

// bound reads a bound in the notation of its type. uid_min is min of an
// account, for those who read it better.
func (d *document) bound(p *argv.Params, name string, v field, base string, f map[string]field) {
	if name == "uid_min" {
		_, twice := f["min"]
		switch {
		case base != "user" && base != "uid":
			d.fail(v.key, "G-PARSE", "%s has no uid_min; the types user and uid do", clip(base))
			return
		case twice:
			d.fail(v.key, "F-VALUE", "uid_min and min are the same constraint; state one")
			return
		}
	}
	var n int64
	switch base {
	case "decimal", "size", "duration":
		s, ok := d.value(v.value, name)
		if !ok {
			return
		}
		var err error
		if n, err = argv.ParseBound(base, s); err != nil {
			d.fail(v.value, "F-VALUE", "%s: %s", name, clipLong(err.Error()))
			return
		}
	default:
		var ok bool
		if n, ok = d.integer(v.value, name, math.MinInt64, math.MaxInt64); !ok {
			return
		}
	}
	if name == "max" {
		p.Max = &n
	} else {
		p.Min = &n
	}
}

// value returns a scalar as it is written: text, or a number that every reader
// of YAML writes in the same way.
func (d *document) value(n *yaml.Node, what string) (string, bool) {
	if n.Kind == yaml.ScalarNode && n.Style == 0 {
		switch tag := n.ShortTag(); {
		case tag == "!!int" && canonicalInt.MatchString(n.Value), tag == "!!float" && plainFloat.MatchString(n.Value):
			return n.Value, true
		}
	}
	return d.word(n, what)
}

// values returns a list of values, none of which stands twice, or one value.
func (d *document) values(n *yaml.Node, what string) []string {
	items, ok := d.listOrOne(n, what)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(items))
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		s, ok := d.value(item, "an item of "+what)
		switch {
		case !ok:
			return nil
		case seen[s]:
			d.fail(item, "F-VALUE", "%s: %s stands twice", what, clip(s))
			return nil
		}
		seen[s] = true
		out = append(out, s)
	}
	if len(out) == 0 {
		d.fail(n, "F-VALUE", "%s is empty", what)
	}
	return out
}
