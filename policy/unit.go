package policy

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// unitPattern is a service as systemd.unit(5) names it, in which one "*" may
// stand for any characters. Some have to be named: "*.service" would be
// everything that a system runs.
var unitPattern = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]+\*?[A-Za-z0-9:_.@\\-]*\.service$`)

// maxUnits bounds the units of one caller.
const maxUnits = 64

// units reads "unit: NAME" or "unit: [NAME, ...]".
func (d *document) units(n *yaml.Node) []string {
	items, ok := d.listOrOne(n, "unit")
	if !ok {
		return nil
	}
	if len(items) == 0 || len(items) > maxUnits {
		d.fail(n, "F-VALUE", "unit names %d units, expected 1 to %d", len(items), maxUnits)
	}
	var out []string
	for _, item := range items {
		s, ok := d.word(item, "unit")
		if ok && (len(s) > 255 || !unitPattern.MatchString(s)) {
			hint := ""
			if !strings.HasSuffix(s, ".service") {
				hint = "; only services can be callers"
			}
			d.fail(item, "F-VALUE", "unit %q: expected the name of a service as in x.service, with one * at most and not at its beginning%s", clip(s), hint)
			continue
		}
		if ok {
			out = append(out, s)
		}
	}
	return out
}

// inUnit reports whether a unit is what a pattern names.
func inUnit(pattern, unit string) bool {
	before, after, open := strings.Cut(pattern, "*")
	if !open {
		return unit == pattern
	}
	return len(unit) >= len(before)+len(after) && strings.HasPrefix(unit, before) && strings.HasSuffix(unit, after)
}

// unitsDiffer reports whether no unit is what both patterns name.
func unitsDiffer(a, b string) bool {
	if !strings.Contains(a, "*") {
		return !inUnit(b, a)
	}
	if !strings.Contains(b, "*") {
		return !inUnit(a, b)
	}
	fromA, endA, _ := strings.Cut(a, "*")
	fromB, endB, _ := strings.Cut(b, "*")
	return !strings.HasPrefix(fromA, fromB) && !strings.HasPrefix(fromB, fromA) ||
		!strings.HasSuffix(endA, endB) && !strings.HasSuffix(endB, endA)
}
