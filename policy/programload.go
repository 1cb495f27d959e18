package policy

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxPrograms bounds the programs of one rule.
const maxPrograms = 64

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// programs reads exec: a path, a mapping {path, sha256}, or a list of both.
func (d *document) programs(n *yaml.Node, f map[string]field) []Program {
	v, ok := f["exec"]
	if !ok {
		d.lacks(n, ruleSchema, "F-VALUE", "a rule has no exec:, the program it runs")
		return nil
	}
	items := []*yaml.Node{v.value}
	if v.value.Kind == yaml.SequenceNode {
		items = v.value.Content
	}
	if len(items) == 0 || len(items) > maxPrograms {
		d.fail(v.value, "F-VALUE", "exec names %d programs, expected 1 to %d", len(items), maxPrograms)
		return nil
	}
	var out []Program
	for _, item := range items {
		p, ok := d.program(item)
		if !ok {
			continue
		}
		if slices.ContainsFunc(out, func(o Program) bool { return o.Path == p.Path }) {
			d.fail(item, "F-VALUE", "exec: %s stands twice", p.Path)
			continue
		}
		out = append(out, p)
	}
	return out
}

var execSchema = schema{what: "exec", keys: []string{"path", "sha256"}}

func (d *document) program(n *yaml.Node) (p Program, ok bool) {
	if n.Kind != yaml.MappingNode {
		p.Path, ok = d.execPath(n)
		return p, ok
	}
	f, ok := d.fields(n, execSchema)
	if !ok {
		return p, false
	}
	path, ok := f["path"]
	if !ok {
		d.lacks(n, execSchema, "F-VALUE", "exec has no path:")
		return p, false
	}
	if p.Path, ok = d.execPath(path.value); !ok {
		return p, false
	}
	if v, ok := f["sha256"]; ok {
		before := d.out.counts[SeverityError]
		p.SHA256 = editList(d, v.value, "sha256", nil, func(n *yaml.Node, s string) (string, bool) {
			if !digest.MatchString(s) {
				d.fail(n, "F-VALUE", "sha256: %q is not 64 lower case hexadecimal digits", clip(s))
				return "", false
			}
			return s, true
		})
		if len(p.SHA256) == 0 && d.out.counts[SeverityError] == before {
			d.fail(v.value, "F-VALUE", "sha256 names no digest: no program would do")
		}
	}
	return p, true
}

// execPath reads a program's path. A name without a directory would be looked
// up in somebody's PATH.
func (d *document) execPath(n *yaml.Node) (string, bool) {
	s, ok := d.word(n, "exec")
	if !ok {
		return "", false
	}
	switch {
	case !strings.HasPrefix(s, "/"):
		d.fail(n, "X-RELEXEC", "exec %q must be an absolute path", clip(s))
	case !isCanonicalPath(s) || s == "/":
		d.fail(n, "X-RELEXEC", "exec %q must be a path without //, . and .., and not end in a slash", clip(s))
	default:
		return s, true
	}
	return "", false
}
